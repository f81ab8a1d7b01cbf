#include "archive/server.hpp"

#include <cstdlib>

#include "archive/endpoint.hpp"
#include "base/machine.hpp"
#include "pipeline/endpoint_options.hpp"

namespace glimt::archive {
namespace {

// A file of the folder that is really a list of other files or addresses must not lead FFmpeg out of it. OpenCV reads
// this when it opens a file.
void keep_decoder_inside() {
  setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS",
         "protocol_whitelist;file|format_whitelist;mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,"
         "asf,mjpeg,"
         "h264,hevc,m4v",
         1);
}

Error only(const Url& url, const std::string& what) {
  return {ErrorKind::invalid_argument,
          "'" + url.text + "': " + what + "; as in tcp://:7777 or 'tcp://:7777?wire=pickle-i'"};
}

struct Asked {
  transport::Address address;
  Endpoint::Options options;
};

Result<Asked> parse(const Url& url, const ServerOptions& options) {
  if (url.scheme != "tcp") return only(url, "stills and clips on request go over tcp://");
  if (auto known = url.allow_only({"listen", "wire", "max_frame"}); !known) return known.error();
  auto address = transport::Address::from_url(url, true);
  if (!address) return address.error();
  address->role = transport::Role::listen;  // whatever the host: a server waits to be asked
  if (address->wire != wire::WireFormat::native && address->wire != wire::WireFormat::pickle_i)
    return only(url, "on request there is Glimt's own wire and pickle-i");
  if (address->wire == wire::WireFormat::pickle_i && options.image.empty() && options.video.empty())
    return only(url, "wire=pickle-i names nothing: say with --image and --video what it is to get");
  Asked asked{*address, {options}};
  if (const auto text = url.find("max_frame")) {
    const auto bytes = parse_bytes(*text);
    if (!bytes) return bytes.error();
    asked.options.max_frame_bytes = *bytes;
  }
  return asked;
}

}  // namespace

Server::Server(std::shared_ptr<pipeline::NetworkThread> network, Folder folder, const ServerOptions& options)
    : network_(std::move(network)), folder_(std::move(folder)), options_(options) {}

Result<std::unique_ptr<Server>> Server::open(const std::string& path, const std::vector<Url>& urls,
                                             const ServerOptions& options) {
  std::vector<Asked> all;
  for (const Url& url : urls) {
    auto asked = parse(url, options);
    if (!asked) return asked.error();
    all.push_back(std::move(*asked));
  }
  auto folder = Folder::open(path);
  if (!folder) return folder.error();
  allow_descriptors();  // a thousand idle connections are to cost no more than themselves
  keep_decoder_inside();
  auto network = pipeline::NetworkThread::shared();
  if (!network) return network.error();
  std::unique_ptr<Server> server(new Server(*network, std::move(*folder), options));
  for (const Asked& asked : all) {
    server->endpoints_.push_back(
        std::make_unique<Endpoint>((*network)->loop(), server->folder_, asked.options, server->playbacks_));
    if (auto opened = server->endpoints_.back()->open(asked.address); !opened) return opened.error();
  }
  return server;
}

// Playbacks are waited for on this thread, not on the network's.
Server::~Server() {
  network_->loop().call([this] {
    for (const auto& endpoint : endpoints_) endpoint->close();
  });
}

std::vector<std::string> Server::other_sides() const {
  std::vector<std::string> all;
  for (const auto& endpoint : endpoints_) {
    const auto& a = endpoint->address();
    const std::string where = pipeline::other_side(a);
    const bool pickled = a.wire == wire::WireFormat::pickle_i;
    all.push_back(pickled ? "glimt get image|video '" + where + "'" : "glimt get list " + where);
  }
  return all;
}

ServerCounters Server::counters() {
  ServerCounters sum;
  network_->loop().call([&] {
    for (const auto& endpoint : endpoints_) {
      sum.answered += endpoint->counters().answered;
      sum.refused += endpoint->counters().refused;
      sum.turned_away += endpoint->counters().turned_away;
    }
  });
  return sum;
}

}  // namespace glimt::archive

#include "pipeline/endpoint_options.hpp"

#include <unistd.h>

#include <array>
#include <cctype>

namespace glimt::pipeline {
namespace {

Result<void> refuse_keys(const Url& url) {
  if (!url.has("key")) return {};
  return Error{ErrorKind::unsupported,
               "'" + url.text +
                   "': keys are not built yet, and what asks for a key does not go out in the clear; "
                   "use unix:// or a tunnel such as ssh or WireGuard"};
}

Result<void> refuse_requests(const Url& url, const transport::Address& address) {
  if (address.wire != wire::WireFormat::pickle_i) return {};
  return Error{ErrorKind::unsupported,
               "'" + url.text +
                   "': wire=pickle-i carries pictures on request: `glimt serve` offers them and `glimt get` "
                   "asks; a live stream of pickles is wire=pickle-q"};
}

bool is_file_mode(const std::string& value) {
  return !value.empty() && std::isdigit(static_cast<unsigned char>(value[0]));
}

constexpr int kMinSlots = 3, kMaxSlots = 64;
constexpr int kOneWayParityPercent = 20;

struct Encoding {
  std::optional<Codec> codec;
  std::optional<int> quality;
  std::optional<Chroma> chroma;
  std::optional<int> workers;
  std::optional<size_t> max_frame_bytes;
  std::optional<std::string> encoder;
  std::optional<double> bitrate_bps;
  std::optional<bool> intra_refresh;
  std::optional<int> slots;
};

constexpr int kMaxWorkers = 64;

Result<std::optional<int>> parse_workers(const Url& url) {
  const auto text = url.find("workers");
  if (!text) return std::optional<int>();
  const auto workers = parse_integer(*text, 0, kMaxWorkers, "number of workers");
  if (!workers) return workers.error();
  return std::optional(*workers);
}

Result<void> check_workers(int workers) {
  if (workers >= 0 && workers <= kMaxWorkers) return {};
  return Error{ErrorKind::invalid_argument, "workers: 0 (by processors) to " + std::to_string(kMaxWorkers)};
}

Result<void> check_slots(const std::optional<int>& slots) {
  if (!slots || (*slots >= kMinSlots && *slots <= kMaxSlots)) return {};
  return Error{ErrorKind::invalid_argument, "slots: " + std::to_string(kMinSlots) + " to " +
                                                std::to_string(kMaxSlots) +
                                                ", or nothing: as many as the receivers need"};
}

Result<std::optional<bool>> parse_switch(const Url& url, const std::string& name) {
  const auto text = url.find(name);
  if (!text) return std::optional<bool>();
  if (*text != "on" && *text != "off")
    return Error{ErrorKind::invalid_argument, "'" + url.text + "': " + name + " is on or off"};
  return std::optional(*text == "on");
}

Result<std::optional<size_t>> parse_max_frame(const Url& url) {
  const auto text = url.find("max_frame");
  if (!text) return std::optional<size_t>();
  const auto bytes = parse_bytes(*text);
  if (!bytes) return bytes.error();
  return std::optional(*bytes);
}

// The only codec of a wire that has one.
std::optional<Codec> codec_of(wire::WireFormat wire) {
  switch (wire) {
    case wire::WireFormat::countdown:
      return Codec::jpeg;
    case wire::WireFormat::pickle_q:
    case wire::WireFormat::pickle_i:
      return Codec::raw;
    case wire::WireFormat::native:
      break;
  }
  return std::nullopt;
}

Result<Encoding> parse_encoding(const Url& url, const transport::Address& address) {
  Encoding e;
  e.codec = codec_of(address.wire);
  if (const auto text = url.find("codec")) {
    const auto codec = parse_codec(*text);
    if (!codec) return codec.error();
    if (e.codec && *e.codec != *codec) {
      return Error{ErrorKind::invalid_argument, "'" + url.text +
                                                    "': wire=" + std::string(to_string(address.wire)) +
                                                    " carries " + std::string(to_string(*e.codec)) + " only"};
    }
    e.codec = *codec;
  }
  if (const auto text = url.find("quality")) {
    const auto quality = parse_integer(*text, 1, 100, "quality");
    if (!quality) return quality.error();
    e.quality = *quality;
  }
  if (const auto text = url.find("chroma")) {
    const auto chroma = parse_chroma(*text);
    if (!chroma) return chroma.error();
    e.chroma = *chroma;
  }
  const auto workers = parse_workers(url);
  if (!workers) return workers.error();
  e.workers = *workers;
  if (const auto text = url.find("bitrate")) {
    const auto bitrate = parse_bitrate(*text);
    if (!bitrate) return bitrate.error();
    if (*bitrate <= 0)
      return Error{ErrorKind::invalid_argument, "'" + url.text + "': bitrate must be above 0, as in 6M"};
    e.bitrate_bps = *bitrate;
  }
  e.encoder = url.find("encoder");
  const auto intra_refresh = parse_switch(url, "intra_refresh");
  if (!intra_refresh) return intra_refresh.error();
  e.intra_refresh = *intra_refresh;
  if (const auto text = url.find("slots")) {
    const auto slots = parse_integer(*text, kMinSlots, kMaxSlots, "slots");
    if (!slots) return slots.error();
    e.slots = *slots;
  }
  const auto max_frame = parse_max_frame(url);
  if (!max_frame) return max_frame.error();
  e.max_frame_bytes = *max_frame;
  return e;
}

// What two addresses say of the same thing, differently; null where they agree.
const char* difference(const Encoding& a, const Encoding& b) {
  const auto differ = [](const auto& x, const auto& y) { return x && y && *x != *y; };
  return differ(a.codec, b.codec)                       ? "codec"
         : differ(a.quality, b.quality)                 ? "quality"
         : differ(a.chroma, b.chroma)                   ? "chroma"
         : differ(a.workers, b.workers)                 ? "number of workers"
         : differ(a.max_frame_bytes, b.max_frame_bytes) ? "max_frame"
         : differ(a.encoder, b.encoder)                 ? "encoder"
         : differ(a.bitrate_bps, b.bitrate_bps)         ? "bitrate"
         : differ(a.intra_refresh, b.intra_refresh)     ? "intra_refresh"
         : differ(a.slots, b.slots)                     ? "slots"
                                                        : nullptr;
}

// What is raw on one machine needs no encoder.
bool is_shared(const transport::Address& address, const Encoding& e, const PublisherOptions& options) {
  return address.kind == transport::Kind::unix_socket && address.wire == wire::WireFormat::native &&
         !address.byte_stream && e.codec.value_or(options.codec.value_or(Codec::raw)) == Codec::raw;
}

Error disagree(const char* what) {
  return {ErrorKind::invalid_argument,
          std::string("two destinations ask for a different ") + what +
              ", but a picture is encoded once for all; start a second `glimt send` for the other"};
}

// 0 where there is feedback.
Result<int> parse_parity(const Url& url, const transport::Address& address) {
  const auto text = url.find("parity");
  if (!text) return address.one_way ? kOneWayParityPercent : 0;
  if (address.one_way) return parse_integer(*text, 0, 100, "parity in percent");
  return Error{
      ErrorKind::invalid_argument,
      "'" + url.text +
          "': parity= is for one-way streams, with feedback=off or to a group; others choose their parity "
          "by what is lost: leave it out"};
}

Result<SendEndpoint> parse_send_endpoint(const Url& url, const PublisherOptions& options) {
  if (auto known = url.allow_only({"listen", "connect", "codec", "quality", "pace", "chroma", "workers",
                                   "encoder", "bitrate", "intra_refresh", "max_frame", "slots", "wire", "key",
                                   "mode", "feedback", "parity", "interface", "socket"});
      !known)
    return known.error();
  if (auto open = refuse_keys(url); !open) return open.error();
  auto address = transport::Address::from_url(url, true);
  if (!address) return address.error();
  if (auto streams = refuse_requests(url, *address); !streams) return streams.error();
  SendEndpoint endpoint{*address, options.pace_bps, Mode::latest};
  if (const auto mode = url.find("mode"); mode && !is_file_mode(*mode)) {
    if (address->wire == wire::WireFormat::native) {
      return Error{
          ErrorKind::invalid_argument,
          "'" + url.text +
              "': mode=latest or every is the receiver's to choose; here it is a Unix socket's file mode"};
    }
    const auto parsed = parse_mode(*mode);
    if (!parsed) return parsed.error();
    endpoint.mode = *parsed;
  }
  if (const auto pace = url.find("pace")) {
    const auto rate = parse_bitrate(*pace);
    if (!rate) return rate.error();
    endpoint.pace_bps = *rate;
  }
  const auto parity = parse_parity(url, *address);
  if (!parity) return parity.error();
  endpoint.parity_percent = *parity;
  return endpoint;
}

}  // namespace

Result<std::vector<SendEndpoint>> parse_send_endpoints(const std::vector<Url>& urls,
                                                       PublisherOptions& options) {
  std::vector<SendEndpoint> endpoints;
  Encoding all;
  for (const Url& url : urls) {
    auto endpoint = parse_send_endpoint(url, options);
    if (!endpoint) return endpoint.error();
    auto e = parse_encoding(url, endpoint->address);
    if (!e) return e.error();
    endpoint->shares = is_shared(endpoint->address, *e, options);
    if (endpoint->shares) e->codec.reset();
    endpoints.push_back(*endpoint);
    if (const char* what = difference(*e, all)) return disagree(what);
    if (e->codec) all.codec = e->codec;
    if (e->quality) all.quality = e->quality;
    if (e->chroma) all.chroma = e->chroma;
    if (e->workers) all.workers = e->workers;
    if (e->max_frame_bytes) all.max_frame_bytes = e->max_frame_bytes;
    if (e->encoder) all.encoder = e->encoder;
    if (e->bitrate_bps) all.bitrate_bps = e->bitrate_bps;
    if (e->intra_refresh) all.intra_refresh = e->intra_refresh;
    if (e->slots) all.slots = e->slots;
  }
  if (all.codec) options.codec = all.codec;
  if (all.slots) options.slots = all.slots;
  if (auto some = check_slots(options.slots); !some) return some.error();
  options.quality = all.quality.value_or(options.quality);
  options.chroma = all.chroma.value_or(options.chroma);
  options.workers = all.workers.value_or(options.workers);
  if (auto some = check_workers(options.workers); !some) return some.error();
  options.max_frame_bytes = all.max_frame_bytes.value_or(options.max_frame_bytes);
  options.encoder = all.encoder.value_or(options.encoder);
  if (all.bitrate_bps) options.bitrate_bps = all.bitrate_bps;
  options.intra_refresh = all.intra_refresh.value_or(options.intra_refresh);
  return endpoints;
}

Result<SendEndpoint> parse_further_endpoint(const Url& url, const PublisherOptions& options) {
  auto endpoint = parse_send_endpoint(url, options);
  if (!endpoint) return endpoint.error();
  auto e = parse_encoding(url, endpoint->address);
  if (!e) return e.error();
  endpoint->shares = is_shared(endpoint->address, *e, options);
  if (endpoint->shares) e->codec.reset();
  // Where no bitrate or number of slots was said, another one is another.
  const Encoding running{.codec = options.codec.value_or(Codec::jpeg),
                         .quality = options.quality,
                         .chroma = options.chroma,
                         .workers = options.workers,
                         .max_frame_bytes = options.max_frame_bytes,
                         .encoder = options.encoder,
                         .bitrate_bps = options.bitrate_bps.value_or(0),
                         .intra_refresh = options.intra_refresh,
                         .slots = options.slots.value_or(0)};
  const char* differs = difference(*e, running);
  if (!differs) return endpoint;
  return Error{ErrorKind::invalid_argument,
               "'" + url.text + "': the stream runs with another " + differs +
                   ", and a picture is encoded once for all; open a second publisher for this one"};
}

Result<ReceiveEndpointOptions> parse_receive_endpoint(const Url& url, const SubscriberOptions& options) {
  if (auto known = url.allow_only({"listen", "connect", "mode", "latency", "max_frame", "wire", "key",
                                   "workers", "scale", "whole_only", "feedback", "interface", "socket"});
      !known)
    return known.error();
  if (auto open = refuse_keys(url); !open) return open.error();
  auto address = transport::Address::from_url(url, false);
  if (!address) return address.error();
  if (auto streams = refuse_requests(url, *address); !streams) return streams.error();
  ReceiveEndpointOptions endpoint{*address, options};
  for (const auto& [name, value] : url.options) {
    if (name != "mode" || (is_file_mode(value) && url.scheme == "unix")) continue;
    const auto mode = parse_mode(value);
    if (!mode) return mode.error();
    endpoint.options.mode = *mode;
  }
  if (const auto text = url.find("latency")) {
    const auto latency = parse_duration(*text);
    if (!latency) return latency.error();
    if (*latency < std::chrono::milliseconds(1) || *latency > std::chrono::hours(1)) {
      return Error{ErrorKind::invalid_argument, "'" + url.text + "': latency must be from 1ms to 1h"};
    }
    endpoint.options.latency = std::chrono::duration_cast<std::chrono::milliseconds>(*latency);
  }
  const auto max_frame = parse_max_frame(url);
  if (!max_frame) return max_frame.error();
  endpoint.options.max_frame_bytes = max_frame->value_or(options.max_frame_bytes);
  const auto workers = parse_workers(url);
  if (!workers) return workers.error();
  endpoint.options.workers = workers->value_or(options.workers);
  if (auto some = check_workers(endpoint.options.workers); !some) return some.error();
  const auto whole_only = parse_switch(url, "whole_only");
  if (!whole_only) return whole_only.error();
  endpoint.options.whole_only = whole_only->value_or(options.whole_only);
  if (const auto text = url.find("scale")) {
    const auto scale = parse_scale(*text);
    if (!scale) return scale.error();
    endpoint.options.scale = *scale;
  }
  const int scale = endpoint.options.scale;
  if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
    return Error{ErrorKind::invalid_argument, "scale: 1, 2, 4 or 8"};
  if (scale != 1 && endpoint.options.encoded)
    return Error{ErrorKind::invalid_argument,
                 "pictures that are not decoded cannot be scaled; leave scale out"};
  return endpoint;
}

std::string other_side(const transport::Address& address) {
  const bool native = address.wire == wire::WireFormat::native;
  const std::string wire = native ? "" : "?wire=" + std::string(to_string(address.wire));
  const bool listens = address.role == transport::Role::listen;
  if (address.kind == transport::Kind::unix_socket) {
    if (!native) return address.text + wire;  // in countdown the receiver listens anyway
    const std::string stream = address.byte_stream ? "?socket=stream" : "";
    return address.text + stream + (listens ? "" : stream.empty() ? "?listen" : "&listen");
  }
  if (address.group) {
    const std::string by = address.interface.empty() ? "" : "interface=" + address.interface;
    return address.text + (listens ? "" : "?listen") + (by.empty() ? "" : (listens ? "?" : "&") + by);
  }
  const std::string scheme = address.kind == transport::Kind::udp ? "udp://" : "tcp://";
  const std::string port = ":" + std::to_string(address.port);
  const std::string options = address.one_way ? "?feedback=off" : wire;
  if (!listens) return scheme + port + options;
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  const bool everywhere = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
  return (everywhere ? scheme + name.data() + port : address.text) + options;
}

}  // namespace glimt::pipeline

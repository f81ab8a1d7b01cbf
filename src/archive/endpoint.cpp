#include "archive/endpoint.hpp"

#include <algorithm>

#include "archive/answers.hpp"
#include "base/log.hpp"

namespace glimt::archive {
namespace {

constexpr size_t kSliceBytes = 64 * 1024;
constexpr int kSlicesInARow = 16;  // then others have their turn
constexpr auto kTick = std::chrono::milliseconds(500);
constexpr auto kAliveAfter = std::chrono::seconds(1);
// How long a connection that was refused may take to read why, before it is cut off.
constexpr auto kLinger = std::chrono::seconds(1);
// A reader that has taken nothing for so long gives up its place where places run short.
constexpr auto kStalled = std::chrono::seconds(10);
// Of the transport's 1024 connections an address; beyond it the one that has been idle the longest makes room.
constexpr size_t kCrowded = 1000;

template <class T>
constexpr bool is_request = std::is_same_v<T, wire::ArchiveList> || std::is_same_v<T, wire::ArchivePlay> ||
                            std::is_same_v<T, wire::ArchiveFetch>;

}  // namespace

Endpoint::Endpoint(transport::EventLoop& loop, const Folder& folder, const Options& options,
                   size_t& playbacks)
    : loop_(loop),
      folder_(folder),
      options_(options),
      playbacks_(playbacks),
      changed_(loop, [this] { pump_all(); }),
      tick_(loop, [this] { look_after(); }) {}

Endpoint::~Endpoint() { leaving_.clear(); }  // while there still is what their threads raise

void Endpoint::close() {
  transport_.reset();
  for (auto& [id, connection] : connections_) let_go(std::move(connection.playback));
  connections_.clear();
  tick_.clear();
  closed_ = true;
}

Result<void> Endpoint::open(const transport::Address& address) {
  address_ = address;
  auto transport = transport::open_byte_stream(loop_, address);
  if (!transport) return transport.error();
  transport_ = std::move(*transport);
  loop_.call([this] {
    transport_->start(*this);
    tick_.set(now() + kTick);
  });
  return {};
}

void Endpoint::on_connected(const transport::Peer& peer) {
  if (connections_.size() >= kCrowded) make_room();
  auto& connection = connections_[peer.connection];
  connection.peer = peer;
  connection.active_at = now();
}

void Endpoint::on_disconnected(const transport::Peer& peer, const Error&) {
  const auto found = connections_.find(peer.connection);
  if (found == connections_.end()) return;
  auto playback = std::move(found->second.playback);
  connections_.erase(found);
  let_go(std::move(playback));
}

void Endpoint::on_writable(const transport::Peer& peer) {
  const auto found = connections_.find(peer.connection);
  if (found == connections_.end()) return;
  found->second.blocked = false;
  pump(peer.connection);
}

void Endpoint::on_datagram(const transport::Peer& from, Bytes bytes, Instant arrived_at) {
  const auto found = connections_.find(from.connection);
  if (found == connections_.end() || found->second.deaf) return;
  Connection& connection = found->second;
  connection.active_at = arrived_at;
  const size_t room = wire::kMaxArchiveRequestBytes + wire::kArchivePreface.size() - connection.input.size();
  const bool too_long = bytes.size() > room;
  bytes = bytes.first(std::min(bytes.size(), room));
  connection.input.insert(connection.input.end(), bytes.begin(), bytes.end());
  if (is_pickled()) {
    take_pickled(connection);
  } else {
    take(connection);
  }
  if (too_long && !connection.deaf && !connection.last) refuse(connection, "a request that is too long");
  pump(from.connection);
}

// The words come bare: nothing tells where they end, and they may come in pieces.
void Endpoint::take_pickled(Connection& connection) {
  const auto said = as_text(connection.input);
  if (connection.playback || connection.piece) return refuse(connection, "more than one request");
  const bool image = said == kGetImage;
  if (!image && said != kGetVideo) {
    if (kGetImage.starts_with(said) || kGetVideo.starts_with(said)) return;
    return refuse(connection, "neither get_image nor get_video");
  }
  connection.last = true;
  connection.input.clear();
  const auto& o = options_;
  start(connection, [&folder = folder_, o, image](Playback& out) {
    if (image) {
      answer_pickled_still(out, folder, o.server.image, o.max_frame_bytes);
    } else {
      answer_pickled_clip(out, folder, o.server.video, o.server.fast, o.max_frame_bytes);
    }
  });
}

bool Endpoint::take_preface(Connection& connection) {
  if (connection.greeted) return true;
  const Bytes said =
      Bytes(connection.input).first(std::min(connection.input.size(), wire::kArchivePreface.size()));
  const bool fits = std::equal(said.begin(), said.end(), wire::kArchivePreface.begin());
  if (!fits) refuse(connection, "something else than a request");
  if (!fits || said.size() < wire::kArchivePreface.size()) return false;
  connection.greeted = true;
  connection.input.erase(connection.input.begin(),
                         connection.input.begin() + static_cast<ptrdiff_t>(said.size()));
  say(connection, {{wire::kArchivePreface.begin(), wire::kArchivePreface.end()}, {}, {}, {}});
  return true;
}

void Endpoint::take(Connection& connection) {
  if (!take_preface(connection)) return;
  auto& input = connection.input;
  while (!connection.deaf && input.size() >= wire::kArchiveLengthBytes) {
    const size_t length = ByteReader(input).u32();
    if (length == 0 || length > wire::kMaxArchiveRequestBytes - wire::kArchiveLengthBytes)
      return refuse(connection, "a request that is too long");
    const size_t whole = wire::kArchiveLengthBytes + length;
    if (input.size() < whole) return;
    const std::vector<uint8_t> message(input.begin() + wire::kArchiveLengthBytes,
                                       input.begin() + static_cast<ptrdiff_t>(whole));
    input.erase(input.begin(), input.begin() + static_cast<ptrdiff_t>(whole));
    take_message(connection, message);
  }
}

void Endpoint::take_message(Connection& connection, Bytes message) {
  const auto parsed = wire::parse_archive_message(message);
  if (!parsed) return refuse(connection, "a request that cannot be read");
  if (connection.playback) return refuse(connection, "a request before the last one was answered");
  std::visit(
      [&](const auto& request) {
        using T = std::decay_t<decltype(request)>;
        if constexpr (is_request<T>) {
          start(connection, [&folder = folder_, request, most = options_.max_frame_bytes](Playback& out) {
            answer(out, folder, request, most);
          });
        } else {
          refuse(connection, "an answer instead of a request");
        }
      },
      *parsed);
}

void Endpoint::start(Connection& connection, Playback::Work work) {
  if (playbacks_ >= kMaxPlaybacks) {
    ++counters_.turned_away;
    connection.last = true;
    if (!is_pickled()) {
      say(connection, piece_of(wire::ArchiveFailure{
                          ErrorKind::exhausted, "busy: " + std::to_string(kMaxPlaybacks) +
                                                    " requests are in work already; try again in a moment"}));
    }
    return;
  }
  ++counters_.answered;
  ++playbacks_;
  connection.playback = std::make_unique<Playback>(std::move(work), [this] { changed_.raise(); });
}

void Endpoint::refuse(Connection& connection, const std::string& why) {
  ++counters_.refused;
  const auto speaker = wire::guess_speaker(connection.input);
  const std::string what = address_.text + ": refused " + why +
                           (speaker.empty() ? std::string() : "; it seems to be " + std::string(speaker));
  if (what != last_complaint_) log::warning("{}", last_complaint_ = what);
  let_go(std::move(connection.playback));
  connection.last = true;
  if (is_pickled()) {
    connection.piece.reset();
    connection.blocked = false;
    return;
  }
  connection.deaf = true;
  connection.active_at = now();
  const std::string text = "this is an archive of stills and clips: `glimt get list " + address_.text + "`";
  if (speaker.find("HTTP") != std::string_view::npos) {
    const std::string answer = "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n" + text + "\n";
    say(connection, {{answer.begin(), answer.end()}, {}, {}, {}});
    return;
  }
  Piece piece{{},
              {},
              {},
              wire::serialize(wire::ArchiveFailure{ErrorKind::malformed, "refused " + why + "; " + text})};
  if (!connection.greeted) piece.head.assign(wire::kArchivePreface.begin(), wire::kArchivePreface.end());
  say(connection, std::move(piece));
}

// A few bytes of our own, in front of or behind what a playback says.
void Endpoint::say(Connection& connection, Piece piece) {
  if (!connection.piece) {
    connection.piece = std::move(piece);
    connection.sent = 0;
    return;
  }
  auto& tail = connection.piece->tail;
  tail.insert(tail.end(), piece.head.begin(), piece.head.end());
  tail.insert(tail.end(), piece.tail.begin(), piece.tail.end());
}

// False where nothing more can be sent now.
bool Endpoint::send_some(Connection& c) {
  if (!c.piece) {
    const bool done = c.playback && c.playback->done();  // asked first: what it put before is then there
    if (c.playback) c.piece = c.playback->take();
    c.sent = 0;
    if (!c.piece && done) {
      c.last |= c.playback->failed();
      c.playback.reset();
      --playbacks_;
    }
    if (!c.piece) return false;
  }
  const Gather run = c.piece->slice(c.sent, kSliceBytes);
  const auto sent = transport_->send(c.peer, {&run, 1});
  if (sent.packets > 0) c.sent += run.bytes;
  if (c.sent == c.piece->size()) c.piece.reset();
  c.blocked = sent.blocked;
  c.active_at = now();
  return !sent.blocked;
}

void Endpoint::pump(uint32_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.blocked) return;
  Connection& connection = found->second;
  int slices = 0;
  while (send_some(connection)) {
    if (++slices == kSlicesInARow) return changed_.raise();
  }
  if (connection.last && !connection.deaf && !connection.playback && !connection.piece && !connection.blocked)
    drop(id);
}

void Endpoint::pump_all() {
  if (closed_) return;
  std::vector<uint32_t> ids;
  for (const auto& [id, connection] : connections_) {
    if (connection.playback || connection.piece) ids.push_back(id);
  }
  for (const uint32_t id : ids) pump(id);
  const size_t gone = std::erase_if(leaving_, [](const auto& playback) { return playback->done(); });
  playbacks_ -= gone;
}

void Endpoint::look_after() {
  tick_.set(now() + kTick);
  std::vector<uint32_t> over;
  for (auto& [id, connection] : connections_) {
    const auto silent = now() - connection.active_at;
    const bool stalled = playbacks_ >= kMaxPlaybacks && connection.blocked && silent > kStalled;
    if (stalled) ++counters_.turned_away;
    if (stalled || (connection.deaf && silent > kLinger)) over.push_back(id);
    const bool waits = connection.playback && !connection.piece && !connection.blocked;
    if (!is_pickled() && waits && silent > kAliveAfter) say(connection, piece_of(wire::ArchiveAlive{}));
  }
  for (const uint32_t id : over) drop(id);
  pump_all();
}

void Endpoint::make_room() {
  const Connection* idlest = nullptr;
  for (const auto& [id, connection] : connections_) {
    if (connection.playback || connection.piece) continue;
    if (!idlest || connection.active_at < idlest->active_at) idlest = &connection;
  }
  if (!idlest) return;
  ++counters_.turned_away;
  drop(idlest->peer.connection);
}

void Endpoint::drop(uint32_t id) {
  const auto found = connections_.find(id);
  const auto peer = found->second.peer;
  auto playback = std::move(found->second.playback);
  connections_.erase(found);
  let_go(std::move(playback));
  transport_->disconnect(peer);
}

void Endpoint::let_go(std::unique_ptr<Playback> playback) {
  if (!playback) return;
  playback->abandon();
  leaving_.push_back(std::move(playback));
  changed_.raise();  // it may have been at its end already
}

}  // namespace glimt::archive

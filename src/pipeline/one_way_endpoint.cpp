#include "pipeline/one_way_endpoint.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "pipeline/peer_outbox.hpp"

namespace glimt::pipeline {
namespace {

struct NoWayBack final : Outbox {
  bool send(Bytes) override { return true; }
};

bool is_of_one_way(wire::Type type) {
  return type == wire::Type::data || type == wire::Type::parity || type == wire::Type::skip ||
         type == wire::Type::close;
}

}  // namespace

OneWayEndpoint::OneWayEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                               const Options& options, media::StripSink& sink, Reader& reader)
    : transport_(std::move(transport)), options_(options), sink_(sink), reader_(reader), timer_(loop, [this] {
        poll(now());
      }) {}

bool OneWayEndpoint::is_followed(const transport::Peer& from, uint32_t session) const {
  return session_ && session_->peer == from && session_->association.own_session() == session;
}

void OneWayEndpoint::on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) {
  const auto parsed = wire::parse_packet(datagram);
  if (!parsed.packet) {
    ++refused_;
    return;
  }
  note_pause(arrived_at);
  const auto& packet = *parsed.packet;
  const bool known = is_followed(from, packet.header.session);
  if (known ? !is_of_one_way(packet.header.type) : !may_follow(from, packet, arrived_at)) {
    ++stray_;
    if (packet.header.type == wire::Type::hello) complain_of_hello();
    return;
  }
  if (!known) follow(from, packet.header.session);
  take(packet, datagram.size(), arrived_at);
  poll(arrived_at);
}

// Only what could be a picture: a CLOSE or a HELLO alone takes nobody's place.
bool OneWayEndpoint::may_follow(const transport::Peer& from, const wire::Packet& packet, Instant now) const {
  const uint32_t session = packet.header.session;
  const bool is_over = session == closed_session_ && from == closed_peer_;
  if (packet.header.type != wire::Type::data || session == 0 || is_over || !wire::parse_data(packet).packet)
    return false;
  return !session_ || now - silent_since_ > kFollowAnother;
}

void OneWayEndpoint::follow(const transport::Peer& from, uint32_t session) {
  end_session(Change::lost, options_.address.text + ": another stream has come");
  wire::Hello sender;
  sender.role = wire::Role::sender;
  sender.symbol_bytes = wire::kDatagramSymbolBytes;
  session_.emplace(
      from, Association({.role = wire::Role::receiver, .connects = false, .clock_id = clock_id()}, session),
      ReceiveSession::Options{.mode = options_.mode,
                              .latency = options_.latency,
                              .max_frame_bytes = options_.max_frame_bytes,
                              .whole_only = options_.whole_only,
                              .one_way = true},
      sink_);
  session_->association.assume(sender);
  session_->start(reader_.taken_units());
  ++sessions_;
  reader_.on_change(Change::connected, transport::to_string(from));
}

void OneWayEndpoint::take(const wire::Packet& packet, size_t bytes, Instant now) {
  NoWayBack nowhere;
  silent_since_ = now;
  if (session_->on_packet(packet, bytes, now, nowhere) != Association::Event::closed) return;
  closed_peer_ = session_->peer;
  closed_session_ = session_->association.own_session();
  const auto reason = session_->association.close_reason().value_or(wire::CloseReason::leaving);
  end_session(Change::ended, options_.address.text + ": " + std::string(to_string(reason)));
}

void OneWayEndpoint::end_session(Change change, const std::string& why) {
  if (!session_) return;
  session_->stop();
  former_ += session_->counters();
  session_.reset();
  reader_.on_change(change, why);
}

void OneWayEndpoint::complain_of_hello() {
  if (std::exchange(has_complained_, true)) return;
  log::warning(
      "{}: a peer asks for an answer, and there is none one way; leave ?feedback=off out here, or say it "
      "there too",
      options_.address.text);
}

// What waits in the kernel is old, and whose it is a matter of chance.
void OneWayEndpoint::note_pause(Instant now) {
  if (session_ && looks_up_at_ != Instant::max() && now - looks_up_at_ > kPaused) {
    session_->association.note_pause(now);
    silent_since_ = now;
  }
  looks_up_at_ = Instant::max();
}

void OneWayEndpoint::poll(Instant now) {
  note_pause(now);
  NoWayBack nowhere;
  if (session_) session_->poll(now, {}, nowhere);
  if (session_ && now - silent_since_ >= kGoneAfter)
    end_session(Change::lost, options_.address.text + ": the sender has been silent for 3 s");
  if (!session_) {
    timer_.clear();
    return;
  }
  looks_up_at_ = std::max(now, std::min(session_->next_poll(), now + kLookUpEvery));
  timer_.set(looks_up_at_);
}

void OneWayEndpoint::close() {
  timer_.clear();
  if (session_) session_->stop();
}

void OneWayEndpoint::add_to(SubscriberStats& stats) const {
  ReceiveSession::Counters c = former_;
  stats.address = options_.address.text;
  stats.one_way = true;
  stats.sessions = sessions_;
  stats.connected = session_.has_value();
  if (session_) {
    c += session_->counters();
    stats.clock.known = session_->association.clock().estimate().has_value();
  }
  c.add_to(stats);
  stats.refused += refused_;
  stats.stray = stray_;
  stats.kernel_drops = transport_->counters().kernel_drops;
}

}  // namespace glimt::pipeline

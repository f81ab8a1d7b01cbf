#include "pipeline/one_way_destination.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "pipeline/peer_outbox.hpp"

namespace glimt::pipeline {
namespace {

// Who joins a stream whose pictures depend on each other waits for so long, and a lost picture costs so much.
constexpr auto kKeyEvery = std::chrono::seconds(1);

}  // namespace

OneWayDestination::OneWayDestination(transport::EventLoop& loop,
                                     std::unique_ptr<transport::Transport> transport, const Options& options,
                                     Stream& stream)
    : transport_(std::move(transport)),
      options_(options),
      stream_(stream),
      timer_(loop, [this] { on_timer(); }) {}

packetize::Pacer::Options OneWayDestination::pacing(const transport::Peer& peer) const {
  packetize::Pacer::Options pacing;
  pacing.rate_bps = options_.pace_bps.value_or(transport::is_loopback(peer) ? 0 : pacing.rate_bps);
  return pacing;
}

void OneWayDestination::on_connected(const transport::Peer& peer) {
  const SendSession::Options options{
      .pacing = pacing(peer), .parity = options_.parity_percent / 100.0, .one_way = true};
  session_.emplace(peer, Association({.connects = false}, 0), options);
  wire::Hello anybody;
  anybody.session = random_session_number();
  anybody.role = wire::Role::receiver;
  session_->association.assume(anybody);
  session_->start(stream_.newest_key(packetizer_options()));
  log::info("{}: sending one way, with {} % parity", options_.address.text, options_.parity_percent);
  stream_.demand_changed();
  pump();
}

void OneWayDestination::on_disconnected(const transport::Peer&, const Error&) {
  if (!session_) return;
  add_to(gone_, session_->counters.as_stats());
  session_.reset();
  stream_.demand_changed();
}

void OneWayDestination::offer(const Ref<packetize::SymbolUnit>& unit) {
  if (!session_) return;
  const Instant at = now();
  if (unit->key) key_at_ = at;
  session_->offer(unit, at);
}

void OneWayDestination::pump() {
  if (!session_) return;
  const Instant at = now();
  PeerOutbox out(*transport_, session_->peer);
  const bool was_ready = session_->ready();
  session_->pump(at, stream_.frame_interval(), *transport_, batch_, out);
  schedule(at);
  if (session_->ready() != was_ready) stream_.demand_changed();
}

// The key frame is due also where no newer picture comes: the stream then sends its newest again.
void OneWayDestination::on_timer() {
  pump();
  if (wants_key()) stream_.demand_changed();
}

void OneWayDestination::schedule(Instant now) {
  Instant next = session_->next_pump();
  if (const Instant key_due = key_at_ + kKeyEvery; key_due > now) next = std::min(next, key_due);
  timer_.set(next);
}

bool OneWayDestination::wants_key() const { return session_ && now() - key_at_ >= kKeyEvery; }

void OneWayDestination::close(wire::CloseReason reason) {
  timer_.clear();
  if (!session_) return;
  PeerOutbox out(*transport_, session_->peer);
  for (int i = 0; i < out.close_repeats(); ++i) session_->close(reason, out);
  const auto& counted = session_->counters;
  log::info("{}: sent {} frames one way, with {} % parity: {} packets, {} of them parity",
            options_.address.text, counted.frames, options_.parity_percent, counted.packets, counted.parity);
  session_.reset();
}

DestinationStats OneWayDestination::stats() const {
  DestinationStats s = gone_;
  s.address = options_.address.text;
  s.one_way = true;
  s.parity_percent = options_.parity_percent;
  s.receivers = receivers();
  if (!session_) return s;
  ReceiverStats r = session_->counters.as_stats();
  r.peer = transport::to_string(session_->peer);
  add_to(s, r);
  s.each.push_back(std::move(r));
  return s;
}

}  // namespace glimt::pipeline

#include "pipeline/plain_destination.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr size_t kBatch = 64;

}  // namespace

PlainDestination::PlainDestination(transport::EventLoop& loop,
                                   std::unique_ptr<transport::Transport> transport, const Options& options,
                                   Stream& stream)
    : transport_(std::move(transport)),
      options_(options),
      stream_(stream),
      timer_(loop, [this] { pump(); }) {}

// A countdown segment is as large as a batch of our own packets.
packetize::Pacer::Options PlainDestination::pacing(const transport::Peer& peer) const {
  const bool local = transport_->traits().reliable || transport::is_loopback(peer) ||
                     options_.address.kind == transport::Kind::unix_socket;
  packetize::Pacer::Options pacing;
  pacing.batch = 1;
  pacing.rate_bps = options_.pace_bps.value_or(local ? 0 : pacing.rate_bps);
  return pacing;
}

void PlainDestination::on_connected(const transport::Peer& peer) {
  receivers_.erase(peer.connection);
  auto& receiver = receivers_.try_emplace(peer.connection, peer, options_.mode, pacing(peer)).first->second;
  log::info("{}: sending to {}, wire={}", options_.address.text, receiver.counted.peer,
            to_string(options_.address.wire));
  if (auto newest = stream_.newest_key(packetizer_options()); newest && options_.mode == Mode::latest)
    receiver.queue.offer(newest);
  stream_.demand_changed();
  pump();
}

void PlainDestination::on_disconnected(const transport::Peer& peer, const Error& why) {
  const auto found = receivers_.find(peer.connection);
  if (found == receivers_.end()) return;
  log::info("{}: receiver {} has gone: {}", options_.address.text, found->second.counted.peer, why.message);
  ++gone_.receivers_gone;
  add_to(gone_, found->second.counted);
  receivers_.erase(found);
  stream_.demand_changed();
}

// Nothing is expected, and nothing is answered.
void PlainDestination::on_datagram(const transport::Peer&, Bytes, Instant) { ++gone_.stray; }

void PlainDestination::on_writable(const transport::Peer& peer) {
  if (const auto found = receivers_.find(peer.connection); found != receivers_.end())
    found->second.blocked = false;
  pump();
  stream_.demand_changed();
}

void PlainDestination::offer(const Ref<packetize::SymbolUnit>& unit) {
  for (auto& [id, receiver] : receivers_) {
    receiver.queue.offer(unit);
    while (const auto run = receiver.queue.left_out()) {
      receiver.counted.dropped += run->count;
      receiver.queue.told_left_out();
    }
  }
}

void PlainDestination::pump() {
  const Instant at = now();
  bool changed = false;
  for (auto& [id, receiver] : receivers_) {
    const bool was_full = receiver.queue.full();
    pump(receiver, at);
    changed |= receiver.queue.full() != was_full;
  }
  schedule();
  if (changed) stream_.demand_changed();
}

void PlainDestination::pump(Receiver& receiver, Instant now) {
  while (!receiver.blocked) {
    auto* unit = receiver.queue.current();
    if (!unit || !unit->complete) break;  // what is begun must be finished: a byte stream has no way back
    if (receiver.begun != unit->frame) {
      receiver.begun = unit->frame;
      receiver.pacer.begin_frame(unit->bytes, stream_.frame_interval());
    }
    const size_t room = receiver.pacer.due(now);
    if (room == 0) break;
    const Sequence frame = unit->frame;
    const size_t sent = send_some(receiver, *unit, room, now);
    receiver.queue.advance(static_cast<uint32_t>(sent));
    const uint64_t finished = receiver.queue.take_finished();
    receiver.counted.frames += finished;
    if (finished > 0) receiver.queue.taken(frame);  // nobody will say so
  }
}

size_t PlainDestination::send_some(Receiver& receiver, packetize::SymbolUnit& unit, size_t room,
                                   Instant now) {
  std::array<Gather, kBatch> packets;
  const size_t first = receiver.queue.next_symbol();
  const size_t n = std::min({room, kBatch, unit.symbols.size() - first});
  for (size_t i = 0; i < n; ++i) {
    packets[i] = {};
    packets[i].add(unit.symbols[first + i].descriptor_part);
    packets[i].add(unit.symbols[first + i].strip_part);
  }
  const auto sent = transport_->send(receiver.peer, std::span(packets).first(n));
  receiver.blocked = sent.blocked;
  size_t bytes = 0;
  for (size_t i = 0; i < sent.packets; ++i) bytes += packets[i].bytes;
  receiver.counted.packets += sent.packets;
  receiver.counted.bytes += bytes;
  receiver.pacer.sent(bytes, now);
  return sent.packets;
}

void PlainDestination::schedule() {
  Instant next = Instant::max();
  for (auto& [id, receiver] : receivers_) {
    if (!receiver.blocked && receiver.queue.current()) next = std::min(next, receiver.pacer.next());
  }
  timer_.set(next);
}

void PlainDestination::close(wire::CloseReason) {
  receivers_.clear();
  timer_.clear();
}

size_t PlainDestination::ready_receivers() const {
  return static_cast<size_t>(std::count_if(receivers_.begin(), receivers_.end(),
                                           [](const auto& r) { return !r.second.queue.full(); }));
}

bool PlainDestination::drained() const {
  return std::all_of(receivers_.begin(), receivers_.end(),
                     [](const auto& r) { return r.second.queue.empty() && !r.second.blocked; });
}

DestinationStats PlainDestination::stats() const {
  DestinationStats s = gone_;
  s.address = options_.address.text;
  s.receivers = receivers_.size();
  for (const auto& [id, receiver] : receivers_) {
    add_to(s, receiver.counted);
    s.each.push_back(receiver.counted);
  }
  return s;
}

}  // namespace glimt::pipeline

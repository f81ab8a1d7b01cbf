#include "pipeline/send_session.hpp"

#include <algorithm>

namespace glimt::pipeline {
namespace {

// A receiver is heard each 10 ms while packets come to it, each 150 ms otherwise.
constexpr auto kQuietAfter = std::chrono::milliseconds(500);
// A key frame that was given to a receiver so lately is on its way, whatever it says.
constexpr auto kKeyTakes = std::chrono::milliseconds(250);

}  // namespace

SendSession::SendSession(const transport::Peer& to, Association a, const packetize::Pacer::Options& pacing)
    : association(std::move(a)), peer(to), pacer_(pacing) {}

void SendSession::start(Ref<packetize::SymbolUnit> newest_key) {
  queue_.emplace(packetize::SendQueue::Options{.mode = mode()});
  taken_.reset();
  blocked_ = quiet_ = unproven_ = has_reported_ = starved_ = false;
  full_since_ = Instant::max();
  loss = {};
  // In latest mode a receiver that joins sees the last picture at once; `every` begins with the next one.
  if (newest_key && mode() == Mode::latest) queue_->offer(std::move(newest_key));
}

void SendSession::on_feedback(const wire::Packet& packet, Instant now) {
  const auto report = wire::parse_feedback(packet.body);
  if (!report) {
    ++counters.refused;
    return;
  }
  if (!loss.add(*report) || !queue_) return;
  has_reported_ = true;
  if (report->key_wanted_after) on_key_wanted(*report->key_wanted_after, now);
  if (report->fate_count > 0 || taken_) {
    taken_ = report->taken;
    queue_->taken(report->taken);
  }
}

void SendSession::on_key_wanted(Sequence after, Instant now) {
  const auto newest = queue_->newest_key();
  const bool on_its_way = newest && *newest > after && now - key_at_ < kKeyTakes;
  if (!on_its_way && queue_->cut()) ++counters.key_requests;
}

void SendSession::offer(Ref<packetize::SymbolUnit> unit, Instant now) {
  if (!queue_) return;
  starved_ = false;
  if (unit->key) key_at_ = now;
  const bool had_room = queue_->offer(std::move(unit));
  full_since_ = had_room ? Instant::max() : std::min(full_since_, now);
}

void SendSession::tell_left_out(Outbox& out) {
  while (const auto run = queue_->left_out()) {
    std::array<uint8_t, 8> body{};
    const size_t size = serialize(body, *run);
    std::array<uint8_t, wire::kMinPacketBytes + 8> buffer;
    const wire::Header header{wire::Type::skip, 0, 0, association.peer_session(), association.next_number()};
    if (!out.send(wire::seal_control(buffer, header, Bytes(body).first(size)))) {
      association.give_back_numbers(1);  // blocked: said before the next symbol
      return;
    }
    counters.dropped += run->count;
    queue_->told_left_out();
  }
}

void SendSession::pump(Instant now, Duration interval, transport::Transport& transport,
                       packetize::PacketBatch& batch, Outbox& out) {
  quiet_ = now - association.last_heard() > kQuietAfter;
  if (!queue_ || !association.is_open() || quiet_) return;
  blocked_ = unproven_ = false;
  while (const auto* unit = queue_->current()) {
    unproven_ = !has_reported_ && queue_->last_begun() && queue_->next_symbol() == 0;
    if (unproven_) break;
    // A picture that comes in strips grows while it is sent.
    if (queue_->next_symbol() == 0 || unit->bytes != paced_bytes_)
      pacer_.begin_frame(paced_bytes_ = unit->bytes, interval);
    const size_t due = pacer_.due(now);
    if (due == 0) break;
    tell_left_out(out);
    if (send_some(due, now, transport, batch) == 0) break;
  }
  counters.frames += queue_->take_finished();
  tell_left_out(out);
  starved_ = queue_->current() == nullptr;
}

size_t SendSession::send_some(size_t room, Instant now, transport::Transport& transport,
                              packetize::PacketBatch& batch) {
  const auto& unit = *queue_->current();
  const auto total = static_cast<uint32_t>(unit.symbols.size());
  batch.clear();
  uint64_t numbered = 0;
  for (uint32_t s = queue_->next_symbol(); s < total && numbered < room && !batch.full(); ++s, ++numbered) {
    batch.add(unit, s, association.peer_session(), association.next_number(), now);
  }
  const auto sent = transport.send(peer, batch.packets());
  blocked_ = sent.blocked;
  association.give_back_numbers(numbered - sent.packets);
  size_t bytes = 0;
  for (size_t i = 0; i < sent.packets; ++i) bytes += batch.packets()[i].bytes;
  counters.packets += sent.packets;
  counters.bytes += bytes;
  pacer_.sent(bytes, now);
  queue_->advance(static_cast<uint32_t>(sent.packets));
  return sent.packets;
}

Instant SendSession::next_pump() const {
  const bool waits = !queue_ || starved_ || blocked_ || unproven_ || quiet_;
  const Instant due = waits ? Instant::max() : pacer_.next();
  return std::min(due, association.next_poll());
}

void SendSession::close(wire::CloseReason reason, Outbox& out) {
  if (queue_) tell_left_out(out);
  association.close(reason, out);
}

bool SendSession::drained() const {
  if (!queue_ || !association.is_open() || quiet_) return true;
  if (!queue_->empty()) return false;
  // Nothing was begun, or nobody counts what is taken, or all of it was.
  return mode() == Mode::latest || !queue_->last_begun() || (taken_ && *taken_ >= *queue_->last_begun());
}

bool SendSession::too_slow(Instant now) const {
  return mode() == Mode::every && full_since_ != Instant::max() && now - full_since_ >= kMaxBehind;
}

}  // namespace glimt::pipeline

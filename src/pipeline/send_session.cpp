#include "pipeline/send_session.hpp"

#include <algorithm>
#include <cmath>

#include "wire/erasure_code.hpp"

namespace glimt::pipeline {
namespace {

// A receiver is heard each 10 ms while packets come to it, each 150 ms otherwise.
constexpr auto kQuietAfter = std::chrono::milliseconds(500);
// A key frame that was given to a receiver so lately is on its way, whatever it says.
constexpr auto kKeyTakes = std::chrono::milliseconds(250);
// Nothing was heard for so long of frames that have left.
constexpr auto kProbeAfter = std::chrono::milliseconds(200);
// Of a block, where nobody says how many are needed: one row is lost as easily as what it stands for.
constexpr double kLeastFixedRows = 2;
// What a round of repair takes beside the round trip: to be sure of the loss, and the answer's spread.
constexpr auto kRoundTakes = std::chrono::milliseconds(5);

}  // namespace

ReceiverStats SendSession::Counters::as_stats() const {
  ReceiverStats s;
  s.frames = frames;
  s.dropped = dropped;
  s.packets = packets;
  s.bytes = bytes;
  s.parity = parity;
  s.repair = repair;
  s.key_requests = key_requests;
  return s;
}

SendSession::SendSession(const transport::Peer& to, Association a, const Options& options)
    : association(std::move(a)), peer(to), options_(options), pacer_(options.pacing) {}

void SendSession::start(Ref<packetize::SymbolUnit> newest_key) {
  queue_.emplace(packetize::SendQueue::Options{.mode = mode()});
  taken_.reset();
  settled_.reset();
  blocked_ = quiet_ = unproven_ = has_reported_ = starved_ = false;
  full_since_ = Instant::max();
  loss = {};
  model_ = {};
  repairs_ = {};
  // In latest mode a receiver that joins sees the last picture at once; `every` begins with the next one.
  if (newest_key && mode() == Mode::latest) queue_->offer(std::move(newest_key));
}

void SendSession::on_feedback(const wire::Packet& packet, const packetize::PacketHistory& history,
                              Instant now) {
  const auto report = wire::parse_feedback(packet.body);
  if (!report) {
    ++counters.refused;
    return;
  }
  if (!loss.add(*report) || !queue_) return;
  has_reported_ = true;
  model_.add(loss.totals(), now);
  answer(*report, history, now);
  for (size_t i = 0; i < report->fate_count; ++i) {
    const Sequence frame = report->fates[i].frame;
    if (settled_ && frame <= *settled_) continue;
    settled_ = frame;
    progress_at_ = now;
  }
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

void SendSession::answer(const wire::Feedback& report, const packetize::PacketHistory& history, Instant now) {
  for (size_t i = 0; i < report.deficit_count; ++i) {
    const wire::Deficit& d = report.deficits[i];
    const auto unit = history.find(d.frame);
    const auto* begun = repairs_.find(d.frame);
    // A row is of the whole block.
    if (!unit || !unit->complete || unit->abandoned || !begun) continue;
    // Asked for because it did not begin when it should have, and by then it had: it crosses the question.
    const Duration round_trip = association.clock().rtt().value_or(Duration::zero());
    if (d.every_block && now - begun->at < round_trip * 7 / 8) continue;
    const uint32_t blocks = unit->used_blocks();
    for (uint32_t b = d.every_block ? 0 : d.block; b < blocks; ++b) {
      answer_block(unit, d, static_cast<uint8_t>(b), now);
      if (!d.every_block) break;
    }
  }
}

void SendSession::answer_block(const Ref<packetize::SymbolUnit>& unit, const wire::Deficit& deficit,
                               uint8_t block, Instant now) {
  if (!repairs_.is_new(deficit, block)) return;
  const uint32_t k = wire::block_symbols(static_cast<uint32_t>(unit->symbols.size()), block, unit->blocks);
  if (k <= deficit.have) return;
  model_.note_loss(now);
  const bool amply = deficit.last_round || repairs_.find(deficit.frame)->amply;
  repairs_.add(unit, deficit, block, feedback::repair_rows(k - deficit.have, amply), now);
}

uint8_t SendSession::fixed_rows(const packetize::SymbolUnit& unit, uint32_t blocks) const {
  const double k = std::ceil(unit.expected_symbols / static_cast<double>(blocks));
  const double least = options_.one_way && *options_.parity > 0 ? kLeastFixedRows : 0;
  return static_cast<uint8_t>(
      std::clamp<double>(std::ceil(*options_.parity * k), least, wire::kMaxParityRows));
}

feedback::ParityPlanner::Plan SendSession::plan_for(const packetize::SymbolUnit& unit, Instant now) {
  const uint32_t blocks = wire::used_blocks(unit.expected_symbols, unit.blocks);
  if (options_.parity) return {.rows = fixed_rows(unit, blocks)};
  const auto channel = model_.channel(now);
  if (!channel) return {};
  const auto rtt = association.clock().rtt();
  const Duration left = std::chrono::milliseconds(association.peer().latency_ms) - (now - unit.captured_at);
  const auto rounds = rtt && left > Duration::zero() ? left / (*rtt + kRoundTakes) : 0;
  const auto fitting = static_cast<int>(std::min<int64_t>(rounds, feedback::ParityPlanner::kMostRounds));
  return planner_.plan({unit.expected_symbols, blocks, fitting}, *channel);
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
  quiet_ = !options_.one_way && now - association.last_heard() > kQuietAfter;
  if (!queue_ || !association.is_open() || quiet_) return;
  blocked_ = unproven_ = false;
  reliable_ = transport.traits().reliable;
  if (now >= next_probe()) queue_->let_one_go();
  send_repairs(now, transport, batch);
  while (auto* unit = queue_->current()) {
    unproven_ = !options_.one_way && !has_reported_ && queue_->last_begun() && queue_->next_symbol() == 0;
    if (unproven_) break;
    begin(*unit, interval, now);
    const size_t due = pacer_.due(now);
    if (due == 0) break;
    tell_left_out(out);
    if (send_some(due, now, transport, batch) == 0) break;
  }
  counters.frames += queue_->take_finished();
  tell_left_out(out);
  starved_ = queue_->current() == nullptr;
}

// Or goes on: a picture that comes in strips grows while it is sent.
void SendSession::begin(packetize::SymbolUnit& unit, Duration interval, Instant now) {
  const bool begins = queue_->next_symbol() == 0;
  if (begins) {
    progress_at_ = now;
    plan_ = plan_for(unit, now);
    queue_->set_rows(plan_.rows);
    unit.parity.plan(plan_.rows);
  }
  if (begins || unit.bytes != paced_bytes_) pacer_.begin_frame(paced_bytes_ = unit.bytes, interval);
}

size_t SendSession::send_some(size_t room, Instant now, transport::Transport& transport,
                              packetize::PacketBatch& batch) {
  auto& unit = *queue_->current();
  const auto data = static_cast<uint32_t>(unit.symbols.size());
  const uint32_t first = queue_->next_symbol(), total = queue_->symbols_to_send();
  const uint32_t blocks = unit.used_blocks();
  const uint8_t rows = queue_->rows();
  batch.clear();
  for (uint32_t s = first; s < total && s - first < room && !batch.full(); ++s) {
    const uint64_t number = association.next_number();
    if (s < data) {
      batch.add(unit, s, association.peer_session(), number, now, rows);
      continue;
    }
    const wire::ParityPlace place{static_cast<uint8_t>((s - data) % blocks),
                                  static_cast<uint8_t>((s - data) / blocks)};
    batch.add_parity(unit, place, rows, static_cast<uint8_t>(rows - place.row - 1),
                     association.peer_session(), number, now);
  }
  const auto sent = static_cast<uint32_t>(send_batch(now, transport, batch));
  if (sent == 0) return 0;
  if (first == 0) repairs_.note_begun({unit.frame, rows, plan_.amply, now});
  const uint32_t sent_data = std::min(first + sent, data);
  repairs_.note_sent(sent_data - std::min(first, data));
  counters.parity += first + sent - std::max(first, sent_data);
  // They have left: now what they cost the parity delays none of them.
  unit.parity.fold(unit.symbols, unit.blocks, sent_data);
  queue_->advance(sent);
  return sent;
}

void SendSession::send_repairs(Instant now, transport::Transport& transport, packetize::PacketBatch& batch) {
  packetize::RepairQueue::Row row;
  while (auto* unit = pacer_.due(now) > 0 ? repairs_.due(now, row) : nullptr) {
    batch.clear();
    batch.add_parity(*unit, row.place, row.rows, row.ahead, association.peer_session(),
                     association.next_number(), now);
    if (send_batch(now, transport, batch) == 0) return;
    ++counters.repair;
    repairs_.pop(now);
  }
}

size_t SendSession::send_batch(Instant now, transport::Transport& transport,
                               const packetize::PacketBatch& batch) {
  const auto sent = transport.send(peer, batch.packets());
  blocked_ = sent.blocked;
  association.give_back_numbers(batch.packets().size() - sent.packets);
  size_t bytes = 0;
  for (size_t i = 0; i < sent.packets; ++i) bytes += batch.packets()[i].bytes;
  counters.packets += sent.packets;
  counters.bytes += bytes;
  pacer_.sent(bytes, now);
  return sent.packets;
}

Instant SendSession::next_probe() const {
  const auto last = queue_->last_begun();
  const bool unsettled = last && (!settled_ || *last > *settled_);
  return unsettled && !reliable_ && queue_->held_back() ? progress_at_ + kProbeAfter : Instant::max();
}

Instant SendSession::next_pump() const {
  const bool stands = !queue_ || blocked_ || quiet_;
  const bool waits = stands || starved_ || unproven_;
  const Instant repair = stands ? Instant::max() : std::max(repairs_.next(), pacer_.next());
  const Instant probe = stands ? Instant::max() : next_probe();
  const Instant due = std::min({repair, probe, waits ? Instant::max() : pacer_.next()});
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

#include "reassemble/reassembler.hpp"

#include <algorithm>
#include <type_traits>

namespace glimt::reassemble {
namespace {

// A frame whose packets still come is not overdue, however long ago it was captured.
constexpr Duration kMinSilence = std::chrono::milliseconds(20);

}  // namespace

Reassembler::Counters& Reassembler::Counters::operator+=(const Counters& other) {
  whole += other.whole;
  lost += other.lost;
  late += other.late;
  skipped += other.skipped;
  concealed += other.concealed;
  repeated += other.repeated;
  stale += other.stale;
  refused += other.refused;
  malformed += other.malformed;
  unusable += other.unusable;
  recovered += other.recovered;
  asked += other.asked;
  too_late += other.too_late;
  return *this;
}

Reassembler::Reassembler(Options options) : options_(options) {}

void Reassembler::push(const wire::DataPacket& packet, Instant now, Output& out) {
  timing_.note(packet.header.number, packet.data.frame == newest_, now);
  push_any(packet, now, out);
}

void Reassembler::push(const wire::ParityPacket& packet, Instant now, Output& out) {
  // It may be an answer: then the pause before it is a round trip.
  timing_.note(packet.header.number, false, now);
  push_any(packet, now, out);
}

template <class P>
void Reassembler::push_any(const P& packet, Instant now, Output& out) {
  constexpr bool kParity = std::is_same_v<P, wire::ParityPacket>;
  Slot* slot = find_or_add(packet.data, now, out);
  if (!slot || slot->state == State::settled) {
    if (!kParity) ++counters_.stale;  // parity comes behind what it was not needed for
    return;
  }
  if (slot->assembly < 0 && !give_assembly(*slot, packet.data, now, out)) return;
  auto& assembly = assemblies_[static_cast<size_t>(slot->assembly)];
  const size_t held = assembly.held_bytes();
  const auto outcome = assembly.add(packet, now);
  if (outcome == Assembly::Outcome::repeated) ++counters_.repeated;
  if (outcome == Assembly::Outcome::refused) ++counters_.refused;
  if (outcome == Assembly::Outcome::repeated || outcome == Assembly::Outcome::refused) return;
  if constexpr (kParity) {
    slot->deficits.on_parity(link(now), now);
  } else {
    slot->deficits.on_data(assembly.blocks().block(packet.data.block), link(now), now);
  }
  go_on(*slot, held, now, out);
}

// Something was added to it.
void Reassembler::go_on(Slot& slot, size_t held_before, Instant now, Output& out) {
  held_bytes_ += assemblies_[static_cast<size_t>(slot.assembly)].held_bytes() - held_before;
  note_later_frame(slot, now);
  progress(slot, now, out);
  while (held_bytes_ > kMaxHeldUnits * options_.limits.max_unit_bytes && give_up_one(slot, out)) {
  }
  advance(now, out);
}

Reassembler::Slot* Reassembler::find_or_add(const wire::DataHeader& data, Instant now, Output& out) {
  const Sequence frame = data.frame;
  const Instant captured = now - std::chrono::microseconds(16) * data.age_16us;
  const Instant deadline = captured + options_.latency;
  if (!joined_) {
    joined_ = true;
    next_ = newest_ = frame;
    packets_of_newest_ = 0;
  }
  if (frame - next_ >= static_cast<int32_t>(kMaxSlots)) {  // a long outage, or a sender that counts wildly
    counters_.lost += static_cast<uint64_t>(frame - next_);
    while (!slots_.empty()) {
      settle(slots_.front(), wire::Fate::failed, out);
      slots_.pop();
    }
    next_ = frame;
  }
  while (next_ <= frame) append(next_, deadline, out);
  const int32_t position = frame - (next_ - static_cast<uint32_t>(slots_.size()));
  return position >= 0 ? &slots_[static_cast<size_t>(position)] : nullptr;
}

void Reassembler::append(Sequence frame, Instant deadline, Output& out) {
  if (slots_.full()) {
    settle(slots_.front(), wire::Fate::failed, out);
    slots_.pop();
  }
  slots_.push({.frame = frame, .deadline = deadline});
  if (ahead_ && ahead_->frame == frame) slots_.back().deficits = ahead_->deficits;
  ahead_.reset();
  next_ = frame + 1;
}

bool Reassembler::give_assembly(Slot& slot, const wire::DataHeader& data, Instant now, Output& out) {
  auto free = std::find(busy_.begin(), busy_.end(), false);
  if (free == busy_.end()) {
    if (slot.state == State::overtaken || !give_up_one(slot, out)) return false;
    free = std::find(busy_.begin(), busy_.end(), false);
  }
  *free = true;
  slot.assembly = static_cast<int>(free - busy_.begin());
  if (slot.state == State::missing) slot.state = State::partial;
  assemblies_[static_cast<size_t>(slot.assembly)].start(data, now, units_.take(), buffers_, expected_bytes_,
                                                        options_.limits);
  return true;
}

// What was overtaken gives way first, then the oldest.
bool Reassembler::give_up_one(const Slot& except, Output& out) {
  Slot* victim = nullptr;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& other = slots_[i];
    if (other.assembly < 0 || other.frame == except.frame) continue;
    if (!victim || (other.state == State::overtaken && victim->state != State::overtaken)) victim = &other;
  }
  if (victim) settle(*victim, wire::Fate::failed, out);
  return victim != nullptr;
}

bool Reassembler::may_emit(const Slot& slot) const {
  return slot.state == State::partial && (is_key(slot) || is_in_chain(slot)) &&
         (options_.mode == Mode::latest || slot.frame == slots_[0].frame);
}

const Reassembler::Slot* Reassembler::find(Sequence frame) const {
  const int32_t position = frame - (next_ - static_cast<uint32_t>(slots_.size()));
  const bool there = position >= 0 && position < static_cast<int32_t>(slots_.size());
  return there ? &slots_[static_cast<size_t>(position)] : nullptr;
}

bool Reassembler::is_key(const Slot& slot) const {
  return slot.assembly >= 0 && assemblies_[static_cast<size_t>(slot.assembly)].is_key();
}

bool Reassembler::is_in_chain(const Slot& slot) const { return chain_ && slot.frame == *chain_ + 1; }

// What it depends on will not come any more.
bool Reassembler::is_unusable(const Slot& slot) const {
  if (is_key(slot) || is_in_chain(slot)) return false;
  const Slot* before = find(slot.frame - 1);
  return !before || before->state == State::settled || before->state == State::overtaken;
}

void Reassembler::drop_unusable(Slot& slot, Output& out) {
  if (slot.begun) out.abandon(assemblies_[static_cast<size_t>(slot.assembly)].unit());
  slot.state = State::settled;
  free_assembly(slot);
  ++counters_.unusable;
  out.fate({slot.frame, wire::Fate::failed, 0});
}

// What came whole before the frame that it depends on.
void Reassembler::follow_chain(Instant now, Output& out) {
  while (chain_) {
    Slot* next = const_cast<Slot*>(find(*chain_ + 1));
    if (!next || next->state != State::partial ||
        !assemblies_[static_cast<size_t>(next->assembly)].is_whole() || !may_emit(*next)) {
      return;
    }
    emit_strips(*next, out);
    complete(*next, now, out);
  }
}

std::optional<Sequence> Reassembler::key_wanted_after(bool decoder_wants) const {
  if (!joined_ || !(wants_key_ || decoder_wants)) return std::nullopt;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state == State::partial && is_key(slots_[i])) return std::nullopt;
  }
  return next_ - 1;
}

void Reassembler::progress(Slot& slot, Instant now, Output& out) {
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  if (assembly.is_malformed()) {
    ++counters_.malformed;
    settle(slot, wire::Fate::failed, out);
    return;
  }
  dependent_ |= assembly.is_delta();
  if (may_emit(slot)) emit_strips(slot, out);
  if (!assembly.is_whole()) return;
  if (slot.state == State::overtaken) {
    settle(slot, wire::Fate::late, out);
  } else if (may_emit(slot)) {
    complete(slot, now, out);
    follow_chain(now, out);
  } else if (!is_key(slot)) {
    wants_key_ = true;  // an older one is missing, and most likely lost
    if (is_unusable(slot)) drop_unusable(slot, out);
  }
}

void Reassembler::emit_strips(Slot& slot, Output& out) {
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  while (const auto strip = assembly.take_strip()) {
    if (!slot.begun) {
      slot.begun = true;
      out.begin(assembly.unit());
    }
    out.strip(assembly.unit(), *strip);
  }
}

void Reassembler::complete(Slot& slot, Instant now, Output& out) {
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  const auto spread =
      std::chrono::duration_cast<std::chrono::microseconds>(now - assembly.first_arrival()).count() / 16;
  expected_bytes_ = assembly.extent_bytes() * 5 / 4;
  if (assembly.recovered() > 0) note_loss(now);
  ++counters_.whole;
  hand_on(slot,
          {slot.frame, wire::Fate::complete, static_cast<uint16_t>(std::min<int64_t>(spread, UINT16_MAX))},
          out);
}

// It will not be whole: what is missing of it is concealed where that can be done.
void Reassembler::give_up(Slot& slot, Instant now, Output& out) {
  const bool conceals = !options_.whole_only && may_emit(slot) && is_key(slot) &&
                        assemblies_[static_cast<size_t>(slot.assembly)].end_incomplete();
  if (!conceals) {
    // Nothing of it can be shown sooner, and nobody waits behind it.
    const bool may_wait = may_be_pause(slot) && now < slot.deadline;
    slot.given_up = false;
    if (!may_wait) settle(slot, wire::Fate::failed, out);
    return;
  }
  emit_strips(slot, out);
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  assembly.unit()->info.missing = assembly.missing();
  note_loss(now);
  ++counters_.concealed;
  hand_on(slot, {slot.frame, wire::Fate::failed, 0}, out);
}

void Reassembler::hand_on(Slot& slot, wire::FrameFate fate, Output& out) {
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  const Ref<media::AccessUnit> unit = assembly.unit();
  unit->info.stamps.whole_at = assembly.last_arrival();
  chain_ = slot.frame;
  wants_key_ = false;
  slot.state = State::settled;
  free_assembly(slot);
  out.end(unit);
  out.fate(fate);
  if (options_.mode == Mode::latest) overtake_before(slot.frame, out);
}

void Reassembler::overtake_before(Sequence frame, Output& out) {
  for (size_t i = 0; i < slots_.size() && slots_[i].frame < frame; ++i) {
    Slot& slot = slots_[i];
    if (slot.state != State::missing && slot.state != State::partial) continue;
    if (slot.assembly >= 0 && assemblies_[static_cast<size_t>(slot.assembly)].is_whole()) {
      drop_unusable(slot, out);
      continue;
    }
    slot.state = State::overtaken;
    if (!slot.begun) continue;
    out.abandon(assemblies_[static_cast<size_t>(slot.assembly)].unit());
    slot.begun = false;
  }
}

void Reassembler::settle(Slot& slot, wire::Fate fate, Output& out) {
  if (slot.state == State::settled) return;
  if (slot.begun) out.abandon(assemblies_[static_cast<size_t>(slot.assembly)].unit());
  if (slot.state != State::overtaken && dependent_ && (!chain_ || slot.frame > *chain_)) wants_key_ = true;
  slot.state = State::settled;
  free_assembly(slot);
  ++(fate == wire::Fate::late ? counters_.late : counters_.lost);
  out.fate({slot.frame, fate, 0});
}

void Reassembler::free_assembly(Slot& slot) {
  slot.begun = false;
  if (slot.assembly < 0) return;
  auto& assembly = assemblies_[static_cast<size_t>(slot.assembly)];
  held_bytes_ -= assembly.held_bytes();
  counters_.recovered += assembly.recovered();
  assembly.release();
  busy_[static_cast<size_t>(slot.assembly)] = false;
  slot.assembly = -1;
}

bool Reassembler::overdue(const Slot& slot, size_t position, Instant now) const {
  if (slot.given_up) return true;
  if (options_.reliable) return slot.state != State::partial && position + 1 < slots_.size();
  if (now < slot.deadline) return false;
  if (slot.assembly < 0 || position + 1 < slots_.size()) return true;
  const auto silence = now - assemblies_[static_cast<size_t>(slot.assembly)].last_arrival();
  return silence >= std::max(kMinSilence, options_.latency / 2);
}

void Reassembler::advance(Instant now, Output& out) {
  for (bool new_front = false; !slots_.empty(); new_front = true) {
    Slot& front = slots_.front();
    if (new_front && front.assembly >= 0) progress(front, now, out);
    if (front.state != State::settled && overdue(front, 0, now)) give_up(front, now, out);
    if (front.state != State::settled) return;
    slots_.pop();
  }
}

void Reassembler::skip(const wire::Skip& skip, Instant now, Output& out) {
  if (!joined_) return;
  for (uint32_t i = 0; i < skip.count; ++i) {
    const Sequence frame = skip.first + i;
    if (frame - next_ >= static_cast<int32_t>(kMaxSlots)) return;
    while (next_ <= frame) append(next_, now + options_.latency, out);
    const int32_t position = frame - (next_ - static_cast<uint32_t>(slots_.size()));
    if (position < 0) continue;
    Slot& slot = slots_[static_cast<size_t>(position)];
    if (slot.state == State::settled) continue;
    if (slot.begun) out.abandon(assemblies_[static_cast<size_t>(slot.assembly)].unit());
    slot.state = State::settled;
    free_assembly(slot);
    ++counters_.skipped;
  }
  advance(now, out);
}

void Reassembler::expire(Instant now, Output& out) {
  advance(now, out);
  judge(now);
  if (!options_.repairs) advance(now, out);
}

Instant Reassembler::next_deadline() const {
  if (options_.reliable) return Instant::max();
  Instant next = ahead_ ? ahead_->deficits.due() : Instant::max();
  if (slots_.empty()) return next;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const State state = slots_[i].state;
    if (state == State::missing || state == State::partial) next = std::min(next, slots_[i].deficits.due());
  }
  const Slot& front = slots_[0];
  if (front.assembly < 0 || slots_.size() > 1) return std::min(next, front.deadline);
  const Instant silent = assemblies_[static_cast<size_t>(front.assembly)].last_arrival() +
                         std::max(kMinSilence, options_.latency / 2);
  return std::min(next, std::max(front.deadline, silent));
}

void Reassembler::abandon_all(Output& out) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.begun) out.abandon(assemblies_[static_cast<size_t>(slot.assembly)].unit());
    free_assembly(slot);
  }
  slots_.clear();
  deficits_.clear();
  ahead_.reset();
  joined_ = dependent_ = wants_key_ = false;
  chain_.reset();
}

}  // namespace glimt::reassemble

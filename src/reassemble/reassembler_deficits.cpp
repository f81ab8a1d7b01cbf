// What a Reassembler asks for, and when.
#include "reassemble/reassembler.hpp"

namespace glimt::reassemble {
namespace {

// So long after a loss a pause within a frame is taken for another.
constexpr Duration kLossRemembered = std::chrono::seconds(10);
// Where so many packets of a later frame have come, and nothing is ever overtaken, an older one is not behind them.
constexpr uint32_t kCertainPackets = 4;

}  // namespace

void Reassembler::note_loss(Instant now) { loses_until_ = now + kLossRemembered; }

// Whoever is older and not whole has lost something, or it is on its way around others.
void Reassembler::note_later_frame(const Slot& slot, Instant now) {
  if (slot.frame < newest_) return;
  if (slot.frame > newest_) packets_of_newest_ = 0;
  newest_ = slot.frame;
  ++packets_of_newest_;
  if (packets_of_newest_ == 1) look_ahead(slot, now);
  const bool first = packets_of_newest_ == 1;
  const bool certain = packets_of_newest_ == kCertainPackets && !timing_.reorders(now);
  if (!first && !certain) return;
  for (size_t i = 0; i < slots_.size() && slots_[i].frame < newest_; ++i) {
    Slot& older = slots_[i];
    if (older.state != State::missing && older.state != State::partial) continue;
    older.deficits.on_later_frame(certain, link(now), now);
  }
}

void Reassembler::look_ahead(const Slot& newest, Instant now) {
  rhythm_.note(newest.frame, now);
  ahead_.reset();
  const Instant by = rhythm_.next_by();
  if (!asks() || by == Instant::max() || newest.frame + 1 != next_) return;
  ahead_ = Slot{.frame = next_, .deadline = newest.deadline + rhythm_.interval()};
  ahead_->deficits.expect_by(by + timing_.window(now));
}

DeficitTracker::Link Reassembler::link(Instant now) const {
  return {rtt_, timing_.window(now), timing_.silence(now), loses(now)};
}

void Reassembler::judge(Instant now) {
  if (options_.reliable) return;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const bool open = slot.state == State::missing || slot.state == State::partial;
    if (open && judge(slot, now)) note_loss(now);
  }
  // On a way that loses nothing it is late. Elsewhere whether the sender has it at all is for that one to say.
  if (ahead_ && ahead_->deficits.due() <= now && !loses(now)) ahead_.reset();
  if (ahead_) judge(*ahead_, now);
}

// Whether it lacks something.
bool Reassembler::judge(Slot& slot, Instant now) {
  if (slot.deficits.due() > now) return false;
  const auto* blocks =
      slot.assembly < 0 ? nullptr : &assemblies_[static_cast<size_t>(slot.assembly)].blocks();
  // Where nothing may be asked for it is too late for that at once.
  const Instant deadline = options_.repairs ? slot.deadline : Instant{};
  const auto verdict = slot.deficits.judge(slot.frame, blocks, deadline, link(now), now, deficits_);
  slot.given_up = !options_.repairs && verdict == DeficitTracker::Verdict::too_late &&
                  slot.deficits.is_over(link(now), now);
  counters_.asked += verdict == DeficitTracker::Verdict::asked;
  if (may_be_pause(slot)) return false;
  counters_.too_late += verdict == DeficitTracker::Verdict::too_late;
  return verdict != DeficitTracker::Verdict::nothing;
}

std::optional<wire::Deficit> Reassembler::take_deficit() {
  return deficits_.empty() ? std::nullopt : std::optional(deficits_.pop());
}

bool Reassembler::awaits(const wire::Deficit& deficit) const {
  const Slot* slot = ahead_ && ahead_->frame == deficit.frame ? &*ahead_ : find(deficit.frame);
  const bool open = slot && (slot->state == State::missing || slot->state == State::partial);
  return open && slot->deficits.awaits(deficit.round);
}

}  // namespace glimt::reassemble

#include "pipeline/shared_stream.hpp"

#include <algorithm>
#include <cstring>

namespace glimt::pipeline {
namespace {

constexpr size_t kMaxLoans = std::max(SharedStream::kCredit, SharedStream::kCreditEvery) + 1;
constexpr size_t kUsualSlots = 8;
constexpr size_t kOwnSlots = 2;  // the newest picture, and the next one that is being written
constexpr uint64_t kMaxRefused = 16;
constexpr uint32_t kMaxAsks = 4;  // on their way

// The slot behind a frame that fills it from its first byte on.
Slot* slot_of(const media::Frame& frame) {
  auto* slot = dynamic_cast<Slot*>(frame.owner.get());
  return slot && frame.planes[0].data == slot->data() && frame.is_packed() ? slot : nullptr;
}

size_t slot_bytes(const media::Frame& frame) {
  return media::packed_size(frame.format, frame.width, frame.height) + media::kMaxMetadataBytes;
}

}  // namespace

struct SharedStream::Consumer {
  Consumer(UniqueFd fd, Mode m) : channel(std::move(fd)), mode(m) { loans.reserve(kMaxLoans); }

  const transport::FrameChannel channel;
  const Mode mode;
  std::vector<Loan> loans;                                  // the oldest first
  std::array<uint32_t, wire::kMaxSharedSlots> announced{};  // memory id by slot
  bool held_back = false;                                   // and told so
  uint32_t may_ask = 0;                                     // once for each time
  bool asks = false;                                        // for the newest, whatever its credit
  bool is_served = false;                                   // by the network thread, at this moment
  bool gone = false;
  Instant full_since = Instant::max();
  Counters counted;
};

SharedStream::SharedStream(transport::EventLoop& loop, std::optional<size_t> slots)
    : loop_(loop), slots_(slots), pool_(slots.value_or(kUsualSlots)), held_(loop, [this] { watch_held(); }) {}

SharedStream::~SharedStream() = default;

Result<Ref<Slot>> SharedStream::take_slot(size_t bytes) {
  auto slot = pool_.take(bytes);
  if (slot || slot.error().kind != ErrorKind::unavailable) return slot;
  {
    MutexLock lock(m_);
    for (auto& [id, consumer] : consumers_) collect(*consumer);
    if (pool_.spare() == 0) cut_off_oldest(now());
  }
  return pool_.take(bytes);
}

Result<media::Frame> SharedStream::borrow(PixelFormat format, int width, int height) {
  auto slot = take_slot(media::packed_size(format, width, height) + media::kMaxMetadataBytes);
  if (!slot) return slot.error();
  uint8_t* data = (*slot)->data();
  return media::frame_over(std::move(*slot), data, format, width, height);
}

Result<void> SharedStream::move_into_slot(media::Frame& frame) {
  const Slot* slot = slot_of(frame);
  if (slot && pool_.owns(*slot) && frame.owner->unique()) return {};
  auto moved = borrow(frame.format, frame.width, frame.height);
  if (!moved) return moved.error();
  media::copy_packed(frame, moved->planes[0].data);
  moved->stamps = frame.stamps;
  moved->metadata = std::move(frame.metadata);
  frame = std::move(*moved);
  return {};
}

Result<void> SharedStream::publish(media::Frame& frame) {
  if (auto moved = move_into_slot(frame); !moved) {
    MutexLock lock(m_);
    for (auto& [id, consumer] : consumers_) ++consumer->counted.dropped;
    ++next_number_;  // a gap tells the receivers
    return moved;
  }
  const size_t pixels = slot_bytes(frame) - media::kMaxMetadataBytes;
  if (!frame.metadata.empty())
    std::memcpy(frame.planes[0].data + pixels, frame.metadata.data(), frame.metadata.size());
  MutexLock lock(m_);
  frame.number = next_number_;
  ++next_number_;
  auto metadata = std::move(frame.metadata);
  newest_ = {frame, metadata.size()};
  frame.metadata = std::move(metadata);
  const Instant at = now();
  for (auto& [id, consumer] : consumers_) {
    if (!has_room(*consumer)) collect(*consumer);
    offer(*consumer, at);
  }
  for (auto& [id, consumer] : consumers_) collect(*consumer);  // nobody waits for that
  return {};
}

// So that each receiver can look at one picture for as long as it likes, and the stream goes on.
void SharedStream::follow_receivers() {
  const size_t two_each = 2 * consumers_.size() + kOwnSlots;
  pool_.set_limit(slots_.value_or(std::clamp(two_each, kUsualSlots, wire::kMaxSharedSlots)));
}

// A first picture always; further ones as long as slots are left for everybody's first.
bool SharedStream::has_room(const Consumer& c) const {
  const size_t credit = c.mode == Mode::every ? kCreditEvery : kCredit;
  const size_t lent = c.loans.size();
  if (lent == 0 || (c.asks && lent < kMaxLoans)) return true;
  if (lent >= credit) return false;
  size_t further = 0;
  for (const auto& [id, consumer] : consumers_)
    further += consumer->loans.size() - std::min<size_t>(1, consumer->loans.size());
  return kOwnSlots + consumers_.size() + further < pool_.limit();
}

void SharedStream::offer(Consumer& to, Instant at) {
  if (to.gone) return;
  if (!to.is_served && has_room(to)) {
    lend(to, at);
    return;
  }
  ++to.counted.dropped;
  if (to.is_served) return;  // it is offered this one after that
  to.full_since = std::min(to.full_since, at);
  if (to.mode == Mode::every || to.held_back) return;
  to.held_back = to.channel.send(wire::SharedHeld{});
  if (!to.held_back) return;
  to.may_ask = std::min(to.may_ask + 1, kMaxAsks);
  held_.raise();
}

void SharedStream::lend(Consumer& to, Instant at) {
  const Handover handover = prepare(to, at);
  note_done(to, handover, hand_over(to, handover));
}

SharedStream::Handover SharedStream::prepare(Consumer& to, Instant at) {
  const auto& f = newest_.frame;
  Ref<Slot> slot(static_cast<Slot*>(f.owner.get()));
  uint32_t& announced = to.announced[slot->index()];
  const bool is_new = std::exchange(announced, slot->memory_id()) != slot->memory_id();
  to.loans.push_back({f.number, slot, at});  // before it can be given back
  return {{slot->index(), f.format, static_cast<uint16_t>(f.width), static_cast<uint16_t>(f.height), f.number,
           static_cast<uint32_t>(newest_.metadata_bytes), to_us(f.stamps.captured_at), to_us(at)},
          std::move(slot),
          is_new};
}

bool SharedStream::hand_over(const Consumer& to, const Handover& h) {
  if (h.is_new && !to.channel.send(wire::SharedSlot{h.frame.slot, h.slot->size()}, h.slot->fd()))
    return false;
  return to.channel.send(h.frame);
}

void SharedStream::note_done(Consumer& to, const Handover& h, bool done) {
  if (to.gone) return;
  if (!done) {
    to.announced[h.frame.slot] = 0;
    std::erase_if(to.loans, [&h](const Loan& l) { return l.number == h.frame.number; });
    return;
  }
  to.held_back = to.asks = false;
  to.full_since = Instant::max();
  ++to.counted.frames;
}

void SharedStream::collect(Consumer& from) {
  if (from.gone) return;
  transport::FrameChannel::Batch batch;
  bool hung_up = false;
  size_t count = transport::FrameChannel::kBatch;
  while (count == transport::FrameChannel::kBatch && !hung_up) {
    count = from.channel.receive(batch, hung_up);
    for (size_t i = 0; i < count; ++i) settle(from, Bytes(batch[i].bytes).first(batch[i].size));
    if (from.counted.refused > kMaxRefused) hung_up = true;
  }
  if (!hung_up) return;
  from.gone = true;
  if (from.counted.refused > kMaxRefused) {
    for (auto& loan : from.loans) loan.slot->retire();
    from.channel.shut_down();
  }
  from.loans.clear();  // whoever had them is no more
}

void SharedStream::settle(Consumer& with, Bytes bytes) {
  const auto message = wire::parse_shared(bytes);
  if (message && std::holds_alternative<wire::SharedAsk>(*message) && with.may_ask > 0) {
    --with.may_ask;
    with.asks = with.held_back;  // it may have been given the newest meanwhile
    return;
  }
  if (message && std::holds_alternative<wire::SharedRelease>(*message)) {
    const Sequence number = std::get<wire::SharedRelease>(*message).number;
    const auto loan = std::find_if(with.loans.begin(), with.loans.end(),
                                   [number](const Loan& l) { return l.number == number; });
    if (loan != with.loans.end()) {
      with.loans.erase(loan);
      return;
    }
  }
  ++with.counted.refused;
}

// Its memory stays as it is for as long as it looks at it, and is not the pool's any more.
void SharedStream::cut_off_oldest(Instant at) {
  Consumer* oldest = nullptr;
  for (auto& [id, consumer] : consumers_) {
    if (consumer->loans.empty() || at - consumer->loans.front().since < kMaxLoan) continue;
    if (!oldest || consumer->loans.front().since < oldest->loans.front().since) oldest = consumer.get();
  }
  if (!oldest) return;
  for (auto& loan : oldest->loans) loan.slot->retire();
  oldest->loans.clear();
  oldest->channel.shut_down();
  oldest->gone = true;
}

bool SharedStream::wait_for_room(Instant deadline) {
  while (true) {
    std::shared_ptr<Consumer> full;
    {
      MutexLock lock(m_);
      for (auto& [id, consumer] : consumers_) {
        collect(*consumer);
        if (!consumer->gone && !has_room(*consumer)) full = consumer;
      }
    }
    if (!full || now() >= deadline) return !full;
    full->channel.wait(deadline);
  }
}

media::Frame SharedStream::newest() const {
  MutexLock lock(m_);
  media::Frame frame = newest_.frame;
  if (frame.empty()) return frame;
  const uint8_t* metadata = frame.planes[0].data + slot_bytes(frame) - media::kMaxMetadataBytes;
  frame.metadata.assign(metadata, metadata + newest_.metadata_bytes);
  return frame;
}

Result<SharedStream::Receiver> SharedStream::attach(Mode mode) {
  auto pair = transport::FrameChannel::make_pair();
  if (!pair) return pair.error();
  auto consumer = std::make_shared<Consumer>(std::move(pair->ours), mode);
  uint32_t id = 0;
  {
    MutexLock lock(m_);
    id = next_id_++;
    consumers_[id] = consumer;
    follow_receivers();
    // In latest mode a receiver that joins sees the last picture at once; `every` begins with the next one.
    if (mode == Mode::latest && !newest_.frame.empty()) lend(*consumer, now());
  }
  loop_.watch(consumer->channel.fd(), 0,
              [this, id](uint32_t) { on_events(id); });  // a hang-up is always told
  return Receiver{id, std::move(pair->theirs)};
}

void SharedStream::detach(uint32_t id) {
  MutexLock lock(m_);
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  collect(*found->second);
  for (auto& loan : found->second->loans) loan.slot->retire();
  loop_.unwatch(found->second->channel.fd());
  found->second->channel.shut_down();
  consumers_.erase(found);
  follow_receivers();
}

void SharedStream::on_events(uint32_t id) {
  std::shared_ptr<Consumer> consumer;
  Handover handover;
  {
    MutexLock lock(m_);
    const auto found = consumers_.find(id);
    if (found == consumers_.end()) return;
    consumer = found->second;
    collect(*consumer);
    if (consumer->gone) {
      loop_.unwatch(consumer->channel.fd());
      return;
    }
    if (!consumer->held_back) loop_.change(consumer->channel.fd(), 0);
    if (!consumer->held_back || !has_room(*consumer)) return;
    handover = prepare(*consumer, now());
    consumer->is_served = true;
  }
  // Without the lock: whoever wakes up may run in this thread's place, and the publisher would wait for both.
  const bool done = hand_over(*consumer, handover);
  MutexLock lock(m_);
  consumer->is_served = false;
  note_done(*consumer, handover, done);
  if (!done || consumer->gone) return;
  --consumer->counted.dropped;  // as which it was counted when it was held back
  if (newest_.frame.number != handover.frame.number) {
    --consumer->counted.dropped;
    offer(*consumer, now());
  }
  if (!consumer->held_back) loop_.change(consumer->channel.fd(), 0);
}

void SharedStream::watch_held() {
  MutexLock lock(m_);
  for (auto& [id, consumer] : consumers_) {
    if (consumer->held_back && !consumer->gone) loop_.change(consumer->channel.fd(), EPOLLIN);
  }
}

const SharedStream::Consumer* SharedStream::find(uint32_t id) const {
  const auto found = consumers_.find(id);
  return found == consumers_.end() ? nullptr : found->second.get();
}

bool SharedStream::is_gone(uint32_t id) const {
  MutexLock lock(m_);
  const Consumer* consumer = find(id);
  return !consumer || consumer->gone;
}

Duration SharedStream::full_for(uint32_t id, Instant now) const {
  MutexLock lock(m_);
  const Consumer* consumer = find(id);
  const bool full = consumer && consumer->mode == Mode::every && consumer->full_since != Instant::max();
  return full ? now - consumer->full_since : Duration::zero();
}

SharedStream::Counters SharedStream::counters(uint32_t id) const {
  MutexLock lock(m_);
  const Consumer* consumer = find(id);
  return consumer ? consumer->counted : Counters{};
}

}  // namespace glimt::pipeline

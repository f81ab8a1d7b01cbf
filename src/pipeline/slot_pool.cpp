#include "pipeline/slot_pool.hpp"

#include <algorithm>
#include <bitset>

#include "wire/shared_frame.hpp"

namespace glimt::pipeline {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kRoomy = 4;  // a slot so many times too large is made anew

}  // namespace

struct Slot::Home {
  explicit Home(size_t n) : limit(n) { idle.reserve(wire::kMaxSharedSlots); }

  mutable Mutex m;
  size_t limit GLIMT_GUARDED_BY(m);
  std::vector<std::unique_ptr<Slot>> idle GLIMT_GUARDED_BY(m);   // the one that was used last at the end
  std::bitset<wire::kMaxSharedSlots> taken GLIMT_GUARDED_BY(m);  // by index: of slots in use or idle
  uint32_t last_memory_id GLIMT_GUARDED_BY(m) = 0;
  bool closed GLIMT_GUARDED_BY(m) = false;
};

void Slot::last_ref_gone() noexcept {
  std::unique_ptr<Slot> self(this);  // deleted outside the lock
  const std::shared_ptr<Home> home = std::move(home_);
  MutexLock lock(home->m);
  if (!retired_ && !home->closed && home->taken.count() <= home->limit) {
    home->idle.push_back(std::move(self));
  } else {
    home->taken.reset(index_);
  }
}

SlotPool::SlotPool(size_t limit) : home_(std::make_shared<Slot::Home>(limit)) {}

SlotPool::~SlotPool() {
  std::vector<std::unique_ptr<Slot>> idle;
  MutexLock lock(home_->m);
  home_->closed = true;
  idle.swap(home_->idle);
}

Result<Ref<Slot>> SlotPool::take(size_t bytes) {
  std::unique_ptr<Slot> slot;
  const auto fits = [bytes](const Slot& s) {
    return s.size() >= bytes && s.size() / kRoomy <= bytes + kPage;
  };
  {
    MutexLock lock(home_->m);
    auto& idle = home_->idle;
    auto found = std::find_if(idle.rbegin(), idle.rend(), [&](const auto& s) { return fits(*s); });
    if (found == idle.rend() && !idle.empty()) found = idle.rend() - 1;
    if (found != idle.rend()) {
      slot = std::move(*found);
      idle.erase(std::next(found).base());
    } else if (home_->taken.count() < home_->limit) {
      slot = std::make_unique<Slot>();
      while (home_->taken.test(slot->index_)) ++slot->index_;
      home_->taken.set(slot->index_);
    } else {
      return Error{ErrorKind::unavailable, "all " + std::to_string(home_->limit) +
                                               " slots of shared memory are in use; give more with ?slots="};
    }
    slot->home_ = home_;
    if (!fits(*slot)) slot->memory_id_ = ++home_->last_memory_id;
  }
  Ref<Slot> ref(slot.release());
  if (fits(*ref)) return ref;
  ref->memory_ = {};
  auto memory = transport::make_shared_memory((bytes + kPage - 1) / kPage * kPage);
  if (!memory) return memory.error();
  ref->memory_ = std::move(*memory);
  return ref;
}

size_t SlotPool::spare() const {
  MutexLock lock(home_->m);
  const size_t used = home_->taken.count() - home_->idle.size();
  return home_->limit - std::min(home_->limit, used);
}

size_t SlotPool::limit() const {
  MutexLock lock(home_->m);
  return home_->limit;
}

void SlotPool::set_limit(size_t slots) {
  std::vector<std::unique_ptr<Slot>> surplus;  // deleted outside the lock
  MutexLock lock(home_->m);
  home_->limit = slots;
  while (home_->taken.count() > slots && !home_->idle.empty()) {
    home_->taken.reset(home_->idle.front()->index_);
    surplus.push_back(std::move(home_->idle.front()));
    home_->idle.erase(home_->idle.begin());
  }
}

}  // namespace glimt::pipeline

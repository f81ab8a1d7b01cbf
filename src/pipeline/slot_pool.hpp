// SlotPool: the shared memory that a stream's pictures lie in, a bounded number of slots.
//
//   A slot is free again when its last Ref is gone: of who writes it, of the stream for its newest picture, of each
//   receiver that looks at it.
//
//   errors   unavailable: all slots are in use. exhausted: the system has no memory left
//   threads  thread-safe; who takes a slot writes it alone, until it is passed on
//   memory   at most limit() pieces, each made when it is first needed; one that was retired is its readers' and no longer
//            counted
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "base/pool.hpp"
#include "transport/shared_memory.hpp"

namespace glimt::pipeline {

class Slot : public Shared {
 public:
  uint8_t index() const { return index_; }
  // Tells one piece of memory from all others that were or will be in this pool.
  uint32_t memory_id() const { return memory_id_; }
  uint8_t* data() const { return memory_.mapping.data(); }
  size_t size() const { return memory_.mapping.size(); }
  int fd() const { return memory_.fd.get(); }
  // Somebody may look at it for as long as they like: it is not written again.
  void retire() { retired_ = true; }

 private:
  friend class SlotPool;
  struct Home;
  void last_ref_gone() noexcept override;

  std::shared_ptr<Home> home_;  // while in use
  transport::SharedMemory memory_;
  uint8_t index_ = 0;
  uint32_t memory_id_ = 0;
  std::atomic<bool> retired_{false};
};

class SlotPool {
 public:
  explicit SlotPool(size_t limit);
  ~SlotPool();

  // A slot of at least `bytes`.
  Result<Ref<Slot>> take(size_t bytes);
  size_t spare() const;  // slots that nobody uses
  size_t limit() const;
  // Slots that are in use stay, and are counted.
  void set_limit(size_t slots);
  bool owns(const Slot& slot) const { return slot.home_ == home_; }

 private:
  const std::shared_ptr<Slot::Home> home_;
};

}  // namespace glimt::pipeline

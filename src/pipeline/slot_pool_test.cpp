#include "pipeline/slot_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <set>

namespace glimt::pipeline {
namespace {

constexpr size_t kBytes = 100'000;

TEST(SlotPoolTest, EverySlotHasMemoryAndAnIndexOfItsOwn) {
  SlotPool pool(5);
  std::vector<Ref<Slot>> slots;
  std::set<uint32_t> indices, memories;
  for (int i = 0; i < 5; ++i) {
    slots.push_back(pool.take(kBytes).value());
    indices.insert(slots.back()->index());
    memories.insert(slots.back()->memory_id());
    EXPECT_GE(slots.back()->size(), kBytes);
    EXPECT_TRUE(pool.owns(*slots.back()));
  }
  EXPECT_EQ(indices, (std::set<uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(memories.size(), 5u);
  EXPECT_EQ(pool.spare(), 0u);
}

TEST(SlotPoolTest, SaysWhenAllAreInUseAndGoesOnWhenOneComesBack) {
  SlotPool pool(2);
  const auto one = pool.take(kBytes).value();
  auto two = pool.take(kBytes).value();
  const auto none = pool.take(kBytes);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
  two = {};
  EXPECT_EQ(pool.spare(), 1u);
  EXPECT_TRUE(pool.take(kBytes));
}

TEST(SlotPoolTest, ItsLimitFollowsAndWhatIsInUseStays) {
  SlotPool pool(1);
  std::vector<Ref<Slot>> slots{pool.take(kBytes).value()};
  pool.set_limit(3);
  slots.push_back(pool.take(kBytes).value());
  slots.push_back(pool.take(kBytes).value());
  EXPECT_FALSE(pool.take(kBytes));
  pool.set_limit(2);
  EXPECT_EQ(pool.spare(), 0u);
  slots[1]->data()[kBytes - 1] = 1;
  slots.pop_back();
  EXPECT_EQ(pool.spare(), 0u);
  slots.clear();
  EXPECT_EQ(pool.spare(), 2u);
  pool.set_limit(1);
  EXPECT_EQ(pool.spare(), 1u);
  const auto again = pool.take(kBytes).value();
  EXPECT_FALSE(pool.take(kBytes));
}

TEST(SlotPoolTest, TheSlotThatWasUsedLastIsTakenAgainWithItsMemory) {
  SlotPool pool(4);
  auto one = pool.take(kBytes).value(), two = pool.take(kBytes).value();
  const uint32_t first = one->memory_id(), last = two->memory_id();
  one = {};
  two = {};
  EXPECT_EQ(pool.take(kBytes).value()->memory_id(), last);
  EXPECT_NE(first, last);
}

TEST(SlotPoolTest, ASlotThatIsTooSmallOrFarTooLargeGetsOtherMemory) {
  SlotPool pool(1);
  std::set<uint32_t> memories;
  for (const size_t bytes : {kBytes, 10 * kBytes, kBytes}) {
    const auto slot = pool.take(bytes).value();
    EXPECT_EQ(slot->index(), 0);
    EXPECT_GE(slot->size(), bytes);
    EXPECT_LE(slot->size(), 4 * bytes + 8192);
    memories.insert(slot->memory_id());
  }
  EXPECT_EQ(memories.size(), 3u) << "a receiver has to be told each time";
  const uint32_t before = pool.take(kBytes).value()->memory_id();
  EXPECT_EQ(pool.take(kBytes / 2).value()->memory_id(), before) << "half of it fits";
}

TEST(SlotPoolTest, ARetiredSlotIsNotWrittenAgain) {
  SlotPool pool(1);
  auto slot = pool.take(kBytes).value();
  const uint32_t before = slot->memory_id();
  slot->retire();
  EXPECT_FALSE(pool.take(kBytes)) << "it counts until nobody here looks at it";
  slot = {};
  EXPECT_NE(pool.take(kBytes).value()->memory_id(), before);
}

TEST(SlotPoolTest, ASlotOutlivesThePool) {
  Ref<Slot> slot;
  {
    SlotPool pool(3);
    slot = pool.take(kBytes).value();
    pool.take(kBytes).value();
  }
  slot->data()[kBytes - 1] = 3;
  EXPECT_EQ(slot->data()[kBytes - 1], 3);
}

TEST(SlotPoolTest, DoesNotTakeAnothersSlotForItsOwn) {
  SlotPool pool(2), other(2);
  const auto slot = other.take(kBytes).value();
  EXPECT_FALSE(pool.owns(*slot));
}

// Files can have no bytes, those in memory neither.
class NoRoom {
 public:
  NoRoom() {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoRoom() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }
  NoRoom(const NoRoom&) = delete;

 private:
  void (*const signal_before_)(int) = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before_{};
};

TEST(SlotPoolTest, NothingLeftInTheSystemIsAnErrorAndTheSlotComesBack) {
  SlotPool pool(1);
  {
    const NoRoom none;
    const auto slot = pool.take(kBytes);
    ASSERT_FALSE(slot);
    EXPECT_EQ(slot.error().kind, ErrorKind::exhausted);
  }
  EXPECT_EQ(pool.spare(), 1u);
  EXPECT_TRUE(pool.take(kBytes));
}

}  // namespace
}  // namespace glimt::pipeline

#include "base/queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "base/pool.hpp"

namespace glimt {
namespace {

using IntQueue = Queue<int>;

TEST(QueueTest, FirstInIsFirstOut) {
  IntQueue queue(3);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(queue.put(i), IntQueue::Put::taken);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(queue.try_take(), i);
  EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST(QueueTest, NewestWinsWhereItIsFull) {
  IntQueue queue(2);
  for (int i = 1; i <= 2; ++i) queue.put(i);
  EXPECT_EQ(queue.put(3), IntQueue::Put::displaced_oldest);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.try_take(), 2);
  EXPECT_EQ(queue.try_take(), 3);
}

TEST(QueueTest, WhatIsQueuedCanBeTakenAfterClose) {
  IntQueue queue(2);
  queue.put(1);
  queue.close();
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.put(2), IntQueue::Put::closed);
  EXPECT_FALSE(queue.put_wait(2));
  EXPECT_EQ(queue.take(), 1);
  EXPECT_EQ(queue.take(), std::nullopt);
}

TEST(QueueTest, CloseWakesWhoeverWaits) {
  IntQueue empty(1), full(1);
  full.put(1);
  std::thread taker([&] { EXPECT_EQ(empty.take(), std::nullopt); });
  std::thread putter([&] { EXPECT_FALSE(full.put_wait(2)); });
  empty.close();
  full.close();
  taker.join();
  putter.join();
}

TEST(QueueTest, PutThatWaitsLosesNothing) {
  IntQueue queue(2);
  std::vector<int> taken;
  std::thread putter([&] {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue.put_wait(i));
    queue.close();
  });
  while (const auto item = queue.take()) taken.push_back(*item);
  putter.join();
  ASSERT_EQ(taken.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(taken[static_cast<size_t>(i)], i);
}

TEST(QueueTest, WaitForRoomEndsWithRoomWithTheDeadlineOrWithTheQueue) {
  IntQueue queue(1);
  EXPECT_TRUE(queue.wait_for_room(Instant::min()));
  queue.put(1);
  EXPECT_FALSE(queue.wait_for_room(Instant::min()));
  std::thread waiter([&] { EXPECT_TRUE(queue.wait_for_room(Instant::max())); });
  EXPECT_EQ(queue.take(), 1);
  waiter.join();
  queue.put(2);
  queue.close();
  EXPECT_TRUE(queue.wait_for_room(Instant::min()));
}

struct Item : Shared {
  std::vector<int> content;
};

TEST(PoolTest, IdleObjectIsTakenAgainWithWhatItHolds) {
  Pool<Item> pool;
  auto item = pool.take();
  item->content.assign(100, 1);
  const Item* address = item.get();
  item = {};
  item = pool.take();
  EXPECT_EQ(item.get(), address);
  EXPECT_EQ(item->content.size(), 100u);
}

TEST(PoolTest, ObjectInUseIsNotGivenTwice) {
  Pool<Item> pool;
  const auto first = pool.take();
  const auto copy = first;
  EXPECT_FALSE(first->unique());
  EXPECT_NE(pool.take(), first);
}

TEST(PoolTest, ReferenceMayOutliveItsPool) {
  Ref<Item> kept;
  {
    Pool<Item> pool;
    kept = pool.take();
    kept->content = {7};
  }
  EXPECT_EQ(kept->content.at(0), 7);
  EXPECT_TRUE(kept->unique());
}

}  // namespace
}  // namespace glimt

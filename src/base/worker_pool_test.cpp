#include "base/worker_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace glimt {
namespace {

TEST(WorkerPoolTest, EveryItemIsWorkedOnOnceByThreadsAndOwner) {
  std::vector<std::atomic<int>> times(200);
  std::atomic<size_t> most{0};
  WorkerPool pool("test-pool", 3, times.size(), [&](size_t item, size_t worker) {
    ++times[item];
    for (size_t seen = most; worker > seen && !most.compare_exchange_weak(seen, worker);) {
    }
  });
  for (int round = 1; round <= 50; ++round) {
    for (size_t i = 0; i < times.size(); ++i) pool.add(i);
    pool.help();
    for (const auto& n : times) ASSERT_EQ(n, round);
  }
  EXPECT_LE(most, 3u);
}

TEST(WorkerPoolTest, WithoutThreadsTheOwnerDoesAllInOrder) {
  std::vector<size_t> done;
  WorkerPool pool("test-pool", 0, 8, [&](size_t item, size_t worker) {
    EXPECT_EQ(worker, 0u);
    done.push_back(item);
  });
  for (const size_t i : {4u, 2u, 7u}) pool.add(i);
  EXPECT_TRUE(done.empty());
  pool.help();
  EXPECT_THAT(done, testing::ElementsAre(4, 2, 7));
}

TEST(WorkerPoolTest, WaitReturnsWhenTheThreadsAreDone) {
  std::atomic<int> done{0};
  WorkerPool pool("test-pool", 2, 64, [&](size_t, size_t) { ++done; });
  for (int round = 1; round <= 100; ++round) {
    for (size_t i = 0; i < 10; ++i) pool.add(i);
    pool.wait();
    ASSERT_EQ(done, 10 * round);
  }
}

TEST(WorkerPoolTest, AfterDropNothingRunsUntilItemsComeAgain) {
  std::atomic<int> running{0}, done{0};
  WorkerPool pool("test-pool", 2, 64, [&](size_t, size_t) {
    ++running;
    std::this_thread::yield();
    ++done;
    --running;
  });
  for (int round = 0; round < 100; ++round) {
    for (size_t i = 0; i < 64; ++i) pool.add(i);
    pool.drop();
    ASSERT_EQ(running, 0);
    const int before = done;
    pool.add(0);
    pool.wait();
    ASSERT_EQ(done, before + 1);
  }
}

}  // namespace
}  // namespace glimt

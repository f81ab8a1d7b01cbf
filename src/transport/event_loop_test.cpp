#include "transport/event_loop.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "support/loopback.hpp"

namespace glimt::transport {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, CallsTimersInTheOrderOfTheirTimes) {
  RunningLoop net;
  std::vector<int> order;
  EventLoop::Timer late(*net.loop, [&] { order.push_back(2); }),
      early(*net.loop, [&] { order.push_back(1); });
  net.do_on([&] {
    const Instant at = now();
    late.set(at + 2ms);
    early.set(at + 1ms);
  });
  ASSERT_TRUE(net.until([&] { return order.size() == 2; }));
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(EventLoop, TimersThatAreDueTogetherAreCalledInTheOrderOfTheirTimesToo) {
  RunningLoop net;
  std::vector<int> order;
  EventLoop::Timer third(*net.loop, [&] { order.push_back(3); }),
      first(*net.loop, [&] { order.push_back(1); }), second(*net.loop, [&] { order.push_back(2); });
  net.do_on([&] {
    third.set(Instant(3ns));
    first.set(Instant(1ns));
    second.set(Instant(2ns));
  });
  ASSERT_TRUE(net.until([&] { return order.size() == 3; }));
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(EventLoop, ATimerThatSetsItselfToThePastHoldsUpNobody) {
  RunningLoop net;
  int others = 0;
  EventLoop::Timer* again = nullptr;
  EventLoop::Timer eager(*net.loop, [&] { again->set(Instant(1ns)); }), other(*net.loop, [&] { ++others; });
  again = &eager;
  net.do_on([&] {
    eager.set(Instant(1ns));
    other.set(now());
  });
  EXPECT_TRUE(net.until([&] { return others == 1; }));
}

TEST(EventLoop, ATimerThatWasClearedDoesNotCallBack) {
  RunningLoop net;
  int cleared = 0, other = 0;
  EventLoop::Timer timer(*net.loop, [&] { ++cleared; }), after(*net.loop, [&] { ++other; });
  net.do_on([&] {
    timer.set(now() + 1ms);
    after.set(now() + 2ms);
    timer.clear();
  });
  ASSERT_TRUE(net.until([&] { return other == 1; }));
  EXPECT_EQ(cleared, 0);
}

TEST(EventLoop, ASignalRaisedFromManyThreadsIsSeenAfterTheLastRaise) {
  RunningLoop net;
  std::atomic<int> raised{0};
  int seen = 0;
  EventLoop::Signal signal(*net.loop, [&] { seen = raised.load(); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        ++raised;
        signal.raise();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(net.until([&] { return seen == 4000; }));
}

TEST(EventLoop, AnswersACallThatCameWhileItWasStopping) {
  for (int i = 0; i < 50; ++i) {
    auto loop = std::move(*EventLoop::create());
    std::promise<void> running;
    loop->post([&] { running.set_value(); });
    Thread thread("test-net", [&] { loop->run(); });
    running.get_future().wait();
    std::thread caller([&] { loop->call([] {}); });
    loop->stop();
    caller.join();  // hangs where the call is lost
    thread.join();
  }
}

TEST(EventLoop, CallsNothingOnceItHasStopped) {
  int calls = 0;
  auto loop = std::move(*EventLoop::create());
  EventLoop::Timer timer(*loop, [&] { ++calls; });
  {
    Thread thread("test-net", [&] { loop->run(); });
    loop->stop();
  }
  timer.set(now());
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace glimt::transport

#include "packetize/send_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glimt::packetize {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Numbers = std::vector<uint32_t>;

class SendQueueTest : public ::testing::Test {
 protected:
  explicit SendQueueTest(Mode mode = Mode::latest) : queue_({.mode = mode}) {}

  // H.264: a frame that depends on the one before.
  bool offer_dependent(uint32_t frame) {
    auto dependent = unit(frame);
    dependent->key = false;
    return queue_.offer(std::move(dependent));
  }
  Ref<SymbolUnit> unit(uint32_t frame, size_t symbols = 3, bool complete = true) {
    Ref<SymbolUnit> unit(new SymbolUnit);
    unit->frame = Sequence(frame);
    unit->symbols.resize(symbols);
    unit->complete = complete;
    return unit;
  }
  bool offer(uint32_t frame) { return queue_.offer(unit(frame)); }
  // Sends at most so many symbols, as long as there are any; "frame:symbol" of each.
  std::vector<std::string> send(size_t symbols) {
    std::vector<std::string> sent;
    while (sent.size() < symbols) {
      const auto* current = queue_.current();
      if (!current) break;
      sent.push_back(std::to_string(current->frame.value()) + ":" + std::to_string(queue_.next_symbol()));
      queue_.advance(1);
      finished_ += queue_.take_finished();
    }
    return sent;
  }
  // Frames that are sent until nothing is left.
  Numbers send_all() {
    Numbers frames;
    while (const auto* current = queue_.current()) {
      frames.push_back(current->frame.value());
      queue_.advance(static_cast<uint32_t>(current->symbols.size()) - queue_.next_symbol());
      finished_ += queue_.take_finished();
    }
    return frames;
  }
  Numbers left_out() {
    Numbers frames;
    for (; queue_.left_out(); queue_.told_left_out()) {
      for (uint32_t i = 0; i < queue_.left_out()->count; ++i)
        frames.push_back((queue_.left_out()->first + i).value());
    }
    return frames;
  }

  SendQueue queue_;
  uint64_t finished_ = 0;
};

TEST_F(SendQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_FALSE(queue_.full());
  EXPECT_EQ(queue_.current(), nullptr);
  EXPECT_FALSE(queue_.last_begun());
}

TEST_F(SendQueueTest, SendsAUnitSymbolBySymbolToItsEnd) {
  offer(1);
  EXPECT_THAT(send(9), ElementsAre("1:0", "1:1", "1:2"));
  EXPECT_EQ(finished_, 1u);
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.last_begun(), Sequence(1));
}

TEST_F(SendQueueTest, NewerUnitTakesThePlaceOfOneThatHasNotBegun) {
  offer(1);
  offer(2);
  offer(3);
  EXPECT_EQ(send_all(), Numbers{3});
  EXPECT_THAT(left_out(), ElementsAre(1, 2));
}

TEST_F(SendQueueTest, UnitThatHasBegunIsSentToItsEnd) {
  offer(1);
  send(1);
  offer(2);
  offer(3);
  EXPECT_THAT(send(9), ElementsAre("1:1", "1:2", "3:0", "3:1", "3:2"));
  EXPECT_THAT(left_out(), ElementsAre(2));
}

TEST_F(SendQueueTest, UnitThatWasLookedAtButNotSentHasNotBegun) {
  offer(1);
  ASSERT_NE(queue_.current(), nullptr);
  offer(2);
  EXPECT_EQ(send_all(), Numbers{2});
  EXPECT_THAT(left_out(), ElementsAre(1));
}

TEST_F(SendQueueTest, UnitMayGrowWhileItIsSent) {
  const auto growing = unit(1, 1, false);
  queue_.offer(growing);
  EXPECT_THAT(send(9), ElementsAre("1:0"));
  EXPECT_FALSE(queue_.empty());
  growing->symbols.resize(3);
  growing->complete = true;
  EXPECT_THAT(send(9), ElementsAre("1:1", "1:2"));
  EXPECT_EQ(finished_, 1u);
}

TEST_F(SendQueueTest, UnitWhoseEndIsKnownAfterItsLastSymbolMakesRoomForTheNext) {
  const auto growing = unit(1, 2, false);
  queue_.offer(growing);
  send(2);
  offer(2);
  EXPECT_EQ(queue_.current(), nullptr);
  growing->complete = true;
  EXPECT_EQ(send_all(), Numbers{2});
  EXPECT_THAT(left_out(), IsEmpty());
}

TEST_F(SendQueueTest, UnitAbandonedOnItsWayIsLeftOutAndTheNextFollows) {
  const auto growing = unit(1, 2, false);
  queue_.offer(growing);
  send(1);
  offer(2);
  growing->abandoned = growing->complete = true;
  EXPECT_EQ(send_all(), Numbers{2});
  EXPECT_THAT(left_out(), ElementsAre(1));
}

TEST_F(SendQueueTest, UnitAbandonedWhileItWaitsIsNotBegun) {
  offer(1);
  send(1);
  const auto waiting = unit(2, 2, false);
  queue_.offer(waiting);
  waiting->abandoned = waiting->complete = true;
  EXPECT_THAT(send(9), ElementsAre("1:1", "1:2"));
  EXPECT_THAT(left_out(), ElementsAre(2));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(SendQueueTest, BacklogOfAStalledReceiverIsOneUnit) {
  offer(1);
  send(1);
  for (uint32_t n = 2; n <= 60; ++n) offer(n);
  EXPECT_THAT(left_out(), IsEmpty())
      << "unit 1 is not sent yet: what was left out after it is not told before";
  EXPECT_EQ(send_all(), (Numbers{1, 60}));
  EXPECT_EQ(left_out().size(), 58u);
}

class EverySendQueueTest : public SendQueueTest {
 protected:
  EverySendQueueTest() : SendQueueTest(Mode::every) {}
};

TEST_F(EverySendQueueTest, SendsInOrderAndLeavesOutNothingThatFits) {
  for (uint32_t n = 1; n <= 8; ++n) EXPECT_TRUE(offer(n));
  EXPECT_EQ(send_all(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_THAT(left_out(), IsEmpty());
  EXPECT_EQ(finished_, 8u);
}

TEST_F(EverySendQueueTest, NewestIsLeftOutWhereThereIsNoRoom) {
  for (uint32_t n = 1; n <= 8; ++n) offer(n);
  EXPECT_TRUE(queue_.full());
  EXPECT_FALSE(offer(9));
  EXPECT_THAT(left_out(), IsEmpty()) << "told in its place, behind the eight";
  EXPECT_EQ(send_all(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_THAT(left_out(), ElementsAre(9));
}

TEST_F(EverySendQueueTest, GoesNoFurtherBeyondWhatWasTakenThanItMay) {
  for (uint32_t n = 1; n <= 8; ++n) offer(n);
  EXPECT_EQ(send_all().size(), 8u);
  offer(9);
  offer(10);
  EXPECT_EQ(queue_.current(), nullptr);
  queue_.taken(Sequence(1));
  EXPECT_EQ(send_all(), Numbers{9});
  queue_.taken(Sequence(9));
  EXPECT_EQ(send_all(), Numbers{10});
}

TEST_F(EverySendQueueTest, CountsFromWhereTheReceiverJoined) {
  for (uint32_t n = 0xFFFFFFFE; n != 8; ++n) offer(n);
  EXPECT_EQ(send_all().size(), 8u);
}

// Frames that were left out are not on their way: when all that was sent is taken, the next may leave.
TEST_F(EverySendQueueTest, LongRunOfLeftOutFramesDoesNotHoldUpTheNext) {
  for (uint32_t n = 1; n <= 8; ++n) offer(n);
  for (uint32_t n = 9; n <= 30; ++n) EXPECT_FALSE(offer(n));
  EXPECT_EQ(send_all().size(), 8u);
  offer(31);
  queue_.taken(Sequence(7));
  EXPECT_EQ(queue_.current(), nullptr);
  queue_.taken(Sequence(8));
  EXPECT_EQ(send_all(), Numbers{31});
}

TEST_F(SendQueueTest, DependentUnitsBeginWithAKeyFrame) {
  EXPECT_TRUE(queue_.wants_key());
  offer_dependent(1);
  offer_dependent(2);
  EXPECT_TRUE(queue_.wants_key());
  offer(3);
  EXPECT_FALSE(queue_.wants_key());
  offer_dependent(4);
  EXPECT_THAT(send_all(), ElementsAre(3, 4));
  EXPECT_THAT(left_out(), ElementsAre(1, 2));
  EXPECT_FALSE(queue_.wants_key());
}

TEST_F(SendQueueTest, SomeDependentUnitsWaitAndThenNoneIsWorthIt) {
  offer(1);
  send(1);
  for (uint32_t frame = 2; frame < 6; ++frame) offer_dependent(frame);
  EXPECT_TRUE(queue_.full()) << "for whoever asks whether to encode a further one";
  EXPECT_THAT(left_out(), IsEmpty());
  offer_dependent(6);
  offer_dependent(7);
  EXPECT_FALSE(queue_.wants_key()) << "there is no room for one yet";
  EXPECT_THAT(send_all(), ElementsAre(1));
  EXPECT_THAT(left_out(), ElementsAre(2, 3, 4, 5, 6, 7));
  EXPECT_TRUE(queue_.wants_key());
  offer(8);
  offer_dependent(9);
  EXPECT_THAT(send_all(), ElementsAre(8, 9));
}

TEST_F(SendQueueTest, KeyFrameTakesThePlaceOfDependentOnes) {
  offer(1);
  send(1);
  offer_dependent(2);
  offer_dependent(3);
  offer(4);
  offer_dependent(5);
  EXPECT_THAT(send_all(), ElementsAre(1, 4, 5));
  EXPECT_THAT(left_out(), ElementsAre(2, 3));
}

TEST_F(SendQueueTest, WhatDependsOnAUnitThatWasGivenUpIsLeftOut) {
  offer(1);
  const auto growing = unit(2, 1, false);
  growing->key = false;
  queue_.offer(growing);
  offer_dependent(3);
  growing->abandoned = growing->complete = true;
  EXPECT_THAT(send_all(), ElementsAre(1));
  EXPECT_TRUE(queue_.wants_key());
  offer_dependent(4);
  EXPECT_THAT(send_all(), IsEmpty());
  EXPECT_THAT(left_out(), ElementsAre(2, 3, 4));
}

TEST_F(SendQueueTest, CutLeavesOutWhatWaitsUntilAKeyFrame) {
  EXPECT_FALSE(queue_.cut()) << "nothing is there";
  offer(1);
  send_all();
  offer_dependent(2);
  EXPECT_TRUE(queue_.cut());
  EXPECT_FALSE(queue_.cut());
  EXPECT_TRUE(queue_.wants_key());
  offer_dependent(3);
  offer(4);
  EXPECT_EQ(queue_.newest_key(), Sequence(4));
  EXPECT_THAT(send_all(), ElementsAre(4));
  EXPECT_THAT(left_out(), ElementsAre(2, 3));
}

TEST_F(SendQueueTest, WhereEachIsAKeyFrameThereIsNothingToCut) {
  offer(1);
  EXPECT_FALSE(queue_.cut());
  EXPECT_THAT(send_all(), ElementsAre(1));
}

}  // namespace
}  // namespace glimt::packetize

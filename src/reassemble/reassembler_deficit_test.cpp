// When something is asked for, when again, and when not.
#include "support/reassembly.hpp"

namespace glimt::test {
namespace {

using testing::IsEmpty;

// Round trip 10 ms; a frame has ten packets, every 33 ms one.
class ReassemblerDeficitTest : public ReassemblyTest {
 protected:
  ReassemblerDeficitTest() {
    options_.mode = Mode::every;
    options_.latency = 100ms;
    reassembler().set_rtt(10ms);
  }
  FramePackets& coded(uint32_t number, uint8_t rows = 0, bool says_k = true) {
    FramePackets::Options options;
    options.rows = rows;
    options.says_k = says_k;
    return frame(number, {600}, options);
  }
  // All packets but those that are lost.
  void send(uint32_t number, const std::vector<size_t>& lost = {}, uint8_t rows = 0, bool says_k = true) {
    const size_t size = coded(number, rows, says_k).size();
    for (size_t i = 0; i < size; ++i) {
      if (std::find(lost.begin(), lost.end(), i) == lost.end()) {
        deliver(number, {i});
      } else {
        lose(1);
      }
    }
  }
  void parity(uint32_t number, uint8_t row) { push(frames_.at(number).parity(0, row, 20)); }
  static std::vector<int> said(const std::vector<wire::Deficit>& deficits) {
    std::vector<int> all;
    for (const auto& d : deficits) {
      all.insert(all.end(), {static_cast<int>(d.frame.value()), d.block, d.have, d.round});
    }
    return all;
  }
};
using Said = std::vector<int>;  // frame, block, have, round

TEST_F(ReassemblerDeficitTest, NothingIsAskedForWhereNothingIsLost) {
  for (uint32_t n = 1; n <= 20; ++n) {
    send(n);
    wait(33ms);
  }
  EXPECT_THAT(deficits(), IsEmpty());
  EXPECT_EQ(counters().whole, 20u);
  EXPECT_EQ(counters().asked, 0u);
}

TEST_F(ReassemblerDeficitTest, PauseWithinAFrameIsNoLoss) {
  coded(1);
  for (size_t i = 0; i < frames_.at(1).size(); ++i) {
    deliver(1, {i});
    wait(8ms);
  }
  EXPECT_THAT(deficits(), IsEmpty());
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerDeficitTest, GapIsAskedForOnceItIsOlderThanTheReorderWindow) {
  send(1, {3, 4});
  const auto have = static_cast<int>(frames_.at(1).size()) - 2;
  wait(1ms);
  EXPECT_THAT(deficits(), IsEmpty());
  wait(1ms);
  EXPECT_EQ(said(deficits()), (Said{1, 0, have, 1}));
  wait(5ms);
  EXPECT_THAT(deficits(), IsEmpty()) << "the answer is on its way";
}

TEST_F(ReassemblerDeficitTest, GapThatParityMayStillCloseIsNot) {
  send(1, {3, 4}, 2);
  wait(20ms);
  EXPECT_THAT(deficits(), IsEmpty());
  parity(1, 0);
  parity(1, 1);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerDeficitTest, GapWiderThanThePlannedParityIsAskedForByWhatItIsWider) {
  send(1, {3, 4, 5}, 2);
  wait(2ms);
  const auto k = static_cast<int>(frames_.at(1).size());
  EXPECT_EQ(said(deficits()), (Said{1, 0, k - 1, 1}));
}

TEST_F(ReassemblerDeficitTest, LostEndIsAskedForWhenTheNextFrameBegins) {
  const size_t last = coded(1).size() - 1;
  send(1, {last});
  wait(33ms);
  EXPECT_THAT(deficits(), IsEmpty()) << "on a clean link a pause is no sign";
  coded(2);
  deliver(2, {0});
  wait(2ms);
  EXPECT_EQ(said(deficits()), (Said{1, 0, static_cast<int>(last), 1}));
}

TEST_F(ReassemblerDeficitTest, LostEndIsAskedForAtOnceWherePacketsWereLostBefore) {
  send(1, {3});
  wait(2ms);
  deficits();
  parity(1, 0);
  EXPECT_EQ(released(), Numbers{1});
  wait(31ms);
  const size_t last = coded(2).size() - 1;
  send(2, {last});
  wait(2ms);
  EXPECT_EQ(said(deficits()), (Said{2, 0, static_cast<int>(last), 1}));
}

TEST_F(ReassemblerDeficitTest, FrameOfWhichNothingCameIsAskedForAsAWhole) {
  send(1);
  wait(33ms);
  lose(10);
  coded(2);
  wait(33ms);
  send(3);
  wait(0ms);
  const auto asked = deficits();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].frame, Sequence(2));
  EXPECT_TRUE(asked[0].every_block);
  for (uint8_t row = 0; row < frames_.at(2).size(); ++row) parity(2, row);
  EXPECT_EQ(released(), (Numbers{1, 2, 3}));
}

TEST_F(ReassemblerDeficitTest, AnswerThatIsNotEnoughIsFollowedByAnotherRound) {
  send(1, {3, 4, 5});
  const auto k = static_cast<int>(frames_.at(1).size());
  wait(2ms);
  EXPECT_EQ(said(deficits()), (Said{1, 0, k - 3, 1}));
  wait(10ms);
  parity(1, 0);
  wait(2ms);
  EXPECT_THAT(deficits(), IsEmpty()) << "more of the answer may come";
  wait(1ms);
  EXPECT_EQ(said(deficits()), (Said{1, 0, k - 2, 2}));
}

TEST_F(ReassemblerDeficitTest, AnswerThatNeverCameIsFollowedByAnotherRound) {
  send(1, {3});
  wait(2ms);
  EXPECT_EQ(deficits().size(), 1u);
  wait(14ms);
  EXPECT_THAT(deficits(), IsEmpty());
  wait(4ms);
  ASSERT_EQ(deficits().size(), 1u);
}

TEST_F(ReassemblerDeficitTest, NothingIsAskedForWhereTheAnswerWouldBeTooLate) {
  reassembler().set_rtt(99ms);
  send(1, {3});
  wait(33ms);
  EXPECT_THAT(deficits(), IsEmpty());
  EXPECT_EQ(counters().too_late, 1u);
}

TEST_F(ReassemblerDeficitTest, LastRoundIsCalledSo) {
  reassembler().set_rtt(40ms);
  send(1, {3});
  wait(99ms);
  const auto asked = deficits();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_FALSE(asked[0].last_round);
  EXPECT_TRUE(asked[1].last_round);
}

TEST_F(ReassemblerDeficitTest, WindowGrowsWithWhatIsOvertaken) {
  send(1, {3});
  const uint64_t missing = 4;
  wait(1ms);
  auto late = frames_.at(1).packet(3, now_);
  late.header.number = missing;
  wait(7ms);
  deficits();  // this one was asked for in vain
  reassembler().push(late, now_, output_);
  EXPECT_EQ(released(), Numbers{1});
  wait(25ms);
  for (uint32_t n = 2; n <= 5; ++n) {
    const uint64_t held_back = number_ + 4;
    send(n, {3});
    wait(9ms);
    auto again = frames_.at(n).packet(3, now_);
    again.header.number = held_back;
    reassembler().push(again, now_, output_);
    wait(24ms);
  }
  EXPECT_THAT(deficits(), IsEmpty());
  EXPECT_EQ(counters().whole, 5u);
}

TEST_F(ReassemblerDeficitTest, WhatTheSenderLeftOutIsNotAskedFor) {
  send(1);
  wait(33ms);
  skip(2, 1);
  wait(33ms);
  send(3);
  wait(33ms);
  EXPECT_THAT(deficits(), IsEmpty());
}

TEST_F(ReassemblerDeficitTest, StripThatIsStillEncodedIsNotMissed) {
  send(1, {3});  // packets are lost here
  wait(2ms);
  deficits();
  parity(1, 0);
  wait(31ms);
  coded(2, 0, false);
  deliver(2, {0, 1, 2});
  wait(20ms);
  EXPECT_THAT(deficits(), IsEmpty());
}

TEST_F(ReassemblerDeficitTest, NothingIsAskedForOfAReliableOrAOneWayLink) {
  for (const bool reliable : {true, false}) {
    options_.reliable = reliable;
    options_.repairs = false;
    reassemble::Reassembler other(options_);
    auto& packets = coded(1);
    other.push(packets.packet(0, now_), now_, output_);
    EXPECT_TRUE(reliable ? other.next_deadline() == Instant::max() : other.next_deadline() > now_ + 20ms);
    other.expire(now_ + 20ms, output_);
    EXPECT_FALSE(other.take_deficit());
    other.abandon_all(output_);
  }
}

// Frames come each 33 ms, and one has lost something.
class FrameAheadTest : public ReassemblerDeficitTest {
 protected:
  FrameAheadTest() {
    for (uint32_t n = 1; n <= 20; ++n) {
      send(n, n == 20 ? std::vector<size_t>{3} : std::vector<size_t>{});
      if (n == 20) parity(20, 0);
      if (n < 20) wait(33ms);
    }
    EXPECT_THAT(deficits(), IsEmpty());
    released();
  }
};

TEST_F(FrameAheadTest, FrameThatWasLostWholeIsAskedForWhenItShouldHaveBegun) {
  wait(34ms);
  EXPECT_THAT(deficits(), IsEmpty()) << "it may be on its way around others";
  wait(1ms);
  const auto asked = deficits();
  EXPECT_EQ(said(asked), (Said{21, 0, 0, 1}));
  EXPECT_TRUE(asked[0].every_block);
  coded(21);
  lose(10);
  for (uint8_t row = 0; row < 10; ++row) parity(21, row);
  EXPECT_EQ(released(), Numbers{21});
}

TEST_F(FrameAheadTest, WhatTheSenderNeverMadeIsNotLost) {
  wait(1s);
  for (const auto& d : deficits()) EXPECT_EQ(d.frame, Sequence(21));
  send(21);
  EXPECT_EQ(released(), Numbers{21});
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(FrameAheadTest, FrameThatIsLateIsAskedForNoMore) {
  wait(35ms);
  EXPECT_EQ(said(deficits()), (Said{21, 0, 0, 1}));
  send(21);
  wait(20ms);
  EXPECT_THAT(deficits(), IsEmpty());
  EXPECT_EQ(released(), Numbers{21});
}

TEST_F(FrameAheadTest, FrameThatIsLateAndLosesSomethingIsAskedForAnew) {
  wait(35ms);
  deficits();
  send(21, {3, 4});
  wait(2ms);
  EXPECT_EQ(said(deficits()), (Said{21, 0, static_cast<int>(frames_.at(21).size()) - 2, 2}));
}

TEST_F(FrameAheadTest, QuestionStandsUntilItsAnswerBegins) {
  wait(35ms);
  const auto asked = deficits();
  EXPECT_TRUE(reassembler().awaits(asked[0]));
  wait(8ms);
  EXPECT_TRUE(reassembler().awaits(asked[0]));
  coded(21);
  parity(21, 0);
  EXPECT_FALSE(reassembler().awaits(asked[0]));
}

}  // namespace
}  // namespace glimt::test

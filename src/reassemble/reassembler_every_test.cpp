#include "reassemble/reassembler.hpp"
#include "support/reassembly.hpp"

namespace glimt::reassemble {
namespace {

using namespace test;

class ReassemblerEveryTest : public ReassemblyTest {
 protected:
  ReassemblerEveryTest() { options_.mode = Mode::every; }
};

TEST_F(ReassemblerEveryTest, HoldsAWholeFrameBehindAnOlderOneUntilThatOneIsOverdue) {
  deliver(1, {0, 1});
  wait(10ms);
  deliver(2);

  wait(30ms - 1ns);
  EXPECT_EQ(released(), Numbers{});
  wait(1ns);  // the deadline of frame 1
  EXPECT_EQ(released(), Numbers{2});
  EXPECT_EQ(fates(), (Lines{"failed 1", "complete 2"}));
}

TEST_F(ReassemblerEveryTest, ReleasesInOrderWhateverTheOrderOfArrival) {
  deliver(1, {0, 1});
  deliver(3);
  deliver(2);
  EXPECT_EQ(released(), Numbers{});
  deliver(1, {2});
  EXPECT_EQ(released(), (Numbers{1, 2, 3}));
  EXPECT_EQ(counters().late, 0u);
}

TEST_F(ReassemblerEveryTest, NextFrameBeginsWhenTheOneBeforeHasEnded) {
  frame(1, {10, 10});
  frame(2, {10, 10});
  deliver(1, {0});
  deliver(2, {0});
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0"}));
  deliver(1, {1});
  EXPECT_EQ(events(), (Lines{"strip 1/1", "end 1", "begin 2", "strip 2/0"}));
}

TEST_F(ReassemblerEveryTest, OverdueFrameThatHadBegunIsAbandonedAndTheNextHasItsTurn) {
  frame(1, {10, 10});
  deliver(1, {0});
  deliver(2);
  wait(40ms);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "abandon 1", "begin 2", "strip 2/0", "end 2"}));
}

TEST_F(ReassemblerEveryTest, EachFrameHasADeadlineOfItsOwn) {
  deliver(1, {0});
  wait(10ms);
  deliver(2, {0});
  wait(10ms);
  deliver(3);
  wait(20ms);
  EXPECT_EQ(fates(), Lines{"failed 1"});
  EXPECT_EQ(released(), Numbers{});
  wait(10ms);
  EXPECT_EQ(fates(), (Lines{"failed 2", "complete 3"}));
}

TEST_F(ReassemblerEveryTest, SkippedFrameIsNotWaitedFor) {
  deliver(1);
  deliver(3);
  EXPECT_EQ(released(), Numbers{1});
  skip(2, 1);
  EXPECT_EQ(released(), Numbers{3});
  EXPECT_EQ(counters().skipped, 1u);
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(ReassemblerEveryTest, SkipMayComeBeforeTheFramesBehindIt) {
  deliver(1);
  skip(2, 3);
  deliver(5);
  EXPECT_EQ(released(), (Numbers{1, 5}));
  EXPECT_EQ(counters().skipped, 3u);
  wait(1s);
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(ReassemblerEveryTest, SkippedFrameThatHadBegunIsAbandoned) {
  frame(1, {10, 10});
  deliver(1, {0});
  skip(1, 1);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "abandon 1"}));
  deliver(1, {1});
  EXPECT_EQ(counters().stale, 1u);
}

TEST_F(ReassemblerEveryTest, SkipOfFramesWhoseFateIsSettledChangesNothing) {
  deliver(1);
  skip(1, 1);
  skip(0xFFFFFFF0, 3);
  EXPECT_EQ(counters().skipped, 0u);
  EXPECT_EQ(counters().whole, 1u);
}

TEST_F(ReassemblerEveryTest, SkipBeforeAnyFrameSaysNothing) {
  skip(1, 5);
  EXPECT_EQ(counters().skipped, 0u);
  deliver(3);
  EXPECT_EQ(released(), Numbers{3});
}

TEST_F(ReassemblerEveryTest, SkipFarAheadIsLeftAlone) {
  deliver(1);
  skip(2 + 256, 1);
  EXPECT_EQ(counters().skipped, 0u);
  deliver(2);
  EXPECT_EQ(released(), (Numbers{1, 2}));
}

TEST_F(ReassemblerEveryTest, LongestSkipLeavesNothingWaiting) {
  deliver(1);
  skip(2, wire::kMaxSkip);
  EXPECT_EQ(counters().skipped, wire::kMaxSkip);
  EXPECT_EQ(reassembler().next_deadline(), Instant::max());
  deliver(2 + wire::kMaxSkip);
  EXPECT_EQ(released(), (Numbers{1, 2 + wire::kMaxSkip}));
}

TEST_F(ReassemblerEveryTest, AbandonAllVoidsWhatHadBegunAndCountsNothingAsLost) {
  frame(1, {10, 10});
  deliver(1, {0});
  deliver(2, {0});
  reassembler().abandon_all(output_);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "abandon 1"}));
  EXPECT_EQ(fates(), Lines{});
  EXPECT_EQ(counters().lost, 0u);
  EXPECT_EQ(reassembler().next_deadline(), Instant::max());
}

TEST_F(ReassemblerEveryTest, JoinsAnewAfterAbandonAll) {
  deliver(100);
  reassembler().abandon_all(output_);
  deliver(3);
  EXPECT_EQ(released(), (Numbers{100, 3}));
}

class ReassemblerReliableTest : public ReassemblerEveryTest {
 protected:
  ReassemblerReliableTest() { options_.reliable = true; }
};

TEST_F(ReassemblerReliableTest, WaitsForAFrameAsLongAsItTakes) {
  deliver(1, {0});
  EXPECT_EQ(reassembler().next_deadline(), Instant::max());
  wait(1h);
  deliver(2);
  EXPECT_EQ(released(), Numbers{});
  deliver(1, {1, 2});
  EXPECT_EQ(released(), (Numbers{1, 2}));
}

TEST_F(ReassemblerReliableTest, FrameThatIsPassedOverWillNotCome) {
  deliver(1);
  deliver(3);
  EXPECT_EQ(released(), (Numbers{1, 3}));
  EXPECT_EQ(fates(), (Lines{"complete 1", "failed 2", "complete 3"}));
}

}  // namespace
}  // namespace glimt::reassemble

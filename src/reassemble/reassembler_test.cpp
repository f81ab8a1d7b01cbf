#include "reassemble/reassembler.hpp"

#include "support/reassembly.hpp"

namespace glimt::reassemble {
namespace {

using namespace test;

class ReassemblerTest : public ReassemblyTest {};  // mode=latest, latency 40 ms, payloads of 64 bytes

TEST_F(ReassemblerTest, WaitsForNothingAtFirst) {
  EXPECT_EQ(reassembler().next_deadline(), Instant::max());
  wait(1h);
  EXPECT_EQ(fates(), Lines{});
}

TEST_F(ReassemblerTest, ReleasesAFrameOfOnePacketAtOnce) {
  frame(7, {1});
  deliver(7);
  EXPECT_EQ(events(), (Lines{"begin 7", "strip 7/0", "end 7"}));
  EXPECT_EQ(fates(), Lines{"complete 7"});
  EXPECT_EQ(counters().whole, 1u);
  EXPECT_EQ(reassembler().next_deadline(), Instant::max());
}

TEST_F(ReassemblerTest, ReleasesAnEmptyStripToo) {
  frame(1, {0});
  deliver(1);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerTest, ReleasesAFrameWhateverTheOrderOfItsPackets) {
  std::vector<size_t> order{0, 1, 2, 3};
  for (uint32_t number = 1; std::next_permutation(order.begin(), order.end()); ++number) {
    frame(number, {200});
    deliver(number, order);
    EXPECT_EQ(released(), Numbers{number});
  }
  EXPECT_EQ(counters().whole, 23u);
}

TEST_F(ReassemblerTest, TakesWholePayloadsWithoutARemainder) {
  for (uint32_t number = 1; number < 200; ++number) {  // the descriptor's bytes stand in front
    frame(number, {number});
    deliver(number);
    EXPECT_EQ(released(), Numbers{number});
  }
}

TEST_F(ReassemblerTest, TakesAFrameOfManyBlocks) {
  FramePackets::Options options;
  options.blocks = 3;
  EXPECT_GT(frame(1, {64 * 500}, options).size(), 3u * 128);  // outgrows its blocks: a further group
  deliver(1);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerTest, TellsRepeatedPacketsFromNewOnes) {
  deliver(1, {0, 0, 1, 0});
  EXPECT_EQ(counters().repeated, 2u);
  deliver(1, {2});
  EXPECT_EQ(released(), Numbers{1});
  deliver(1, {2, 0});  // now that its fate is settled
  EXPECT_EQ(counters().stale, 2u);
  EXPECT_EQ(released(), Numbers{});
}

TEST_F(ReassemblerTest, LosesAFrameExactlyAtItsDeadlineWhenANewerOneIsThere) {
  deliver(1, {0, 2});
  wait(10ms);
  deliver(2, {0});

  wait(30ms - 1ns);
  EXPECT_EQ(fates(), Lines{});
  wait(1ns);  // 40 ms after its capture
  EXPECT_EQ(fates(), Lines{"failed 1"});
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerTest, NewestFrameIsNotOverdueWhileItsPacketsStillCome) {
  frame(1, {300});
  for (size_t i = 0; i < 4; ++i) {
    deliver(1, {i});
    wait(19ms);  // 76 ms in all, with a latency of 40
  }
  EXPECT_EQ(fates(), Lines{});
  wait(1ms);  // 20 ms without any
  EXPECT_EQ(fates(), Lines{"failed 1"});
}

TEST_F(ReassemblerTest, DeadlineCountsFromTheCaptureAndNotFromTheArrival) {
  frame(1);
  now_ += 32ms;  // the sender took so long, and says so
  deliver(1, {0});
  deliver(2, {0});
  wait(8ms - 1ns);
  EXPECT_EQ(fates(), Lines{});
  wait(1ns);
  EXPECT_EQ(fates(), Lines{"failed 1"});
}

TEST_F(ReassemblerTest, WholeNewerFrameIsReleasedPastAnIncompleteOlderOne) {
  deliver(1, {0, 1});
  deliver(2);
  EXPECT_EQ(released(), Numbers{2});
  EXPECT_EQ(fates(), Lines{"complete 2"});
}

TEST_F(ReassemblerTest, OvertakenFrameThatBecomesWholeIsLateAndNotReleased) {
  deliver(1, {0, 1});
  deliver(2);
  wait(39ms);
  deliver(1, {2});
  EXPECT_EQ(released(), Numbers{2});
  EXPECT_EQ(fates(), (Lines{"complete 2", "late 1"}));
  EXPECT_EQ(counters().late, 1u);
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(ReassemblerTest, OvertakenFrameThatNeverComesIsLostAtItsDeadline) {
  deliver(1, {0});
  deliver(2);
  wait(40ms - 1ns);
  EXPECT_EQ(fates(), Lines{"complete 2"});
  wait(1ns);
  EXPECT_EQ(fates(), Lines{"failed 1"});
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerTest, OvertakenFrameIsAbandonedAtOnceWhereItHadBegun) {
  frame(1, {10, 10});
  deliver(1, {0});
  deliver(2);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "begin 2", "strip 2/0", "end 2", "abandon 1"}));
  deliver(1, {1});
  EXPECT_EQ(events(), Lines{});
  EXPECT_EQ(fates(), (Lines{"complete 2", "late 1"}));
}

TEST_F(ReassemblerTest, HandsStripsOnBeforeTheFrameIsWhole) {
  frame(1, {10, 100, 10});
  deliver(1, {0});
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0"}));
  deliver(1, {3});
  EXPECT_EQ(events(), Lines{"strip 1/2"});
  deliver(1, {2, 1});
  EXPECT_EQ(events(), (Lines{"strip 1/1", "end 1"}));
}

TEST_F(ReassemblerTest, HoldsStripsBackUntilTheDescriptorIsThere) {
  frame(1, {100, 10, 10});
  deliver(1, {4, 3, 0});
  EXPECT_EQ(events(), Lines{});
  deliver(1, {2, 1});
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "strip 1/1", "strip 1/2", "end 1"}));
}

TEST_F(ReassemblerTest, TakesAsManyStripsAsAFrameMayHave) {
  frame(1, std::vector<size_t>(255, 70));
  for (size_t i = frames_.at(1).size(); i-- > 0;) deliver(1, {i});
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerTest, StripsThatWereHandedOnKeepTheirBytesWhileTheFrameGrows) {
  frame(1, {10, 60'000});
  deliver(1, {0});
  const auto before = output_.open_strip(1, 0);
  for (size_t i = frames_.at(1).size(); i-- > 1;) deliver(1, {i});  // the last one first: it must grow far
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_EQ(before, frames_.at(1).strips()[0]);
}

TEST_F(ReassemblerTest, GrowsStepByStepWithoutLosingAByte) {
  frame(1, {10, 30'000, 30'000});
  deliver(1);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerTest, SaysWhatTheDescriptorSays) {
  FramePackets::Options options;
  options.width = 100;
  options.height = 50;
  options.metadata = "north";
  frame(3, {30}, options);
  const Instant captured_at = now_;
  now_ += 16ms;
  deliver(3);
  const auto& info = output_.last_info;
  EXPECT_EQ(info.width, 100);
  EXPECT_EQ(info.height, 50);
  EXPECT_EQ(info.number, Sequence(3));
  EXPECT_EQ(info.clock_id, 42u);
  EXPECT_EQ(as_text(info.metadata), "north");
  EXPECT_EQ(info.sender_captured_us, to_us(captured_at));
  EXPECT_EQ(info.stamps.captured_at, captured_at);
  EXPECT_EQ(info.stamps.sent_at, now_);
  EXPECT_EQ(info.stamps.arrived_at, now_);
}

TEST_F(ReassemblerTest, StampsTheFrameWithItsFirstAndLastArrival) {
  deliver(1, {1});
  const Instant first = now_;
  wait(3ms);
  deliver(1, {0, 2});
  EXPECT_EQ(output_.last_info.stamps.arrived_at, first);
  EXPECT_EQ(output_.last_info.stamps.whole_at, first + 3ms);
  EXPECT_EQ(output_.spread_16us, 3000 / 16);
}

TEST_F(ReassemblerTest, CountsAFrameOfWhichNothingCameAsLost) {
  deliver(1);
  deliver(3);
  EXPECT_EQ(released(), (Numbers{1, 3}));
  wait(40ms);
  EXPECT_EQ(fates(), (Lines{"complete 1", "complete 3", "failed 2"}));
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerTest, FramesBeforeTheFirstThatCameAreStale) {
  deliver(5, {0});
  deliver(4);
  EXPECT_EQ(counters().stale, 3u);
  EXPECT_EQ(released(), Numbers{});
}

TEST_F(ReassemblerTest, FrameNumbersWrapAround) {
  for (uint32_t n = 0xFFFFFFFE; n != 3; ++n) deliver(n);
  EXPECT_EQ(released(), (Numbers{0xFFFFFFFE, 0xFFFFFFFF, 0, 1, 2}));
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(ReassemblerTest, JumpBeyondItsWindowLosesWhatWasPassedOverAndGoesOn) {
  deliver(1, {0});
  deliver(1 + 1 + 256);  // the 256 frames between have no slots
  EXPECT_EQ(released(), Numbers{258});
  EXPECT_EQ(counters().lost, 1u + 256);
  deliver(259);
  EXPECT_EQ(released(), Numbers{259});
}

TEST_F(ReassemblerTest, JumpWithinItsWindowStillWaitsForWhatWasPassedOver) {
  deliver(1);
  deliver(1 + 256);
  deliver(2);
  EXPECT_EQ(fates(), (Lines{"complete 1", "complete 257", "late 2"}));
  wait(40ms);
  EXPECT_EQ(counters().lost, 254u);
}

TEST_F(ReassemblerTest, EveryFrameHasOneFate) {
  for (uint32_t n = 1; n <= 2000; ++n) {
    if (n % 7 == 3) deliver(n, {0, 2});
    if (n % 7 != 3 && n % 11 != 5) deliver(n);
    wait(5ms);
    frames_.erase(n - 20);
  }
  wait(1s);
  const auto& c = counters();
  EXPECT_EQ(c.whole + c.lost + c.late, 2000u);
  EXPECT_EQ(fates().size(), 2000u);
}

}  // namespace
}  // namespace glimt::reassemble

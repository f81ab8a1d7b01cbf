#include "reassemble/reassembler.hpp"
#include "support/reassembly.hpp"

namespace glimt::reassemble {
namespace {

using namespace test;

// Packets whose checksums hold and that nevertheless do not fit together.
class HostileSenderTest : public ReassemblyTest {
 protected:
  // A packet of a frame after somebody has bent it.
  template <class Bend>
  void deliver_bent(uint32_t number, size_t i, Bend bend) {
    auto packet = frames_.at(number).packet(i, now_);
    bend(packet);
    push(packet);
  }
  void expect_refused(uint64_t packets) {
    EXPECT_EQ(counters().refused, packets);
    EXPECT_EQ(released(), Numbers{});
  }
  // The frame can still be finished by its honest packets.
  void expect_whole_with(uint32_t number, const std::vector<size_t>& rest) {
    deliver(number, rest);
    EXPECT_EQ(released(), Numbers{number});
  }
};

TEST_F(HostileSenderTest, RefusesAnotherShapeOfTheSameFrame) {
  deliver(1, {0});
  deliver_bent(1, 1, [](auto& p) { p.data.blocks = 2; });
  deliver_bent(1, 1, [](auto& p) { p.data.strips = 2; });
  deliver_bent(1, 1, [](auto& p) { ++p.data.captured_us; });
  expect_refused(3);
  expect_whole_with(1, {1, 2});
}

TEST_F(HostileSenderTest, RefusesAShortSymbolInTheMiddleOfAStrip) {
  deliver(1, {0});
  deliver_bent(1, 1, [](auto& p) {
    --p.prefix.length;
    p.payload = p.payload.first(p.prefix.length);
  });
  expect_refused(1);
  expect_whole_with(1, {1, 2});
}

TEST_F(HostileSenderTest, RefusesASymbolThatIsLongerThanTheSessionsAre) {
  const std::vector<uint8_t> longer(65);
  deliver(1, {0, 1});
  deliver_bent(1, 2, [&](auto& p) {
    p.prefix.length = 65;
    p.payload = longer;
  });
  expect_refused(1);
  expect_whole_with(1, {2});
}

TEST_F(HostileSenderTest, RefusesASecondStartAndASecondEndOfAStrip) {
  frame(1, {300});
  deliver(1, {0, 5});
  deliver_bent(1, 2, [](auto& p) { p.prefix.flags |= wire::kStripStart; });
  deliver_bent(1, 3, [](auto& p) { p.prefix.flags |= wire::kStripEnd; });
  expect_refused(2);
  expect_whole_with(1, {1, 2, 3, 4});
}

TEST_F(HostileSenderTest, RefusesSymbolsBeyondTheEndOfTheFrame) {
  deliver(1, {2});
  deliver_bent(1, 1, [](auto& p) { p.data.index = 3; });
  expect_refused(1);
  expect_whole_with(1, {0, 1});
}

TEST_F(HostileSenderTest, RefusesAnEndOfTheFrameBeforeSymbolsThatCame) {
  frame(1, {300});
  deliver(1, {0, 4});
  deliver_bent(1, 2, [](auto& p) { p.prefix.flags |= wire::kStripEnd | wire::kFrameEnd; });
  expect_refused(1);
  expect_whole_with(1, {1, 2, 3, 5});
}

TEST_F(HostileSenderTest, RefusesAnEndOfTheFrameInAStripThatIsNotTheLast) {
  frame(1, {10, 10});
  deliver_bent(1, 0, [](auto& p) { p.prefix.flags |= wire::kFrameEnd; });
  expect_refused(1);
  expect_whole_with(1, {0, 1});
}

TEST_F(HostileSenderTest, RefusesAFurtherSymbolOfAStripThatIsDone) {
  frame(1, {10, 10});
  deliver(1, {0});
  deliver_bent(1, 1, [](auto& p) { p.prefix.strip = 0; });
  expect_refused(1);
  expect_whole_with(1, {1});
}

TEST_F(HostileSenderTest, StripsWithAGapBetweenThemAreMalformed) {
  frame(1, {10, 10});
  deliver(1, {0});
  deliver_bent(1, 1, [](auto& p) { p.data.index = 2; });
  EXPECT_EQ(counters().malformed, 1u);
  EXPECT_EQ(fates(), Lines{"failed 1"});
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "abandon 1"}));
}

TEST_F(HostileSenderTest, FirstStripThatDoesNotBeginTheFrameIsMalformed) {
  frame(1, {1});
  deliver_bent(1, 0, [](auto& p) { p.data.index = 1; });
  EXPECT_EQ(counters().malformed, 1u);
  EXPECT_EQ(fates(), Lines{"failed 1"});
}

TEST_F(HostileSenderTest, StripWithSymbolsBeforeItsStartIsMalformed) {
  frame(1, {10, 200});
  deliver(1, {0});
  deliver_bent(1, 1, [](auto& p) { p.prefix.flags &= ~wire::kStripStart; });
  deliver_bent(1, 2, [](auto& p) { p.prefix.flags |= wire::kStripStart; });
  deliver(1, {4});  // from start to end as many as came, and one of them lies in front
  EXPECT_EQ(counters().malformed, 1u);
}

TEST_F(HostileSenderTest, DescriptorThatContradictsItsPacketsIsMalformed) {
  frame(1, {1});
  deliver_bent(1, 0, [](auto& p) { p.data.captured_us += 1; });
  EXPECT_EQ(counters().malformed, 1u);
  frame(2, {1});
  deliver_bent(2, 0, [](auto& p) {
    p.data.strips = 2;
    p.prefix.flags = wire::kStripStart | wire::kStripEnd;
  });
  EXPECT_EQ(counters().malformed, 2u);
  EXPECT_EQ(released(), Numbers{});
}

TEST_F(HostileSenderTest, DescriptorThatIsLongerThanItsStripIsMalformed) {
  frame(1, {1});
  deliver_bent(1, 0, [](auto& p) {
    p.payload = p.payload.first(3);
    p.prefix.length = 3;
  });
  EXPECT_EQ(counters().malformed, 1u);
  EXPECT_EQ(fates(), Lines{"failed 1"});
}

TEST_F(HostileSenderTest, PictureOverTheLimitIsMalformedBeforeAnythingIsHandedOn) {
  FramePackets::Options options;
  options.width = 1024;
  options.height = 1024;
  frame(1, {1}, options);
  options.height = 1025;  // the limit is a megabyte
  frame(2, {1}, options);
  deliver(1);
  EXPECT_EQ(released(), Numbers{1});
  deliver(2);
  EXPECT_EQ(counters().malformed, 1u);
  EXPECT_EQ(released(), Numbers{});
}

TEST_F(HostileSenderTest, RefusesSymbolsBeyondTheLimitOfAFrame) {
  FramePackets::Options options;
  options.blocks = 10;  // 64 KB are 1024 symbols of 64 bytes
  frame(1, {64 * 1100}, options);
  deliver(1, {0, 1024});
  EXPECT_EQ(counters().refused, 0u);
  deliver(1, {1025});
  expect_refused(1);
}

TEST_F(HostileSenderTest, MalformedFrameDoesNotDisturbItsNeighbours) {
  frame(2, {1});
  deliver(1, {0, 1});
  deliver_bent(2, 0, [](auto& p) { p.data.index = 1; });
  deliver(3);
  deliver(1, {2});
  EXPECT_EQ(released(), Numbers{3});
  EXPECT_EQ(fates(), (Lines{"failed 2", "complete 3", "late 1"}));
}

TEST_F(HostileSenderTest, SeventeenthFrameInFlightCostsTheOldest) {
  for (uint32_t n = 1; n <= 17; ++n) deliver(n, {0});
  EXPECT_EQ(fates(), Lines{"failed 1"});
  deliver(17, {1, 2});
  EXPECT_EQ(released(), Numbers{17});
}

TEST_F(HostileSenderTest, FrameThatWasOvertakenGivesWayFirst) {
  deliver(1);
  for (uint32_t n = 2; n <= 9; ++n) deliver(n, {0});
  deliver(10);
  for (uint32_t n = 11; n <= 19; ++n) deliver(n, {0});
  EXPECT_EQ(fates(), (Lines{"complete 1", "complete 10", "failed 2"}));
}

// Frames that announce their last symbol first take all the memory they may, each with a few packets.
TEST_F(HostileSenderTest, HeldFramesStayWithinTheirBoundWhateverTheirSizes) {
  FramePackets::Options options;
  options.blocks = 10;
  uint32_t n = 1;
  for (; n <= 8; ++n) deliver(n, {0});  // old and small: giving these up frees nothing
  for (; n <= 16; ++n) {
    frame(n, {64 * 1000}, options);
    deliver(n, {0, 1000});
  }
  size_t large = 0;
  for (uint32_t i = 9; i <= 16; ++i) {
    const auto before = counters().repeated;
    deliver(i, {0});  // repeated where it is still held, stale where it was given up
    large += counters().repeated - before;
  }
  EXPECT_LE(large, Reassembler::kMaxHeldUnits);
  EXPECT_GE(large, 1u);
}

TEST_F(HostileSenderTest, OldestFrameGivesWayWhenTheBoundIsMet) {
  FramePackets::Options options;
  options.blocks = 10;
  for (uint32_t n = 1; n <= 4; ++n) {
    frame(n, {64 * 1000}, options);
    deliver(n, {0, 1000});
  }
  EXPECT_EQ(fates(), Lines{"failed 1"});
}

}  // namespace
}  // namespace glimt::reassemble

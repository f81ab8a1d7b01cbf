// Frames that lack strips for good.
#include "support/reassembly.hpp"

namespace glimt::test {
namespace {

using testing::IsEmpty;

// Headers of a JPEG, and in the second packet of its strip what they are about.
std::string jpeg_headers() {
  std::string bytes(
      "\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x08\x00\x08\x01\x01\x11\x00\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00",
      25);
  return bytes + std::string(150, 'e');
}

class ReassemblerConcealTest : public ReassemblyTest {
 protected:
  // Of three strips; the frame has one packet more than its strips take with the descriptor.
  FramePackets& pictures(uint32_t number, Codec codec = Codec::jpeg, bool key = true) {
    FramePackets::Options options;
    options.codec = codec;
    options.key = key;
    options.captured_at = now_;
    return frames_
        .insert_or_assign(
            number,
            FramePackets(number, {jpeg_headers(), std::string(40, 'b'), std::string(50, 'c')}, options))
        .first->second;
  }
  // All packets but those of one strip, or its last.
  void send_without(uint32_t number, uint8_t strip, bool last_only = false) {
    const auto& frame = frames_.at(number);
    for (size_t i = 0; i < frame.size(); ++i) {
      const auto packet = frame.packet(i, now_);
      const bool is_last = packet.prefix.flags & wire::kStripEnd;
      if (packet.prefix.strip == strip && (!last_only || is_last)) {
        lose(1);
      } else {
        push(packet);
      }
    }
  }
};

TEST_F(ReassemblerConcealTest, FrameIsHandedOnWithoutAStripWhenItIsOverdue) {
  pictures(1);
  send_without(1, 1);
  wait(39ms);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "strip 1/2"}));
  wait(1ms);
  EXPECT_EQ(events(), Lines{"end 1 without 1"});
  EXPECT_EQ(fates(), Lines{"failed 1"});
  EXPECT_EQ(counters().concealed, 1u);
  EXPECT_EQ(counters().lost + counters().whole, 0u);
}

TEST_F(ReassemblerConcealTest, WhereOnlyWholeFramesAreWantedItIsNot) {
  options_.whole_only = true;
  pictures(1);
  send_without(1, 1);
  wait(40ms);
  EXPECT_EQ(events(), (Lines{"begin 1", "strip 1/0", "strip 1/2", "abandon 1"}));
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerConcealTest, OfTheFirstStripItsHeadersAreEnough) {
  pictures(1);
  send_without(1, 0, true);
  wait(40ms);
  EXPECT_EQ(events(), (Lines{"begin 1", "headers 1/0", "strip 1/1", "strip 1/2", "end 1 without 0"}));
}

TEST_F(ReassemblerConcealTest, WithoutItsHeadersAFrameIsLost) {
  pictures(1);
  send_without(1, 0);
  wait(40ms);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerConcealTest, RawAndDependentFramesAreLost) {
  pictures(1, Codec::raw);
  send_without(1, 1);
  pictures(2, Codec::h264, false);
  send_without(2, 1);
  wait(60ms);
  EXPECT_EQ(counters().lost, 2u);
  EXPECT_EQ(counters().concealed, 0u);
}

TEST_F(ReassemblerConcealTest, LatestNewerWholeFrameComesBefore) {
  pictures(1);
  send_without(1, 1);
  wait(10ms);
  pictures(2);
  deliver(2);
  wait(60ms);
  EXPECT_EQ(released(), Numbers{2});
  EXPECT_EQ(counters().concealed, 0u);
}

TEST_F(ReassemblerConcealTest, EveryFramesKeepTheirOrder) {
  options_.mode = Mode::every;
  pictures(1);
  send_without(1, 1);
  wait(10ms);
  pictures(2);
  deliver(2);
  EXPECT_EQ(released(), Numbers{});
  wait(30ms);
  EXPECT_EQ(released(), (Numbers{1, 2}));
  EXPECT_EQ(fates(), (Lines{"failed 1", "complete 2"}));
}

TEST_F(ReassemblerConcealTest, WhatCannotBeAskedForIsGivenUpWhenALaterFrameHasBegun) {
  options_.repairs = false;
  options_.latency = 200ms;
  pictures(1);
  send_without(1, 1);
  wait(33ms);
  EXPECT_EQ(released(), Numbers{});
  pictures(2);
  push(frames_.at(2).packet(0, now_));
  wait(2ms);
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_THAT(deficits(), IsEmpty());
}

TEST_F(ReassemblerConcealTest, AndWhereAFrameWasLostWholeTheNextOneGoesOn) {
  options_.repairs = false;
  options_.mode = Mode::every;
  options_.latency = 200ms;
  pictures(1);
  deliver(1);
  pictures(3);
  lose(5);
  deliver(3);
  wait(2ms);
  EXPECT_EQ(released(), (Numbers{1, 3}));
  EXPECT_EQ(counters().lost, 1u);
}

// One strip of ten packets: nothing of it can be concealed. Nobody can be asked, and packets were lost lately.
class ReassemblerOneWayTest : public ReassemblyTest {
 protected:
  ReassemblerOneWayTest() {
    options_.repairs = false;
    options_.latency = 200ms;
    coded(1);
    send(1, {0, 1, 2, 4, 5, 6, 7, 8, 9});
    parity(1);
    EXPECT_EQ(released(), Numbers{1});
    wait(33ms);
  }
  void coded(uint32_t number) { frame(number, {600}); }
  void send(uint32_t number, const std::vector<size_t>& packets) {
    for (const size_t i : packets) deliver(number, {i});
    lose(frames_.at(number).size() - packets.size());
  }
  void parity(uint32_t number) { push(frames_.at(number).parity(0, 0, 20)); }
};

TEST_F(ReassemblerOneWayTest, PauseWithinAFrameIsWaitedOut) {
  coded(2);
  deliver(2, {0, 1, 2});
  wait(40ms);  // longer than any that is taken for the end
  send(2, {4, 5, 6, 7, 8, 9});
  wait(40ms);
  parity(2);
  EXPECT_EQ(released(), Numbers{2});
  EXPECT_EQ(counters().lost + counters().too_late, 0u);
}

TEST_F(ReassemblerOneWayTest, ButNotOnceALaterFrameHasBegun) {
  coded(2);
  deliver(2, {0, 1, 2});
  wait(40ms);
  EXPECT_EQ(counters().lost, 0u);
  coded(3);
  deliver(3, {0});
  wait(20ms);
  EXPECT_EQ(counters().lost, 1u);
}

TEST_F(ReassemblerOneWayTest, NorBeyondTheDeadline) {
  coded(2);
  deliver(2, {0, 1, 2});
  wait(199ms);
  EXPECT_EQ(counters().lost, 0u);
  wait(2ms);
  EXPECT_EQ(counters().lost, 1u);
}

}  // namespace
}  // namespace glimt::test

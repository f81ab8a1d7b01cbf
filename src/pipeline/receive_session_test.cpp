#include "pipeline/receive_session.hpp"

#include <map>

#include "support/sessions.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;
using Numbers = std::vector<uint32_t>;

struct CountingSink final : media::StripSink {
  void begin(const Ref<media::AccessUnit>& unit) override { last = unit->info; }
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>& unit) override { ended.push_back(unit->info.number.value()); }
  void abandon(const Ref<media::AccessUnit>& unit) override {
    abandoned.push_back(unit->info.number.value());
  }
  Numbers ended, abandoned;
  media::UnitInfo last;
};

// A receiver that listens, with a sender by hand; symbols of 68 bytes, a frame is three packets.
class ReceiveSessionTest : public ::testing::Test {
 protected:
  explicit ReceiveSessionTest(Mode mode = Mode::latest)
      : session_({},
                 Association({.role = wire::Role::receiver, .connects = false, .clock_id = own_clock_}, kOwn),
                 {.mode = mode, .latency = 40ms}, sink_) {
    session_.association.accept(hello_of(wire::Role::sender, 500, kOwn), now_, out_);
    session_.start(0);
    out_.clear();
  }

  void deliver(uint32_t frame, const std::vector<size_t>& packets = {0, 1, 2}, bool key = true) {
    if (!frames_.contains(frame)) {
      FramePackets::Options options;
      options.key = key;
      options.captured_at = now_;
      frames_.emplace(frame, FramePackets(frame, {std::string(130, 'x')}, options));
    }
    for (const size_t i : packets) {
      const auto packet = frames_.at(frame).packet(i, now_);
      receive(wire::Type::data, body_of_data(packet));
    }
  }
  void receive(wire::Type type, Bytes body, uint8_t stream = 0) {
    session_.on_packet(MadePacket(type, kOwn, ++number_, body, stream).get(), body.size() + 32, now_, out_);
  }
  // Polls each millisecond; the reports of that time.
  std::vector<wire::Feedback> wait(Duration d) {
    std::vector<wire::Feedback> reports;
    for (const Instant until = now_ + d; now_ < until; now_ += 1ms) {
      session_.poll(now_, reader_, out_);
      for (const auto& packet : out_.of(wire::Type::feedback))
        reports.push_back(wire::parse_feedback(packet.body).value());
      out_.clear();
    }
    return reports;
  }

  static constexpr uint32_t kOwn = 0xABCD;
  const uint64_t own_clock_ = 1;  // the sender's too
  Instant now_{100s};
  CountingSink sink_;
  KeepingOutbox out_;
  ReceiveSession session_;
  ReceiveSession::ReaderState reader_;
  std::map<uint32_t, FramePackets> frames_;
  uint64_t number_ = 1;
};

TEST_F(ReceiveSessionTest, SaysNothingWhileNothingComes) { EXPECT_TRUE(wait(1s).empty()); }

TEST_F(ReceiveSessionTest, ReportsAFrameAtOnceAndTwiceMore) {
  deliver(7);
  EXPECT_EQ(sink_.ended, Numbers{7});
  const auto first = wait(1ms);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].report, 1u);
  ASSERT_EQ(first[0].fate_count, 1u);
  EXPECT_EQ(first[0].fates[0].frame, Sequence(7));
  EXPECT_EQ(first[0].arrivals.count, 0) << "others may still be on their way around these";
  const auto repeats = wait(1s);
  ASSERT_EQ(repeats.size(), 2u);
  for (const auto& report : repeats) {
    EXPECT_EQ(report.fate_count, 1u);
    EXPECT_EQ(report.arrivals.count, 3);
  }
}

TEST_F(ReceiveSessionTest, ReportsEvery10MsWhilePacketsComeAndNoFrameIsDone) {
  size_t reports = 0;
  for (uint32_t n = 1; n <= 100; ++n) {
    deliver(1, {n % 2});  // repeats of two packets
    reports += wait(1ms).size();
  }
  EXPECT_GE(reports, 10u);
  EXPECT_LE(reports, 11u);
}

TEST_F(ReceiveSessionTest, AsksToBePolledWhenTheNextReportIsDue) {
  deliver(7);
  wait(1ms);
  EXPECT_EQ(session_.next_poll(), now_ - 1ms + 10ms);
}

TEST_F(ReceiveSessionTest, RepeatedPacketIsCountedAndGoesNoFurther) {
  deliver(1, {0});
  --number_;
  deliver(1, {1});  // under a number that came before
  EXPECT_EQ(session_.counters().packets_repeated, 1u);
  deliver(1, {2});
  EXPECT_EQ(sink_.ended, Numbers{});
}

TEST_F(ReceiveSessionTest, CountsWhatItDoesNotKnowAndWhatItRefuses) {
  receive(wire::Type::data, body_of_data(FramePackets(1, {"x"}, {}).packet(0, now_)), 1);  // another stream
  receive(wire::Type::parity, as_bytes("another stream"), 1);
  receive(static_cast<wire::Type>(99), {});
  EXPECT_EQ(session_.counters().unknown, 3u);
  receive(wire::Type::data, as_bytes("no data header"));
  receive(wire::Type::parity, as_bytes("nor here"));
  receive(wire::Type::skip, as_bytes("no"));
  receive(wire::Type::clock, as_bytes("no"));
  EXPECT_EQ(session_.counters().refused, 4u);
  EXPECT_EQ(session_.counters().packets, 7u);
}

TEST_F(ReceiveSessionTest, WhatWaitedWhileThisProcessWasStoppedGivesWayToANewerOne) {
  deliver(1);
  now_ += 2s;
  session_.association.note_pause(now_);
  for (const uint32_t n : {2, 3, 4}) deliver(n);
  EXPECT_EQ(sink_.ended, Numbers{1});
  receive(wire::Type::clock, body_of(wire::Clock{true, to_us(now_), to_us(now_), to_us(now_)}));
  deliver(5);
  EXPECT_EQ(sink_.ended, (Numbers{1, 5}));
  wait(1s);
  EXPECT_EQ(sink_.ended, (Numbers{1, 5}));
  EXPECT_EQ(session_.counters().old, 3u);
  EXPECT_EQ(session_.counters().frames.lost, 0u);
}

TEST_F(ReceiveSessionTest, WhatWaitedIsTheNewestWhereNothingNewerComes) {
  now_ += 2s;
  session_.association.note_pause(now_);
  for (const uint32_t n : {1, 2}) deliver(n);
  deliver(3, {0});
  EXPECT_EQ(session_.next_poll() > now_ + 300ms, false) << "it wakes up for it";
  wait(300ms);
  EXPECT_EQ(sink_.ended, Numbers{});
  wait(1ms);
  EXPECT_EQ(sink_.ended, Numbers{2});
  EXPECT_EQ(session_.counters().old, 1u);
}

TEST_F(ReceiveSessionTest, SkippedFramesAreNotLost) {
  deliver(1);
  receive(wire::Type::skip, body_of(wire::Skip{Sequence(2), 3}));
  deliver(5);
  wait(1s);
  EXPECT_EQ(session_.counters().frames.skipped, 3u);
  EXPECT_EQ(session_.counters().frames.lost, 0u);
}

TEST_F(ReceiveSessionTest, StampsOfTheSameClockStayAsTheyAre) {
  const Instant captured_at = now_;
  deliver(1, {0});
  now_ += 16ms;
  deliver(1, {1, 2});
  EXPECT_TRUE(sink_.last.clock_known);
  EXPECT_EQ(sink_.last.stamps.captured_at, captured_at);
}

TEST_F(ReceiveSessionTest, StopAbandonsWhatHadBegunAndKeepsItsCounters) {
  FramePackets::Options options;
  options.captured_at = now_;
  frames_.emplace(1, FramePackets(1, {"a", "b"}, options));
  deliver(1, {0});
  deliver(2);
  session_.stop();
  EXPECT_FALSE(session_.started());
  EXPECT_EQ(sink_.abandoned, Numbers{1});
  EXPECT_EQ(session_.counters().frames.whole, 1u);
}

TEST_F(ReceiveSessionTest, RestartedSenderBeginsAnewAtAnyFrame) {
  deliver(1000);
  session_.start(1);
  number_ = 1;
  frames_.clear();
  deliver(3);
  EXPECT_EQ(sink_.ended, (Numbers{1000, 3}));
  EXPECT_EQ(session_.counters().frames.whole, 2u);
  EXPECT_EQ(session_.counters().frames.lost, 0u);
  EXPECT_EQ(wait(1ms).at(0).report, 1u);
}

// A frame that was overtaken is given up after a newer one was handed on.
TEST_F(ReceiveSessionTest, TakenNeverGoesBack) {
  deliver(1);
  reader_.taken_units = 1;
  deliver(2, {0});
  deliver(3);
  reader_.taken_units = 2;
  EXPECT_EQ(wait(1ms).back().taken, Sequence(3));
  for (const auto& report : wait(200ms)) EXPECT_EQ(report.taken, Sequence(3));
  EXPECT_EQ(session_.counters().frames.lost, 1u);
}

TEST_F(ReceiveSessionTest, AsksForAKeyFrameUntilItBeginsToCome) {
  deliver(1);
  deliver(2, {0}, false);
  deliver(3, {0, 1, 2}, false);
  auto reports = wait(1ms);
  ASSERT_EQ(reports.size(), 1u) << "at once";
  EXPECT_EQ(reports[0].key_wanted_after, Sequence(3));
  reports = wait(500ms);
  EXPECT_GE(reports.size(), 9u);
  for (const auto& report : reports) EXPECT_EQ(report.key_wanted_after, Sequence(3));
  deliver(4, {0});
  for (const auto& report : wait(20ms)) EXPECT_FALSE(report.key_wanted_after);
  deliver(4, {1, 2});
  for (const auto& report : wait(500ms)) EXPECT_FALSE(report.key_wanted_after);
  EXPECT_EQ(session_.counters().key_requests, 1u);
  EXPECT_EQ(sink_.ended, (Numbers{1, 4}));
}

TEST_F(ReceiveSessionTest, AsksForAKeyFrameWhereTheDecoderWantsOne) {
  deliver(1);
  deliver(2, {0, 1, 2}, false);
  wait(100ms);
  reader_.wants_key = true;
  const auto reports = wait(1ms);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].key_wanted_after, Sequence(2));
}

class ReceiveEverySessionTest : public ReceiveSessionTest {
 protected:
  ReceiveEverySessionTest() : ReceiveSessionTest(Mode::every) {}
};

TEST_F(ReceiveEverySessionTest, TakenFollowsTheReader) {
  for (uint32_t n = 10; n < 13; ++n) deliver(n);
  EXPECT_EQ(wait(1ms).at(0).taken, Sequence(9));
  reader_.taken_units = 2;
  session_.note_taken();
  EXPECT_EQ(wait(20ms).back().taken, Sequence(11));
}

TEST_F(ReceiveEverySessionTest, FramesThatWereLostAreTakenAsSoonAsThoseBeforeThem) {
  deliver(10);
  deliver(12);
  wait(50ms);
  EXPECT_EQ(session_.counters().frames.lost, 1u);
  reader_.taken_units = 1;
  session_.note_taken();
  EXPECT_EQ(wait(20ms).back().taken, Sequence(11));
}

TEST_F(ReceiveEverySessionTest, WhatWaitedWhileThisProcessWasStoppedIsHandedOnAllTheSame) {
  now_ += 2s;
  session_.association.note_pause(now_);
  deliver(1);
  deliver(2);
  EXPECT_EQ(sink_.ended, (Numbers{1, 2}));
}

class ReceiveUnknownClockTest : public ReceiveSessionTest {
 protected:
  ReceiveUnknownClockTest()
      : session2_({}, Association({.role = wire::Role::receiver, .connects = false, .clock_id = 2}, kOwn), {},
                  sink_) {
    session2_.association.accept(hello_of(wire::Role::sender, 500, kOwn), now_, out_);
    session2_.start(0);
  }
  ReceiveSession session2_;
};

TEST_F(ReceiveUnknownClockTest, StampsAreMovedAsIfTheWayTookNoTime) {
  FramePackets::Options options;
  options.captured_at = Instant(9000s);  // by the sender's clock
  const FramePackets frame(1, {"x"}, options);
  const auto packet = frame.packet(0, Instant(9000s) + 16ms);
  const Datagram body = body_of_data(packet);
  session2_.on_packet(MadePacket(wire::Type::data, kOwn, 2, body).get(), 100, now_, out_);
  EXPECT_FALSE(sink_.last.clock_known);
  EXPECT_EQ(sink_.last.stamps.sent_at, now_);
  EXPECT_EQ(sink_.last.stamps.captured_at, now_ - 16ms);
}

}  // namespace
}  // namespace glimt::pipeline

#include "pipeline/send_session.hpp"

#include "packetize/symbol_packetizer.hpp"
#include "support/sessions.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;
using Numbers = std::vector<uint32_t>;

// Takes as many packets as it has room for.
class NarrowTransport final : public transport::Transport {
 public:
  void start(Events&) override {}
  Sent send(const transport::Peer&, std::span<const Gather> packets) override {
    const size_t taken = std::min(room, packets.size());
    for (size_t i = 0; i < taken; ++i) keep(packets[i]);
    room -= taken;
    return {taken, taken < packets.size()};
  }
  void disconnect(const transport::Peer&) override {}
  void hold(const transport::Peer&, bool) override {}
  void reroute() override {}
  Traits traits() const override { return {}; }
  Counters counters() const override { return {}; }

  // Since the last call.
  Numbers frames() { return std::exchange(frames_, {}); }
  const std::vector<uint64_t>& numbers() const { return numbers_; }
  size_t room = SIZE_MAX;

 private:
  void keep(const Gather& packet) {
    Datagram whole;
    for (size_t i = 0; i < packet.count; ++i)
      whole.insert(whole.end(), packet.parts[i].begin(), packet.parts[i].end());
    const auto parsed = wire::parse_packet(whole);
    ASSERT_TRUE(parsed.packet);
    frames_.push_back(wire::parse_data(*parsed.packet).packet->data.frame.value());
    numbers_.push_back(parsed.packet->header.number);
  }
  Numbers frames_;
  std::vector<uint64_t> numbers_;
};

// A sender that listens, unpaced, with one receiver; a frame is three packets.
class SendSessionTest : public ::testing::Test {
 protected:
  explicit SendSessionTest(Mode mode = Mode::latest)
      : session_({}, Association({.role = wire::Role::sender, .connects = false, .symbol_bytes = 68}, kOwn),
                 {.pacing = {.rate_bps = 0}}) {
    session_.association.accept(hello_of(wire::Role::receiver, 700, kOwn, mode), now_, out_);
    out_.clear();
  }

  Ref<packetize::SymbolUnit> unit(uint32_t frame, bool key = true) {
    Ref<media::AccessUnit> access_unit(new media::AccessUnit);
    access_unit->info.number = Sequence(frame);
    access_unit->info.key = key;
    access_unit->info.width = access_unit->info.height = 8;
    static const std::string strip(130, 's');
    auto to = packetizer_.begin(access_unit, false);
    EXPECT_TRUE(packetizer_.add(*to, {Ref<Shared>(), as_bytes(strip), 0}));
    packetizer_.end(*to).value();
    return to;
  }
  void offer(uint32_t frame, bool key = true) { session_.offer(unit(frame, key), now_); }
  void pump() { session_.pump(now_, 33ms, transport_, batch_, out_); }
  void report(uint32_t number, uint32_t taken, std::optional<uint32_t> key_wanted_after = {}) {
    report(number, taken, taken, key_wanted_after);
  }
  // `settled`: the newest whose fate is told.
  void report(uint32_t number, uint32_t taken, uint32_t settled, std::optional<uint32_t> key_wanted_after) {
    wire::Feedback f;
    if (key_wanted_after) f.key_wanted_after = Sequence(*key_wanted_after);
    f.report = number;
    f.taken = Sequence(taken);
    f.fates[f.fate_count++] = {Sequence(settled), wire::Fate::complete, 0};
    const Datagram body = body_of(f);
    const MadePacket packet(wire::Type::feedback, kOwn, number, body);
    session_.on_feedback(packet.get(), history_, now_);
    session_.association.on_packet(packet.get(), now_, out_);
  }
  Numbers skipped() {
    Numbers frames;
    for (const auto& packet : out_.of(wire::Type::skip)) {
      const auto skip = wire::parse_skip(packet.body).value();
      for (uint32_t i = 0; i < skip.count; ++i) frames.push_back((skip.first + i).value());
    }
    out_.clear();
    return frames;
  }

  static constexpr uint32_t kOwn = 0xABCD;
  Instant now_{100s};
  KeepingOutbox out_;
  NarrowTransport transport_;
  packetize::SymbolPacketizer packetizer_{68};
  packetize::PacketBatch batch_;
  packetize::PacketHistory history_{{}};
  SendSession session_;
};

TEST_F(SendSessionTest, SendsNothingBeforeItIsStarted) {
  offer(1);
  pump();
  EXPECT_EQ(transport_.frames(), Numbers{});
  EXPECT_FALSE(session_.ready());
}

TEST_F(SendSessionTest, ReceiverThatJoinsSeesTheLastPictureAtOnce) {
  session_.start(unit(41));
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{41, 41, 41}));
  EXPECT_EQ(session_.counters.frames, 1u);
  EXPECT_TRUE(session_.drained());
}

TEST_F(SendSessionTest, FramesThatAreLeftOutAreToldAndCounted) {
  session_.start({});
  for (uint32_t n = 1; n <= 3; ++n) offer(n);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{3, 3, 3}));
  EXPECT_EQ(skipped(), (Numbers{1, 2}));
  EXPECT_EQ(session_.counters.dropped, 2u);
}

TEST_F(SendSessionTest, FrameWhoseNextStripIsBeingEncodedWaitsForNoTimer) {
  session_.start({});
  Ref<media::AccessUnit> growing(new media::AccessUnit);
  growing->info.number = Sequence(1);
  growing->info.width = growing->info.height = 8;
  growing->info.strips = 2;
  const std::string strip(10, 's');
  auto unit = packetizer_.begin(growing, false);
  session_.offer(unit, now_);
  packetizer_.add(*unit, {Ref<Shared>(), as_bytes(strip), 0}).value();
  pump();
  ASSERT_FALSE(transport_.frames().empty());
  EXPECT_EQ(session_.next_pump(), session_.association.next_poll()) << "the encoder wakes us";
  packetizer_.add(*unit, {Ref<Shared>(), as_bytes(strip), 1}).value();
  packetizer_.end(*unit).value();
  pump();
  EXPECT_FALSE(transport_.frames().empty());
  EXPECT_EQ(session_.counters.frames, 1u);
}

TEST_F(SendSessionTest, BlockedFrameGoesOnWhereItStoppedWithoutAGapInItsNumbers) {
  session_.start({});
  transport_.room = 1;
  offer(1);
  pump();
  EXPECT_EQ(transport_.frames(), Numbers{1});
  EXPECT_EQ(session_.next_pump(), session_.association.next_poll()) << "it is told when there is room";
  transport_.room = SIZE_MAX;
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{1, 1}));
  const auto& n = transport_.numbers();
  EXPECT_EQ(n[1], n[0] + 1);
  EXPECT_EQ(n[2], n[0] + 2);
}

TEST_F(SendSessionTest, StalledReceiverGetsTheFrameItHadBegunAndThenTheNewest) {
  session_.start({});
  transport_.room = 1;
  offer(1);
  pump();
  for (uint32_t n = 2; n <= 50; ++n) {
    offer(n);
    pump();
  }
  transport_.room = SIZE_MAX;
  report(1, 0);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{1, 1, 1, 50, 50, 50}));
  EXPECT_EQ(session_.counters.dropped, 48u);
}

TEST_F(SendSessionTest, SkipThatFoundNoWayIsSaidAgain) {
  session_.start({});
  offer(1);
  offer(2);
  out_.blocked = true;
  pump();
  out_.blocked = false;
  pump();
  EXPECT_EQ(skipped(), Numbers{1});
  EXPECT_EQ(session_.counters.dropped, 1u);
}

TEST_F(SendSessionTest, LatestReceiverIsNeverTooSlow) {
  session_.start({});
  transport_.room = 0;
  for (uint32_t n = 1; n <= 100; ++n, now_ += 33ms) offer(n);
  EXPECT_FALSE(session_.too_slow(now_));
}

TEST_F(SendSessionTest, ReceiverThatNeverReportsGetsASingleFrame) {
  session_.start({});
  for (uint32_t n = 1; n <= 10; ++n, now_ += 33ms) {
    offer(n);
    pump();
  }
  EXPECT_EQ(transport_.frames(), (Numbers{1, 1, 1}));
  EXPECT_EQ(session_.next_pump(), session_.association.next_poll()) << "its report wakes us, no timer";
  report(1, 1);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{10, 10, 10}));
}

TEST_F(SendSessionTest, ReceiverThatFallsSilentIsNotFedAndFindsTheNewestWhenItComesBack) {
  session_.start({});
  offer(1);
  pump();
  report(1, 1);
  transport_.frames();
  now_ += 501ms;
  for (uint32_t n = 2; n <= 90; ++n, now_ += 33ms) {
    offer(n);
    pump();
    EXPECT_TRUE(session_.ready()) << "others, and the newest for itself, go on";
  }
  EXPECT_TRUE(session_.is_quiet());
  EXPECT_TRUE(session_.drained()) << "nobody waits for it at the end";
  EXPECT_EQ(transport_.frames(), Numbers{});
  report(2, 1);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{90, 90, 90}));
  EXPECT_EQ(out_.of(wire::Type::skip).size(), 1u) << "a run of frames is told at once";
  EXPECT_EQ(skipped().size(), 88u);
}

TEST_F(SendSessionTest, FeedbackThatBreaksItsFormatIsRefused) {
  session_.start({});
  session_.on_feedback(MadePacket(wire::Type::feedback, kOwn, 1, as_bytes("no")).get(), history_, now_);
  EXPECT_EQ(session_.counters.refused, 1u);
}

TEST_F(SendSessionTest, OneWayItGoesOnWithoutEverHearingAnything) {
  SendSession session({}, Association({.connects = false}, 0), {.pacing = {.rate_bps = 0}, .one_way = true});
  session.association.assume(hello_of(wire::Role::receiver, 700, 0));
  session.start({});
  for (uint32_t frame = 1; frame <= 3; ++frame, now_ += 1min) {
    session.offer(unit(frame), now_);
    session.pump(now_, 33ms, transport_, batch_, out_);
    EXPECT_EQ(transport_.frames(), (Numbers{frame, frame, frame}));
    EXPECT_EQ(session.next_pump(), Instant::max()) << "and nobody is asked whether he is there";
  }
  EXPECT_TRUE(out_.packets.empty());
}

class SendEverySessionTest : public SendSessionTest {
 protected:
  SendEverySessionTest() : SendSessionTest(Mode::every) {}
};

TEST_F(SendEverySessionTest, BeginsWithTheNextFrame) {
  session_.start(unit(41));
  offer(42);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{42, 42, 42}));
}

TEST_F(SendEverySessionTest, IsDrainedWhenTheReaderHasTakenEverything) {
  session_.start({});
  EXPECT_TRUE(session_.drained());
  offer(1);
  EXPECT_FALSE(session_.drained());
  pump();
  EXPECT_FALSE(session_.drained());
  report(1, 1);
  EXPECT_TRUE(session_.drained());
}

TEST_F(SendEverySessionTest, IsTooSlowAfterASecondWithoutRoom) {
  session_.start({});
  for (uint32_t n = 1; n <= 16; ++n) {
    offer(n);
    pump();
  }
  offer(17);  // eight on their way, eight waiting: no room
  const Instant full_since = now_;
  EXPECT_FALSE(session_.too_slow(full_since + 1s - 1ns));
  EXPECT_TRUE(session_.too_slow(full_since + 1s));
}

TEST_F(SendEverySessionTest, WhereNothingIsHeardOfTheLastFramesOneMoreAsksWhatBecameOfThem) {
  session_.start({});
  for (uint32_t n = 1; n <= 12; ++n) {
    offer(n);
    pump();
    if (n == 1) report(1, 0);
  }
  EXPECT_EQ(transport_.frames().back(), 8u);
  uint32_t heard = 2;
  for (const uint32_t next : {9u, 10u}) {
    now_ += 199ms;
    report(heard++, 0);  // it is there, and does not know of them
    pump();
    EXPECT_EQ(transport_.frames(), Numbers{}) << next;
    EXPECT_LE(session_.next_pump(), now_ + 1ms);
    now_ += 1ms;
    pump();
    EXPECT_EQ(transport_.frames(), (Numbers{next, next, next}));
  }
}

TEST_F(SendEverySessionTest, AReaderThatIsSlowIsSentNothingMore) {
  session_.start({});
  for (uint32_t n = 1; n <= 12; ++n) {
    offer(n);
    pump();
    if (n == 1) report(1, 0);
  }
  transport_.frames();
  for (uint32_t heard = 2; heard < 6; ++heard) {
    report(heard, 0, 8, {});  // all has come, and none of it was read
    now_ += 300ms;
    pump();
    EXPECT_EQ(transport_.frames(), Numbers{});
  }
}

TEST_F(SendEverySessionTest, RoomInTimeForgivesASlowReader) {
  session_.start({});
  for (uint32_t n = 1; n <= 17; ++n) {
    offer(n);
    pump();
  }
  now_ += 900ms;
  report(1, 4);
  pump();
  offer(18);
  EXPECT_FALSE(session_.too_slow(now_ + 10s));
}

TEST_F(SendEverySessionTest, SlowReaderThatCatchesUpIsServedAgain) {
  session_.start({});
  for (uint32_t n = 1; n <= 40; ++n) {
    offer(n);
    pump();
  }
  for (uint32_t n = 1; n <= 16; ++n) {
    report(n, n);
    pump();
  }
  transport_.frames();
  offer(41);
  pump();
  EXPECT_EQ(transport_.frames(), (Numbers{41, 41, 41}));
}

TEST_F(SendSessionTest, ReceiverThatWantsAKeyFrameGetsNothingElse) {
  session_.start({});
  EXPECT_TRUE(session_.wants_key());
  offer(1);
  pump();
  offer(2, false);
  report(1, 1);
  pump();
  EXPECT_FALSE(session_.wants_key());
  now_ += 300ms;
  report(2, 1, 2);
  EXPECT_TRUE(session_.wants_key());
  offer(3, false);
  pump();
  offer(4);
  pump();
  transport_.frames();
  EXPECT_EQ(skipped(), Numbers{3});
  EXPECT_EQ(session_.counters.key_requests, 1u);
}

TEST_F(SendSessionTest, RequestThatCrossedTheKeyFrameIsNone) {
  session_.start({});
  offer(1);
  offer(2, false);
  pump();
  report(1, 1, 0);  // said before 1 came
  EXPECT_FALSE(session_.wants_key());
  report(2, 1, 1);  // 1 was no help
  EXPECT_TRUE(session_.wants_key());
  EXPECT_EQ(session_.counters.key_requests, 1u);
}

TEST_F(SendSessionTest, KeyFrameThatWasLostOnItsWayIsAskedForAgain) {
  session_.start({});
  offer(1);
  offer(2, false);
  pump();
  report(1, 0, 0);
  EXPECT_FALSE(session_.wants_key());
  now_ += 250ms;
  report(2, 0, 0);
  EXPECT_TRUE(session_.wants_key());
}

}  // namespace
}  // namespace glimt::pipeline

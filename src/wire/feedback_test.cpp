#include "wire/feedback.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "wire/packet.hpp"

namespace glimt::wire {
namespace {

class FeedbackTest : public ::testing::Test {
 protected:
  void add_fate(uint32_t frame, Fate fate, uint16_t spread) {
    feedback_.fates[feedback_.fate_count++] = {Sequence(frame), fate, spread};
  }
  void add_deficit(const Deficit& deficit) { feedback_.deficits[feedback_.deficit_count++] = deficit; }
  void add_arrivals(uint64_t first, size_t count) {
    feedback_.arrivals.first = first;
    feedback_.arrivals.count = static_cast<uint16_t>(count);
    for (size_t i = 0; i < count; ++i)
      feedback_.arrivals.before_16us[i] = i % 3 == 1 ? Arrivals::kLost : static_cast<uint16_t>(i);
  }
  std::vector<uint8_t> serialized() const {
    std::vector<uint8_t> body(kMaxFeedbackBytes);
    body.resize(serialize(body, feedback_));
    return body;
  }
  static void append_section(std::vector<uint8_t>& body, uint8_t type, const std::vector<uint8_t>& value) {
    body.insert(body.end(), {type, 0, static_cast<uint8_t>(value.size()), 0});
    body.insert(body.end(), value.begin(), value.end());
  }

  Feedback feedback_{7, 0x11223344, uint64_t{1} << 40, 99, 5, Sequence(0xFFFFFFFF), 321, {}, 0, {}};
};

TEST_F(FeedbackTest, KeyFrameThatIsWantedComesBackAndIsFourBytes) {
  EXPECT_FALSE(parse_feedback(serialized())->key_wanted_after);
  feedback_.key_wanted_after = Sequence(0xFFFFFFFE);
  EXPECT_EQ(parse_feedback(serialized())->key_wanted_after, Sequence(0xFFFFFFFE));
  for (const size_t size : {0u, 3u, 5u}) {
    auto body = serialized();
    append_section(body, 4, std::vector<uint8_t>(size));
    EXPECT_FALSE(parse_feedback(body)) << size;
  }
}

TEST_F(FeedbackTest, DeficitsComeBackAsTheyWere) {
  add_deficit({Sequence(0xFFFFFFFF), 255, 127, 63, false, false});
  add_deficit({Sequence(0), 0, 0, 1, true, true});
  const auto back = parse_feedback(serialized());
  ASSERT_TRUE(back);
  ASSERT_EQ(back->deficit_count, 2u);
  EXPECT_EQ(back->deficits, feedback_.deficits);
}

TEST_F(FeedbackTest, RefusesDeficitsOutOfTheirForm) {
  const std::vector<std::vector<uint8_t>> wrong{{1, 0, 0, 0, 2, 3},      // cut off
                                                {1, 0, 0, 0, 2, 3, 0},   // no round
                                                {1, 0, 0, 0, 2, 3, 64},  // a last round without its number
                                                {1, 0, 0, 0, 2, 0, 128 + 1},   // every block, and one of them
                                                {1, 0, 0, 0, 0, 3, 128 + 1}};  // nothing came, and something
  for (const auto& value : wrong) {
    auto body = serialized();
    append_section(body, 3, value);
    EXPECT_FALSE(parse_feedback(body)) << value.size();
  }
  for (size_t i = 0; i < Feedback::kMaxDeficits; ++i) add_deficit({Sequence(1), 0, 0, 1, false, false});
  auto body = serialized();
  EXPECT_TRUE(parse_feedback(body));
  append_section(body, 3, {1, 0, 0, 0, 0, 0, 1});
  EXPECT_FALSE(parse_feedback(body));
}

TEST_F(FeedbackTest, EveryMixOfDeficitsAndArrivalsThatIsSentFitsADatagram) {
  for (size_t i = 0; i < Feedback::kMaxFates; ++i) add_fate(static_cast<uint32_t>(i), Fate::late, 1);
  feedback_.key_wanted_after = Sequence(3);
  for (size_t deficits = 0; deficits <= Feedback::kMaxDeficits; ++deficits) {
    add_arrivals(1, Feedback::max_arrivals(deficits));
    EXPECT_LE(serialized().size() + kMinPacketBytes, kDatagramBytes) << deficits;
    if (deficits < Feedback::kMaxDeficits) add_deficit({Sequence(1), 0, 0, 1, false, false});
  }
}

TEST_F(FeedbackTest, ComesBackAsItWas) {
  add_fate(0xFFFFFFFF, Fate::complete, 12);
  add_fate(0, Fate::failed, 0);
  add_arrivals(uint64_t{1} << 40, 5);
  const auto back = parse_feedback(serialized());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->report, 7u);
  EXPECT_EQ(back->sent_at_us, 0x11223344u);
  EXPECT_EQ(back->highest_number, uint64_t{1} << 40);
  EXPECT_EQ(back->packets, 99u);
  EXPECT_EQ(back->kernel_drops, 5u);
  EXPECT_EQ(back->taken, Sequence(0xFFFFFFFF));
  EXPECT_EQ(back->decode_queue_16us, 321);
  ASSERT_EQ(back->fate_count, 2u);
  EXPECT_EQ(back->fates[0].spread_16us, 12);
  EXPECT_EQ(back->fates[1].frame, Sequence(0));
  EXPECT_EQ(back->fates[1].fate, Fate::failed);
  ASSERT_EQ(back->arrivals.count, 5);
  EXPECT_EQ(back->arrivals.first, uint64_t{1} << 40);
  EXPECT_EQ(back->arrivals.before_16us, feedback_.arrivals.before_16us);
}

TEST_F(FeedbackTest, WithoutSectionsIsTheFixedPartAlone) {
  const auto body = serialized();
  EXPECT_EQ(body.size(), 32u);
  const auto back = parse_feedback(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->fate_count, 0u);
  EXPECT_EQ(back->arrivals.count, 0);
}

TEST_F(FeedbackTest, FullestReportFitsItsBoundExactly) {
  for (size_t i = 0; i < Feedback::kMaxFates; ++i) add_fate(static_cast<uint32_t>(i), Fate::late, 1);
  add_arrivals(1, Arrivals::kMax);
  for (size_t i = 0; i < Feedback::kMaxDeficits; ++i) add_deficit({Sequence(1), 0, 0, 1, false, false});
  feedback_.key_wanted_after = Sequence(3);
  const auto body = serialized();
  EXPECT_EQ(body.size(), kMaxFeedbackBytes);
  const auto back = parse_feedback(body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->fate_count, Feedback::kMaxFates);
  EXPECT_EQ(back->arrivals.count, Arrivals::kMax);
}

TEST_F(FeedbackTest, CutAnywhereItIsRefusedOrLacksWholeSectionsOnly) {
  add_fate(1, Fate::complete, 0);
  add_arrivals(10, 4);
  const auto body = serialized();
  std::set<size_t> accepted;
  for (size_t size = 0; size < body.size(); ++size) {
    if (parse_feedback(Bytes(body).first(size))) accepted.insert(size);
  }
  EXPECT_EQ(accepted, (std::set<size_t>{32, 32 + 4 + 7}));
}

TEST_F(FeedbackTest, SkipsSectionsItDoesNotKnow) {
  auto body = serialized();
  append_section(body, 5, {1, 2, 3, 4, 5, 6});
  append_section(body, 200, {});
  add_fate(4, Fate::late, 9);
  const auto with_fate = serialized();
  body.insert(body.end(), with_fate.begin() + 32, with_fate.end());
  const auto back = parse_feedback(body);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->fate_count, 1u);
  EXPECT_EQ(back->fates[0].frame, Sequence(4));
}

TEST_F(FeedbackTest, RefusesMoreFatesThanItHolds) {
  for (size_t i = 0; i < Feedback::kMaxFates; ++i) add_fate(static_cast<uint32_t>(i), Fate::complete, 1);
  auto body = serialized();
  EXPECT_TRUE(parse_feedback(body));
  append_section(body, 1, {1, 0, 0, 0, 1, 0, 0});
  EXPECT_FALSE(parse_feedback(body));
}

TEST_F(FeedbackTest, RefusesAFateItDoesNotKnow) {
  for (const uint8_t fate : std::initializer_list<uint8_t>{0, 4, 255}) {
    auto body = serialized();
    append_section(body, 1, {1, 0, 0, 0, fate, 0, 0});
    EXPECT_FALSE(parse_feedback(body)) << int{fate};
  }
}

TEST_F(FeedbackTest, RefusesArrivalsThatAreNotAsManyAsTheySay) {
  for (const uint8_t count : std::initializer_list<uint8_t>{0, 1, 3}) {
    auto body = serialized();
    append_section(body, 2, {1, 0, 0, 0, 0, 0, 0, 0, count, 0, 9, 0, 9, 0});
    EXPECT_FALSE(parse_feedback(body)) << int{count};
  }
  add_arrivals(1, Arrivals::kMax);
  auto body = serialized();
  const size_t section = 32;
  const size_t length = 10 + (Arrivals::kMax + 1) * 2;
  body[section + 2] = static_cast<uint8_t>(length);
  body[section + 3] = static_cast<uint8_t>(length >> 8);
  body[section + 4 + 8] = static_cast<uint8_t>(Arrivals::kMax + 1);
  body.resize(section + 4 + length);
  EXPECT_FALSE(parse_feedback(body));
}

// Whoever walks through the numbers of such a section would never meet its end.
TEST_F(FeedbackTest, RefusesArrivalsThatRunPastTheLastNumber) {
  add_arrivals(UINT64_MAX - 384, 384);
  EXPECT_TRUE(parse_feedback(serialized()));
  for (uint64_t first : {UINT64_MAX - 383, UINT64_MAX - 367, UINT64_MAX}) {
    add_arrivals(first, 384);
    EXPECT_FALSE(parse_feedback(serialized())) << first;
  }
}

TEST_F(FeedbackTest, WritesNothingWhereThereIsNoRoom) {
  add_fate(1, Fate::complete, 0);
  std::vector<uint8_t> body(serialized().size() - 1);
  EXPECT_EQ(serialize(body, feedback_), 0u);
}

}  // namespace
}  // namespace glimt::wire

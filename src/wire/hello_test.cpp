#include "wire/hello.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace glimt::wire {
namespace {

using namespace std::string_literals;

class HelloTest : public ::testing::Test {
 protected:
  std::optional<Hello> round_trip() {
    EXPECT_EQ(serialize(body_, hello_), kHelloBodyBytes);
    return parse_hello(body_);
  }
  bool refused(void (*bend)(Hello&)) {
    const Hello before = hello_;
    bend(hello_);
    const bool is_refused = !round_trip();
    hello_ = before;
    return is_refused;
  }

  Hello hello_{0xDEADBEEF,    0x12345678, Role::sender, Mode::every, 250, 1152, 0x1122334455667788,
               "glimt 9.8.7", 1};
  std::array<uint8_t, kHelloBodyBytes> body_{};
};

TEST_F(HelloTest, ComesBackAsItWas) {
  const auto back = round_trip();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->session, 0xDEADBEEF);
  EXPECT_EQ(back->echo, 0x12345678u);
  EXPECT_EQ(back->role, Role::sender);
  EXPECT_EQ(back->mode, Mode::every);
  EXPECT_EQ(back->latency_ms, 250u);
  EXPECT_EQ(back->symbol_bytes, 1152u);
  EXPECT_EQ(back->clock_id, 0x1122334455667788u);
  EXPECT_EQ(back->agent, "glimt 9.8.7");
  EXPECT_EQ(back->shares, 1);
}

TEST_F(HelloTest, IsAlwaysAsLongAsWhatStartsAConversation) {
  for (size_t length : {0u, 1u, 47u, 48u, 49u, 500u}) {
    hello_.agent = std::string(length, 'x');
    const auto back = round_trip();
    ASSERT_TRUE(back);
    EXPECT_EQ(back->agent.size(), std::min(length, kMaxAgentBytes));
  }
}

TEST_F(HelloTest, StripsControlCharactersFromTheAgent) {
  hello_.agent = "a\x1b[31m\nb\x7f\xff\0c"s;
  EXPECT_EQ(round_trip()->agent, "a[31mbc");
}

TEST_F(HelloTest, RefusesWhatNoEndMaySay) {
  EXPECT_FALSE(refused([](Hello&) {}));
  EXPECT_TRUE(refused([](Hello& h) { h.session = 0; }));
  EXPECT_TRUE(refused([](Hello& h) { h.role = static_cast<Role>(0); }));
  EXPECT_TRUE(refused([](Hello& h) { h.role = static_cast<Role>(3); }));
  EXPECT_TRUE(refused([](Hello& h) { h.mode = static_cast<Mode>(2); }));
  EXPECT_TRUE(refused([](Hello& h) { h.latency_ms = 3'600'001; }));
  EXPECT_FALSE(refused([](Hello& h) { h.latency_ms = 3'600'000; }));
}

TEST_F(HelloTest, SenderMustOfferSymbolsWithinTheBounds) {
  EXPECT_TRUE(refused([](Hello& h) { h.symbol_bytes = kMinSymbolBytes; }));
  EXPECT_FALSE(refused([](Hello& h) { h.symbol_bytes = kMinSymbolBytes + 1; }));
  EXPECT_FALSE(refused([](Hello& h) { h.symbol_bytes = kMaxSymbolBytes; }));
  EXPECT_TRUE(refused([](Hello& h) { h.symbol_bytes = kMaxSymbolBytes + 1; }));
  hello_.role = Role::receiver;  // has nothing to offer
  EXPECT_FALSE(refused([](Hello& h) { h.symbol_bytes = 0; }));
}

TEST_F(HelloTest, SkipsFieldsItDoesNotKnow) {
  serialize(body_, hello_);
  std::vector<uint8_t> longer{99, 3, 1, 2, 3, 200, 0};
  longer.insert(longer.end(), body_.begin(), body_.end());
  const auto back = parse_hello(longer);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->session, 0xDEADBEEF);
}

TEST_F(HelloTest, CutAnywhereItIsRefusedOrLacksWholeFieldsOnly) {
  serialize(body_, hello_);
  std::set<size_t> accepted;
  for (size_t size = 0; size < body_.size(); ++size) {
    if (parse_hello(Bytes(body_).first(size))) accepted.insert(size);
  }
  // Behind the offer, the clock id, the agent and what it shares; without an offer a sender's HELLO says too little.
  EXPECT_EQ(accepted, (std::set<size_t>{24, 34, 47, 50}));
}

TEST_F(HelloTest, RefusesAFieldThatIsShorterThanItsKind) {
  const std::vector<uint8_t> session_too_short{1, 8, 1, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(parse_hello(session_too_short));
}

TEST_F(HelloTest, WritesNothingWhereThereIsNoRoom) {
  EXPECT_EQ(serialize(std::span(body_).first(kHelloBodyBytes - 1), hello_), 0u);
  EXPECT_EQ(serialize(std::span(body_).first(10), hello_), 0u);
}

class ClockTest : public ::testing::Test {
 protected:
  std::optional<Clock> round_trip(const Clock& clock) {
    EXPECT_EQ(serialize(body_, clock), kClockBodyBytes);
    return parse_clock(body_);
  }
  std::array<uint8_t, kClockBodyBytes> body_{};
};

TEST_F(ClockTest, QuestionAndAnswerComeBackAsTheyWere) {
  const auto question = round_trip({false, 1'000'000, 0, 0});
  ASSERT_TRUE(question);
  EXPECT_FALSE(question->is_answer);
  EXPECT_EQ(question->asked_us, 1'000'000);
  const auto answer = round_trip({true, 1'000'000, -5, 7});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_answer);
  EXPECT_EQ(answer->received_us, -5);
  EXPECT_EQ(answer->answered_us, 7);
}

TEST_F(ClockTest, RefusesStampsThatNoClockShows) {
  const int64_t beyond = int64_t{1} << 50;
  EXPECT_TRUE(round_trip({true, beyond - 1, 1 - beyond, 0}));
  EXPECT_FALSE(round_trip({true, beyond, 0, 0}));
  EXPECT_FALSE(round_trip({true, 0, -beyond, 0}));
  EXPECT_FALSE(round_trip({true, 0, 0, INT64_MIN}));
}

TEST_F(ClockTest, RefusesAnUnknownKindAndEveryCut) {
  round_trip({true, 1, 2, 3});
  for (size_t size = 0; size < body_.size(); ++size) EXPECT_FALSE(parse_clock(Bytes(body_).first(size)));
  body_[0] = 2;
  EXPECT_FALSE(parse_clock(body_));
}

class CloseTest : public ::testing::Test {
 protected:
  std::array<uint8_t, 8> body_{};
};

TEST_F(CloseTest, EveryReasonComesBackAndExplainsItself) {
  std::set<std::string_view> texts;
  for (int i = 1; i <= static_cast<int>(CloseReason::cut_off); ++i) {
    const auto reason = static_cast<CloseReason>(i);
    const size_t size = serialize(body_, Close{reason});
    const auto back = parse_close(Bytes(body_).first(size));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->reason, reason);
    texts.insert(to_string(reason));
  }
  EXPECT_EQ(texts.size(), 7u);
  EXPECT_FALSE(texts.contains("unknown reason"));
}

TEST_F(CloseTest, RefusesReasonsItDoesNotKnowAndEveryCut) {
  for (int unknown : {0, 8, 255}) {
    const size_t size = serialize(body_, Close{static_cast<CloseReason>(unknown)});
    EXPECT_FALSE(parse_close(Bytes(body_).first(size))) << unknown;
  }
  const size_t size = serialize(body_, Close{CloseReason::busy});
  for (size_t cut = 0; cut < size; ++cut) EXPECT_FALSE(parse_close(Bytes(body_).first(cut)));
}

class SkipTest : public ::testing::Test {
 protected:
  std::optional<Skip> round_trip(const Skip& skip) {
    return parse_skip(Bytes(body_).first(serialize(body_, skip)));
  }
  std::array<uint8_t, 8> body_{};
};

TEST_F(SkipTest, ComesBackAsItWas) {
  const auto back = round_trip({Sequence(0xFFFFFFFF), 3});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, Sequence(0xFFFFFFFF));
  EXPECT_EQ(back->count, 3u);
}

TEST_F(SkipTest, CountsFromOneToItsBound) {
  EXPECT_FALSE(round_trip({Sequence(1), 0}));
  EXPECT_TRUE(round_trip({Sequence(1), kMaxSkip}));
  EXPECT_FALSE(round_trip({Sequence(1), kMaxSkip + 1}));
}

TEST_F(SkipTest, RefusesEveryCut) {
  ASSERT_TRUE(round_trip({Sequence(1), 1}));
  for (size_t size = 0; size < body_.size(); ++size) EXPECT_FALSE(parse_skip(Bytes(body_).first(size)));
}

}  // namespace
}  // namespace glimt::wire

#include "pipeline/pickle_senders.hpp"

#include <gmock/gmock.h>

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kLimit = 1000;

class PickleSendersTest : public testing::Test {
 protected:
  static transport::Peer peer(uint32_t id) {
    transport::Peer p;
    p.connection = id;
    return p;
  }
  static std::string framed(const std::string& content, uint64_t length) {
    std::string prefix(8, '\0');
    for (size_t i = 0; i < 8; ++i) prefix[i] = static_cast<char>(length >> (8 * i));
    return prefix + content;
  }
  static std::string framed(const std::string& content) { return framed(content, content.size()); }

  void connect(uint32_t id) { senders_.connect(peer(id), now_); }
  // False where the connection has broken the framing.
  bool push(uint32_t from, const std::string& bytes) {
    Bytes chunk = as_bytes(bytes);
    while (!chunk.empty()) {
      const auto message = senders_.push(peer(from), chunk, now_);
      if (!message) return false;
      if (*message) got_.emplace_back(as_text((*message)->bytes));
    }
    return true;
  }

  PickleSenders senders_{kLimit};
  Instant now_{1000s};
  std::vector<std::string> got_;
};

TEST_F(PickleSendersTest, FollowsTheFirstThatBeginsAMessageAndReadsTheOthersWithoutKeepingThem) {
  for (const uint32_t id : {1, 2, 3}) connect(id);
  EXPECT_TRUE(push(2, framed("a").substr(0, 3)));
  EXPECT_TRUE(senders_.is_followed(peer(2)));
  EXPECT_TRUE(push(3, framed("x") + framed("y") + framed("z").substr(0, 8)));
  EXPECT_TRUE(push(2, framed("a").substr(3) + framed("b")));
  EXPECT_THAT(got_, ElementsAre("a", "b"));
  EXPECT_EQ(senders_.stray(), 2u);
}

TEST_F(PickleSendersTest, WhereTheFollowedLeavesTheNextThatBeginsAMessageIsFollowed) {
  for (const uint32_t id : {1, 2}) connect(id);
  push(1, framed("a"));
  push(2, framed("half").substr(0, 10));
  senders_.disconnect(peer(1));
  push(2, framed("half").substr(10));
  EXPECT_THAT(got_, ElementsAre("a")) << "what was begun before it was followed is not there";
  push(2, framed("b"));
  EXPECT_THAT(got_, ElementsAre("a", "b"));
}

TEST_F(PickleSendersTest, FollowsARivalWhereTheFollowedIsSilentWhileItDelivers) {
  for (const uint32_t id : {1, 2}) connect(id);
  push(1, framed("a") + framed("half").substr(0, 10));
  for (int i = 0; i < 10; ++i) {
    now_ += 100ms;
    push(2, framed(std::to_string(i)));
  }
  EXPECT_THAT(got_, ElementsAre("a", "9"));
  push(1, framed("half").substr(10) + framed("c"));
  EXPECT_THAT(got_, ElementsAre("a", "9")) << "whoever was given up is read on, in its framing";
  EXPECT_TRUE(senders_.is_followed(peer(2)));
}

TEST_F(PickleSendersTest, AfterAPauseOfThisProcessNobodyIsFollowedForBeingReadFirst) {
  for (const uint32_t id : {1, 2}) connect(id);
  push(1, framed("a"));
  push(2, framed("x"));
  now_ += 5s;
  push(2, framed("y"));
  push(1, framed("b"));
  now_ += 600ms;
  push(2, framed("z"));
  EXPECT_THAT(got_, ElementsAre("a", "b"));
}

TEST_F(PickleSendersTest, SilenceOfOneThatIsNotReadMeansNothing) {
  for (const uint32_t id : {1, 2}) connect(id);
  push(1, framed("a"));
  senders_.set_held(true, now_);
  for (int i = 0; i < 5; ++i) {
    now_ += 1s;
    push(2, framed("x"));
  }
  senders_.set_held(false, now_);
  push(2, framed("x"));
  EXPECT_TRUE(senders_.is_followed(peer(1)));
}

TEST_F(PickleSendersTest, RefusesLengthsOfAnyConnectionBeforeAnythingIsTaken) {
  for (const uint64_t length : {uint64_t{0}, uint64_t{kLimit + 1}, uint64_t{1} << 63, ~uint64_t{0}}) {
    for (const uint32_t id : {1, 2}) {
      connect(1);
      connect(2);
      push(1, framed("a"));
      EXPECT_FALSE(push(id, framed("", length))) << length;
      senders_.disconnect(peer(1));
      senders_.disconnect(peer(2));
    }
  }
}

TEST_F(PickleSendersTest, SingleBytesMakeTheSameMessages) {
  for (const uint32_t id : {1, 2}) connect(id);
  for (const char c : framed("one") + framed("two")) {
    push(1, std::string(1, c));
    push(2, std::string(1, c));
  }
  EXPECT_THAT(got_, ElementsAre("one", "two"));
  EXPECT_EQ(senders_.stray(), 2u);
}

TEST_F(PickleSendersTest, NamesIdleConnectionsOnlyWhereItIsCrowded) {
  for (uint32_t id = 1; id <= PickleSenders::kRoomy; ++id) connect(id);
  now_ += PickleSenders::kIdleFor;
  EXPECT_FALSE(senders_.idle(now_));
  connect(5000);
  push(1, framed("a"));
  size_t idle = 0;
  while (const auto peer = senders_.idle(now_)) {
    EXPECT_NE(peer->connection, 1u);
    senders_.disconnect(*peer);
    ++idle;
  }
  EXPECT_EQ(idle, 1u) << "then there is room again";
}

TEST_F(PickleSendersTest, SaysWhetherAMessageWasCutShort) {
  connect(1);
  push(1, framed("a"));
  EXPECT_FALSE(senders_.is_within_message());
  push(1, framed("b").substr(0, 1));
  EXPECT_TRUE(senders_.is_within_message());
}

}  // namespace
}  // namespace glimt::pipeline

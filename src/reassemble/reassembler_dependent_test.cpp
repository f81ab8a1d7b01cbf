// Frames that depend on the one before them, as those of H.264 do.
#include "support/reassembly.hpp"

namespace glimt::reassemble {
namespace {

using namespace test;

class DependentTest : public ReassemblyTest, public ::testing::WithParamInterface<Mode> {
 protected:
  DependentTest() { options_.mode = GetParam(); }
  void make(uint32_t number, bool key = false) { frame(number, {130}, {.key = key}); }
  void make_and_deliver(uint32_t number, bool key = false) {
    make(number, key);
    deliver(number);
  }
  std::optional<uint32_t> wanted() {
    const auto after = reassembler().key_wanted_after();
    return after ? std::optional(after->value()) : std::nullopt;
  }
};

TEST_P(DependentTest, FollowTheOneBeforeThem) {
  make_and_deliver(1, true);
  make_and_deliver(2);
  make_and_deliver(3);
  EXPECT_EQ(released(), (Numbers{1, 2, 3}));
  EXPECT_EQ(wanted(), std::nullopt);
}

TEST_P(DependentTest, OneThatCameTooEarlyWaitsForTheOneBefore) {
  make_and_deliver(1, true);
  make(2);
  deliver(2, {0, 2});
  make_and_deliver(3);
  make_and_deliver(4);
  EXPECT_EQ(released(), Numbers{1});
  deliver(2, {1});
  EXPECT_EQ(released(), (Numbers{2, 3, 4}));
  EXPECT_EQ(wanted(), std::nullopt);
  EXPECT_EQ(counters().unusable, 0u);
}

TEST_P(DependentTest, NothingFollowsALostOneUntilTheNextKeyFrame) {
  make_and_deliver(1, true);
  make(2);
  deliver(2, {0});
  wait(10ms);
  make_and_deliver(3);
  EXPECT_EQ(wanted(), 3u) << "at once, though the lost one may still come";
  wait(10ms);
  make_and_deliver(4);
  EXPECT_EQ(wanted(), 4u);
  wait(100ms);
  make_and_deliver(5);
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_EQ(counters().lost, 1u);
  EXPECT_EQ(counters().unusable, 3u);
  make_and_deliver(6, true);
  make_and_deliver(7);
  EXPECT_EQ(released(), (Numbers{6, 7}));
  EXPECT_EQ(wanted(), std::nullopt);
  EXPECT_FALSE(output_.has_open());
}

TEST_P(DependentTest, LostWithoutATraceIsLostAllTheSame) {
  make_and_deliver(1, true);
  make_and_deliver(3);
  EXPECT_EQ(wanted(), 3u);
  wait(50ms);
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_EQ(counters().lost, 1u);
  EXPECT_EQ(counters().unusable, 1u);
  EXPECT_EQ(fates(), (Lines{"complete 1", "failed 2", "failed 3"}));
}

TEST_P(DependentTest, WhoComesInMidStreamWaitsForAKeyFrame) {
  make_and_deliver(5);
  EXPECT_EQ(wanted(), 5u);
  make_and_deliver(6);
  make_and_deliver(7, true);
  EXPECT_EQ(released(), Numbers{7});
  EXPECT_EQ(counters().unusable, 2u);
}

TEST_P(DependentTest, KeyFrameIsNotAskedForWhileOneComes) {
  make_and_deliver(1);
  EXPECT_EQ(wanted(), 1u);
  make(2, true);
  deliver(2, {0});
  EXPECT_EQ(wanted(), std::nullopt);
  wait(100ms);  // its rest is lost
  EXPECT_EQ(wanted(), 2u);
}

TEST_P(DependentTest, AfterWhatTheSenderLeftOutOnlyAKeyFrameHelps) {
  make_and_deliver(1, true);
  skip(2, 1);
  make_and_deliver(3);
  make_and_deliver(4, true);
  EXPECT_EQ(released(), (Numbers{1, 4}));
  EXPECT_EQ(counters().unusable, 1u);
  EXPECT_EQ(counters().skipped, 1u);
}

TEST_P(DependentTest, LostLastOneIsAskedForToo) {
  make_and_deliver(1, true);
  make_and_deliver(2);
  make(3);
  deliver(3, {0});
  wait(200ms);
  EXPECT_EQ(wanted(), 3u);
}

TEST_P(DependentTest, PacketThatSaysOtherwiseThanItsFrameIsRefused) {
  make(1, true);
  deliver(1, {0});
  auto packet = frames_.at(1).packet(1, now_);
  packet.prefix.flags &= static_cast<uint8_t>(~wire::kKeyFrame);
  push(packet);
  EXPECT_EQ(counters().refused, 1u);
}

INSTANTIATE_TEST_SUITE_P(Modes, DependentTest, ::testing::Values(Mode::latest, Mode::every),
                         [](const auto& mode) { return std::string(to_string(mode.param)); });

class DependentLatestTest : public ReassemblyTest {};

TEST_F(DependentLatestTest, WholeKeyFrameOvertakesWhatWaits) {
  frame(1, {130}, {.key = true});
  deliver(1);
  frame(2, {130}, {.key = false});
  deliver(2, {0});
  frame(3, {130}, {.key = false});
  deliver(3);
  frame(4, {130}, {.key = true});
  deliver(4);
  EXPECT_EQ(released(), (Numbers{1, 4}));
  EXPECT_EQ(counters().unusable, 1u);
  deliver(2, {1, 2});
  EXPECT_EQ(counters().late, 1u);
}

TEST_F(DependentLatestTest, WhereEveryFrameIsAKeyFrameNoneIsAskedFor) {
  deliver(1);
  deliver(2, {0});
  deliver(3);
  wait(200ms);
  EXPECT_EQ(reassembler().key_wanted_after(), std::nullopt);
}

}  // namespace
}  // namespace glimt::reassemble

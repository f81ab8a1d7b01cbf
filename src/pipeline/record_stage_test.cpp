#include "pipeline/record_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace glimt::pipeline {
namespace {

using ::testing::ElementsAre;

// Notes the numbers of the units it gets; the first one it takes only when it is let.
class GatedSink final : public sink::UnitSink {
 public:
  struct Seen {
    std::promise<void> entered, gate;
    std::vector<uint32_t> numbers;
    size_t strips = 0;
    bool finished = false;
  };
  explicit GatedSink(Seen& seen) : seen_(seen) {}
  void put(const media::AccessUnit& unit, Instant) override {
    if (seen_.numbers.empty()) {
      seen_.entered.set_value();
      seen_.gate.get_future().wait();
    }
    seen_.numbers.push_back(unit.info.number.value());
    seen_.strips += unit.strips.size();
  }
  void tend(Instant) override {}
  void finish() override { seen_.finished = true; }
  sink::RecordingCounters counters() const override { return {}; }

 private:
  Seen& seen_;
};

class RecordStageTest : public ::testing::Test {
 protected:
  Ref<media::AccessUnit> begin(uint32_t number, Codec codec = Codec::jpeg) {
    Ref<media::AccessUnit> unit(new media::AccessUnit);
    unit->info.number = Sequence(number);
    unit->info.codec = codec;
    stage_->begin(unit);
    return unit;
  }
  // A strip of that many bytes; nobody reads them.
  Ref<Shared> strip(const Ref<media::AccessUnit>& unit, size_t bytes = 100) {
    Ref<media::Buffer> owner(new media::Buffer);
    stage_->strip(unit, {owner, Bytes(owner->data(), bytes), 0});
    return owner;
  }
  void pass(uint32_t number, size_t bytes = 100) {
    const auto unit = begin(number);
    strip(unit, bytes);
    stage_->end(unit);
  }
  void open_gate() { seen_.gate.set_value(); }
  uint64_t left_out() const { return stage_->counters().not_recorded; }

  GatedSink::Seen seen_;
  std::unique_ptr<RecordStage> stage_ = std::make_unique<RecordStage>(std::make_unique<GatedSink>(seen_));
};

TEST_F(RecordStageTest, HandsOnEachWholeUnitAlsoWhenAnotherTakesItApart) {
  const auto first = begin(1), second = begin(2);
  strip(second);
  strip(first);
  strip(first);
  stage_->end(first);
  first->strips.clear();
  stage_->abandon(second);
  pass(3);
  open_gate();
  stage_->finish();
  EXPECT_THAT(seen_.numbers, ElementsAre(1, 3));
  EXPECT_EQ(seen_.strips, 3u);
  EXPECT_TRUE(seen_.finished);
}

TEST_F(RecordStageTest, WhereTheDiskDoesNotFollowTheNewestAreLeftOutAndCounted) {
  pass(0);
  seen_.entered.get_future().wait();
  for (uint32_t n = 1; n <= RecordStage::kMaxUnits + 2; ++n) pass(n);
  EXPECT_EQ(left_out(), 2u);
  open_gate();
  stage_->finish();
  EXPECT_EQ(seen_.numbers.size(), RecordStage::kMaxUnits + 1);
  EXPECT_EQ(seen_.numbers.back(), RecordStage::kMaxUnits);
}

TEST_F(RecordStageTest, HoldsNoMoreBytesThanItMayButAlwaysOneUnit) {
  pass(0);
  seen_.entered.get_future().wait();
  pass(1, RecordStage::kMaxBytes + 1);
  pass(2, 1);
  EXPECT_EQ(left_out(), 1u);
  open_gate();
  stage_->finish();
  EXPECT_THAT(seen_.numbers, ElementsAre(0, 1));
}

TEST_F(RecordStageTest, UncompressedPicturesStayTheReadersAlone) {
  const auto unit = begin(1, Codec::raw);
  const auto pixels = strip(unit);
  EXPECT_EQ(pixels->refs(), 1u);
  stage_->end(unit);
  open_gate();
  stage_->finish();
  EXPECT_THAT(seen_.numbers, ElementsAre(1));
}

TEST_F(RecordStageTest, UnitsThatNeverEndDoNotPileUp) {
  for (uint32_t n = 0; n < 1000; ++n) strip(begin(n));
  pass(1000);
  open_gate();
  stage_->finish();
  EXPECT_THAT(seen_.numbers, ElementsAre(1000));
}

}  // namespace
}  // namespace glimt::pipeline

#include "pipeline/link_measurement.hpp"

#include <gmock/gmock.h>

#include "base/thread.hpp"
#include "pipeline/run.hpp"
#include "transport/capabilities.hpp"

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;

// The test picture, with what a liar makes of it.
class Painter final : public source::FrameSource {
 public:
  Painter(std::unique_ptr<source::FrameSource> truth, void (*lie)(media::Frame&))
      : truth_(std::move(truth)), lie_(lie) {}
  Result<std::optional<source::Picture>> read() override {
    auto picture = truth_->read();
    if (lie_ && picture && *picture) lie_(std::get<media::Frame>(**picture));
    return picture;
  }
  void interrupt() override { truth_->interrupt(); }
  Traits traits() const override { return truth_->traits(); }

 private:
  const std::unique_ptr<source::FrameSource> truth_;
  void (*const lie_)(media::Frame&);
};

class LinkMeasurementTest : public testing::Test {
 protected:
  LinkMeasurementTest()
      : address_("udp://127.0.0.1:" + std::to_string(transport::free_port())),
        receiver_(std::move(*Receiver::open(*Url::parse(address_), {}))) {}

  // What a sender of `size` is measured to be; small pictures, so that it is no test of this machine.
  Result<LinkMeasurement> measure(const std::string& size, void (*lie)(media::Frame&) = nullptr) {
    auto sender = std::move(*Sender::open({*Url::parse(address_ + "?listen")}, {}));
    Painter painter(std::move(*source::open_source(*Url::parse("test:?fps=100&size=" + size), {})), lie);
    std::atomic<bool> sent{false};
    Thread sending("sending", [&] { (void)run_send(painter, *sender, {}, {.stop = sent}); });
    auto measured = measure_link(*receiver_, options_);
    sent = true;
    return measured;
  }

  const std::string address_;
  const std::unique_ptr<Receiver> receiver_;
  std::atomic<bool> stop_{false};
  LinkOptions options_{.stop = stop_, .first_within = 20s, .warm_up = 100ms, .length = 500ms};
};

TEST_F(LinkMeasurementTest, MeasuresEachPictureThatIsWhatItSays) {
  const auto m = measure("320x240").value();
  const auto p = m.painted_read.percentiles();
  EXPECT_TRUE(m.verdict());
  EXPECT_GT(p.n, 0u);
  EXPECT_GT(p.p50_ms, 0);
  EXPECT_LE(p.p50_ms, p.max_ms);
  EXPECT_EQ(m.width, 320);
  EXPECT_EQ(m.height, 240);
  EXPECT_GT(m.fps(), 0);
  EXPECT_GT(m.mbit_per_s(), 0);
  EXPECT_GT(m.stats.interval.captured_decoded.n, 0u);
}

TEST_F(LinkMeasurementTest, LeavesTheWarmUpOut) {
  options_.warm_up = 500ms;
  options_.length = 100ms;
  const auto m = measure("320x240").value();
  EXPECT_LT(m.painted_read.count(), m.codes.right());
  EXPECT_LT(m.stats.frames, m.codes.right());
}

TEST_F(LinkMeasurementTest, ABurntInTimeThatIsNotTheStreamsIsNotMeasured) {
  const auto m =
      measure("320x240", [](media::Frame& frame) {
        media::burn_time_code(frame, {frame.number.value(), to_us(frame.stamps.captured_at) + 1000});
      }).value();
  EXPECT_THAT(m.verdict().error().message, testing::HasSubstr("another number or time"));
  EXPECT_GT(m.codes.wrong(), 0u);
  EXPECT_EQ(m.painted_read.count(), 0u);
}

TEST_F(LinkMeasurementTest, PicturesWithoutACodeAreCountedAsSuch) {
  const auto m = measure("160x120").value();
  EXPECT_THAT(m.verdict().error().message, testing::HasSubstr("carry no time code"));
  EXPECT_GT(m.codes.missing(), 0u);
  EXPECT_EQ(m.painted_read.count(), 0u);
}

TEST_F(LinkMeasurementTest, SaysWhyNoPictureCame) {
  options_.first_within = 100ms;
  const auto m = measure_link(*receiver_, options_);
  ASSERT_FALSE(m);
  EXPECT_THAT(m.error().message, testing::HasSubstr("no picture within 100 ms"));
  EXPECT_THAT(m.error().message, testing::HasSubstr("is `glimt send` running there"));
}

TEST_F(LinkMeasurementTest, EndsWithWhatThereIsWhenItIsAskedTo) {
  options_.length = 1h;
  options_.tick = [&](const Percentiles& p) { stop_ = p.n > 0; };
  EXPECT_TRUE(measure("320x240").value().verdict());
}

TEST_F(LinkMeasurementTest, EndsBeforeTheFirstPictureWhenItIsAskedTo) {
  stop_ = true;
  options_.first_within = 1h;
  EXPECT_FALSE(measure_link(*receiver_, options_));
}

}  // namespace
}  // namespace glimt::pipeline

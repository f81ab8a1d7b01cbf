// A stream's engine with what is in modules: H.264 among its codecs, and clips.
#include "hub/stream_engine.hpp"

#include <gmock/gmock.h>

#include "media/jpeg_layout.hpp"
#include "pipeline/sender.hpp"
#include "support/streams.hpp"

namespace glimt::hub {
namespace {

using namespace test;
using testing::HasSubstr;
namespace fs = std::filesystem;

class CodecsOfAStreamTest : public ::testing::TestWithParam<std::string> {
 protected:
  void start(Codec codec) {
    settings_.name = "cam";
    settings_.source = "test:?size=160x120&fps=100";
    settings_.encoding.codec = codec;
    engine_ = make_stream_engine(settings_).value();
    engine_->add(link_.listening).value();
    engine_->set_source(settings_);
  }
  void encode(Codec codec, int quality = 80) {
    settings_.encoding.codec = codec;
    settings_.encoding.quality = quality;
    engine_->set_encoding(settings_).value();
  }
  // Reads until pictures are of that codec, and some more: each of them decodes.
  void expect_goes_on(Subscriber& viewer, Codec codec) {
    const uint64_t refused = viewer.stats().refused;
    uint32_t before = 0;
    for (int i = 0; i < 20; ++i) {
      const auto frame = viewer.read(kDeadline);
      ASSERT_TRUE(frame) << to_string(codec) << ": " << frame.error().message;
      EXPECT_EQ(frame->width(), 160);
      EXPECT_GT(frame->number(), before);
      before = frame->number();
    }
    EXPECT_EQ(viewer.stats().refused, refused) << to_string(codec);
  }

  const Link link_ = make_link(GetParam());
  StreamSettings settings_;
  std::unique_ptr<StreamEngine> engine_;
};

TEST_P(CodecsOfAStreamTest, ChangeUnderReceiversThatKeepTheirSession) {
  start(Codec::jpeg);
  auto latest = Subscriber::open(link_.connecting).value();
  ASSERT_TRUE(latest.read(kDeadline));
  auto every = Subscriber::open(link_.connecting, {.mode = Mode::every}).value();
  ASSERT_TRUE(every.read(kDeadline));
  for (const auto codec : {Codec::h264, Codec::raw, Codec::h264, Codec::jpeg, Codec::h264}) {
    encode(codec);
    expect_goes_on(latest, codec);
    expect_goes_on(every, codec);
  }
  for (auto* viewer : {&latest, &every}) EXPECT_EQ(viewer->stats().sessions, 1u);
  EXPECT_EQ(engine_->stats().refused, 0u);
}

TEST_P(CodecsOfAStreamTest, WhoJoinsAfterTheChangeSeesPicturesToo) {
  start(Codec::jpeg);
  auto first = Subscriber::open(link_.connecting).value();
  ASSERT_TRUE(first.read(kDeadline));
  for (const auto codec : {Codec::h264, Codec::raw, Codec::h264}) {
    encode(codec);
    expect_goes_on(first, codec);
    auto joined = Subscriber::open(link_.connecting).value();
    expect_goes_on(joined, codec);
  }
}

TEST_P(CodecsOfAStreamTest, QualityOfH264ChangesWithANewKeyFrame) {
  start(Codec::h264);
  auto viewer = Subscriber::open(link_.connecting, {.mode = Mode::every, .encoded = true}).value();
  const auto reads = [&](auto such) {
    return eventually([&] {
      const auto frame = viewer.read(kDeadline);
      return frame && such(frame->mat().total());
    });
  };
  ASSERT_TRUE(reads([](size_t) { return true; }));
  encode(Codec::h264, 5);
  EXPECT_TRUE(reads([](size_t bytes) { return bytes < 1500; }));
  EXPECT_EQ(viewer.stats().sessions, 1u);
}

INSTANTIATE_TEST_SUITE_P(Transports, CodecsOfAStreamTest, ::testing::Values("udp", "tcp"),
                         [](const auto& transport) { return transport.param; });

media::Frame flat(int shade) {
  static media::BufferPool pool;
  auto frame = media::make_frame(pool, PixelFormat::gray8, 64, 48);
  std::fill_n(frame.planes[0].data, 64 * 48, static_cast<uint8_t>(shade));
  frame.stamps.captured_at = now();
  return frame;
}

// No further picture comes of the old codec's: whoever joins is sent the newest in the new one.
TEST(CodecOfAStillPictureTest, WhoJoinsAfterTheChangeSeesItAndTheOthersDoNotSeeItAgain) {
  const Link link = make_link("udp");
  auto sender = pipeline::Sender::open({Url::parse(link.listening).value()}, {.codec = Codec::h264}).value();
  auto first = Subscriber::open(link.connecting).value();
  ASSERT_TRUE(eventually([&] { return first.stats().connected; }));
  for (const int shade : {50, 100, 150}) {
    sender->publish(flat(shade));
    ASSERT_TRUE(first.read(kDeadline));
  }
  sender->set_options({.codec = Codec::jpeg}).value();
  auto second = Subscriber::open(link.connecting).value();
  const auto frame = second.read(kDeadline);
  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_NEAR(cv::mean(frame->mat())[0], 150, 5);
  sender->publish(flat(200));
  for (auto* viewer : {&first, &second})
    EXPECT_NEAR(cv::mean(viewer->read(kDeadline).value().mat())[0], 200, 5);
  EXPECT_EQ(first.stats().sessions, 1u);
}

TEST(SenderOptionsTest, WhatStaysIsRefusedAndNothingHasChanged) {
  auto sender = pipeline::Sender::open({}, {.quality = 70}).value();
  for (const auto& options : {PublisherOptions{.pace_bps = 1e6}, PublisherOptions{.max_frame_bytes = 1000},
                              PublisherOptions{.slots = 5}}) {
    const auto done = sender->set_options(options);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("open another one"));
  }
  EXPECT_FALSE(sender->set_options({.codec = Codec::h264, .encoder = "no-such"}));
  EXPECT_EQ(sender->options().quality, 70);
  EXPECT_EQ(sender->codec(), Codec::jpeg);
}

int width_of(const cv::Mat& jpeg) { return media::scan_jpeg({jpeg.data, jpeg.total()}).layout.width; }

class ClipTest : public testing::Test {
 protected:
  ClipTest() {
    auto stream = Stream::open("unix", {.codec = Codec::jpeg}, {.mode = Mode::every});
    stream.in.record(clip_).value();
    EXPECT_TRUE(stream.connected());
    for (int i = 0; i < kPictures; ++i) stream.pass(make_smooth(64, 48, 3));
    stream.in.stop_recording();
    settings_.name = "clip";
    settings_.source = clip_;
    engine_ = make_stream_engine(settings_).value();
    engine_->add(link_.listening).value();
  }
  ~ClipTest() override { fs::remove(clip_); }
  bool becomes(StreamState state) {
    return eventually([&] { return engine_->source().state == state; });
  }
  void pause(bool paused) {
    settings_.paused = paused;
    engine_->set_source(settings_);
  }

  // A picture is counted once it has left.
  bool all_are_counted() {
    return eventually([&] { return engine_->stats().frames == static_cast<uint64_t>(kPictures); });
  }

  static constexpr int kPictures = 10;
  const std::string clip_ = free_path() + ".mkv";
  const Link link_ = make_link("tcp");
  StreamSettings settings_;
  std::unique_ptr<StreamEngine> engine_;
};

TEST_F(ClipTest, WaitsForItsFirstReceiverWhoSeesItWholeAndThenItHasEnded) {
  engine_->set_source(settings_);
  ASSERT_TRUE(becomes(StreamState::flowing));
  auto viewer = Subscriber::open(link_.connecting, {.mode = Mode::every}).value();
  for (int i = 0; i < kPictures; ++i) ASSERT_TRUE(viewer.read(kDeadline)) << i;
  ASSERT_TRUE(becomes(StreamState::ended));
  EXPECT_TRUE(all_are_counted());
  engine_->set_source(settings_);
  EXPECT_EQ(engine_->source().state, StreamState::ended) << "the same again is nothing new";
}

TEST_F(ClipTest, PausedItGoesOnWhereItWas) {
  engine_->set_source(settings_);
  auto viewer = Subscriber::open(link_.connecting, {.mode = Mode::every}).value();
  for (int i = 0; i < kPictures; ++i) {
    ASSERT_TRUE(viewer.read(kDeadline)) << i;
    if (i > 2) continue;  // later the clip may have been read to its end, and a resume would begin it anew
    pause(true);
    pause(false);
  }
  ASSERT_TRUE(becomes(StreamState::ended));
  EXPECT_TRUE(all_are_counted());
}

TEST_F(ClipTest, ResumedAtItsEndItBeginsAnew) {
  engine_->set_source(settings_);
  auto viewer = Subscriber::open(link_.connecting, {.mode = Mode::every}).value();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kPictures; ++i) ASSERT_TRUE(viewer.read(kDeadline)) << i;
    ASSERT_TRUE(becomes(StreamState::ended));
    pause(true);
    pause(false);
  }
  EXPECT_EQ(viewer.stats().sessions, 1u);
}

TEST_F(ClipTest, LoopedItDoesNotEnd) {
  settings_.loop = true;
  engine_->set_source(settings_);
  auto viewer = Subscriber::open(link_.connecting, {.mode = Mode::every}).value();
  for (int i = 0; i < 3 * kPictures; ++i) ASSERT_TRUE(viewer.read(kDeadline)) << i;
  EXPECT_EQ(engine_->source().state, StreamState::flowing);
}

TEST_F(ClipTest, AnMjpegClipIsPassedOnAsItIsUntilItsPicturesAreToBeOthers) {
  settings_.loop = true;
  engine_->set_source(settings_);
  auto viewer = Subscriber::open(link_.connecting, {.encoded = true}).value();
  const auto as_it_is = viewer.read(kDeadline).value();
  EXPECT_THAT(engine_->source().description, HasSubstr("passed on as it is"));
  settings_.encoding.quality = 10;
  engine_->set_encoding(settings_).value();
  EXPECT_TRUE(
      eventually([&] { return viewer.read(kDeadline).value().mat().total() < as_it_is.mat().total(); }));
  settings_.encoding = {};
  settings_.encoding.size = std::pair{32, 32};
  engine_->set_encoding(settings_).value();
  EXPECT_TRUE(eventually([&] { return width_of(viewer.read(kDeadline).value().mat()) == 32; }));
  EXPECT_TRUE(eventually([&] { return engine_->snapshot().value().height == 24; }));
}

TEST_F(ClipTest, AClipThatIsNotThereYetFlowsOnceItIs) {
  const fs::path elsewhere = clip_ + ".away";
  fs::rename(clip_, elsewhere);
  engine_->set_source(settings_);
  auto viewer = Subscriber::open(link_.connecting).value();
  ASSERT_TRUE(becomes(StreamState::trouble));
  EXPECT_THAT(engine_->source().why, HasSubstr("check its name"));
  fs::rename(elsewhere, clip_);
  EXPECT_TRUE(viewer.read(kDeadline));
}

}  // namespace
}  // namespace glimt::hub

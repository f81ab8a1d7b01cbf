// Size, pixel format and frame rate change in mid-stream: each picture that is read is right and whole.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;

struct Phase {
  cv::Size size;
  int type = CV_8UC3;
  std::chrono::milliseconds interval{33};
};

const std::vector<Phase> kPhases{{{320, 240}, CV_8UC3, 33ms}, {{320, 240}, CV_8UC1, 33ms},
                                 {{640, 480}, CV_8UC1, 33ms}, {{640, 480}, CV_8UC3, 10ms},
                                 {{64, 48}, CV_8UC3, 10ms},   {{65, 47}, CV_8UC4, 100ms},
                                 {{1280, 720}, CV_8UC1, 5ms}, {{320, 240}, CV_8UC3, 33ms}};

const Phase& phase_of(uint64_t picture, uint64_t pictures_a_phase) {
  return kPhases[picture / pictures_a_phase % kPhases.size()];
}

cv::Mat noise_of(uint64_t picture, const Phase& phase) {
  return make_noise(phase.size.width, phase.size.height, phase.type, picture);
}

std::span<const uint8_t> as_metadata(const uint64_t& picture) {
  return {reinterpret_cast<const uint8_t*>(&picture), sizeof picture};
}

uint64_t picture_of(const Frame& frame) {
  uint64_t picture = 0;
  EXPECT_EQ(frame.metadata().size(), sizeof picture);
  std::copy(frame.metadata().begin(), frame.metadata().end(), reinterpret_cast<uint8_t*>(&picture));
  return picture;
}

class MidstreamTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Over, MidstreamTest, testing::Values("udp", "tcp", "unix"),
                         [](const auto& test) { return test.param; });

TEST_P(MidstreamTest, EachRawPictureIsTheOneThatWasSentWhateverTheOneBeforeWas) {
  auto stream = Stream::open(GetParam(), {.codec = Codec::raw}, {.mode = Mode::every});
  auto captured_at = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < 5 * kPhases.size(); ++i) {
    const Phase& phase = phase_of(i, 5);
    captured_at += phase.interval;
    const auto mat = noise_of(i, phase);
    stream.out.publish(mat, {.captured_at = captured_at, .metadata = as_metadata(i)}).value();
    const auto frame = stream.in.read(kDeadline).value();
    EXPECT_EQ(picture_of(frame), i);
    EXPECT_EQ(frame.width(), phase.size.width);
    EXPECT_TRUE(same_pixels(frame.mat(), mat)) << "picture " << i;
    // Its own capture time, so that a rate that changes is seen: to the microsecond of the wire.
    EXPECT_LT(std::chrono::abs(frame.captured_at() - captured_at), 1us) << "picture " << i;
  }
  const auto stats = stream.in.stats();
  EXPECT_EQ(stats.lost + stats.late + stats.dropped + stats.refused, 0u);
  EXPECT_EQ(stats.sessions, 1u) << "a change is no new beginning";
}

TEST_P(MidstreamTest, EachJpegHasItsSizeAndKind) {
  auto stream = Stream::open(GetParam(), {.codec = Codec::jpeg, .quality = 90});
  for (uint64_t i = 0; i < 2 * kPhases.size(); ++i) {
    const Phase& phase = phase_of(i, 2);
    const int channels = CV_MAT_CN(phase.type);
    const auto mat = make_smooth(phase.size.width, phase.size.height, channels == 4 ? 3 : channels);
    const auto frame = stream.pass(mat);
    ASSERT_EQ(frame.mat().size(), phase.size);
    ASSERT_EQ(frame.mat().type(), mat.type());
    EXPECT_GT(cv::PSNR(frame.mat(), mat), 30) << "picture " << i;
  }
}

TEST_P(MidstreamTest, TheFormatThatTheReaderAskedForStaysWhileTheSendersChanges) {
  auto stream = Stream::open(GetParam(), {.codec = Codec::raw}, {.format = PixelFormat::gray8});
  for (uint64_t i = 0; i < kPhases.size(); ++i) {
    const auto frame = stream.pass(noise_of(i, kPhases[i]));
    EXPECT_EQ(frame.mat().size(), kPhases[i].size);
    EXPECT_EQ(frame.mat().type(), CV_8UC1);
  }
}

// Faster than they are taken: pictures are left out, and none of those that come is mixed of two.
TEST_P(MidstreamTest, NoPictureIsMixedOfTwoWhenNobodyWaits) {
  auto stream = Stream::open(GetParam(), {.codec = Codec::raw});
  // Each round begins with another phase, so that none always has the shortest time.
  const auto phase = [](uint64_t i) { return (i + i / kPhases.size()) % kPhases.size(); };
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    for (uint64_t i = 0; !done; ++i) {
      stream.out.publish(noise_of(i, kPhases[phase(i)]), {.metadata = as_metadata(i)}).value();
      std::this_thread::sleep_for(kPhases[phase(i)].interval / 20);  // a rate, not a wait for a result
    }
  });
  uint64_t read = 0, last = 0;
  std::vector<bool> seen(kPhases.size());
  EXPECT_TRUE(eventually([&] {
    const auto frame = stream.in.read(kDeadline);
    if (!frame) return false;
    const uint64_t picture = picture_of(*frame);
    EXPECT_TRUE(read == 0 || picture > last) << picture << " after " << last;
    EXPECT_TRUE(same_pixels(frame->mat(), noise_of(picture, kPhases[phase(picture)])))
        << "picture " << picture;
    seen[phase(picture)] = true;
    last = picture;
    return ++read >= 200 && std::count(seen.begin(), seen.end(), false) == 0;
  })) << read
      << " pictures were read";
  done = true;
  publisher.join();
}

}  // namespace
}  // namespace glimt

#include "source/frame_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "media/time_code.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

using ::testing::HasSubstr;

class FrameSourceTest : public ::testing::Test {
 protected:
  FrameSourceTest() { options_.fast = true; }

  Result<std::unique_ptr<FrameSource>> open(std::string_view url) {
    return open_source(*Url::parse(url), options_);
  }
  static media::Frame frame_of(FrameSource& source) {
    auto picture = source.read();
    EXPECT_TRUE(picture && *picture);
    return std::get<media::Frame>(std::move(**picture));
  }
  SourceOptions options_;
};

TEST_F(FrameSourceTest, PatternCountsItsFramesAndBurnsNumberAndTimeIn) {
  const auto source = open("test:?size=320x240&format=gray8");
  ASSERT_TRUE(source) << source.error().message;
  for (uint32_t n = 0; n < 3; ++n) {
    const auto frame = frame_of(**source);
    EXPECT_EQ(frame.format, PixelFormat::gray8);
    EXPECT_EQ(frame.width, 320);
    EXPECT_EQ(frame.number, Sequence(n));
    const media::TimeCode expected{n, to_us(frame.stamps.captured_at)};
    EXPECT_EQ(media::try_read_time_code(frame), expected);
  }
}

TEST_F(FrameSourceTest, PatternTakesAnySizeDownToOnePixel) {
  for (const char* size : {"1x1", "7x5", "17x33", "1x500"}) {
    const auto source = open(std::string("test:?size=") + size);
    ASSERT_TRUE(source);
    EXPECT_FALSE(frame_of(**source).empty());
  }
}

TEST_F(FrameSourceTest, InterruptedPatternIsAtItsEnd) {
  options_.fast = false;
  const auto source = open("test:?size=64x64&fps=1");
  (*source)->interrupt();
  const auto picture = (*source)->read();
  ASSERT_TRUE(picture);
  EXPECT_FALSE(*picture);
}

TEST_F(FrameSourceTest, WrongOptionSaysTheCure) {
  EXPECT_THAT(open("test:?siez=1x1").error().message, HasSubstr("known here: size, fps, format"));
  EXPECT_THAT(open("test:?size=0x1").error().message, HasSubstr("is not a size"));
  EXPECT_THAT(open("test:?fps=0").error().message, HasSubstr("from 1 to 1000"));
  EXPECT_EQ(open("test:?format=i420").error().kind, ErrorKind::unsupported);
  EXPECT_THAT(open("no such file.mp4").error().message, HasSubstr("No such file"));
  EXPECT_THAT(open("tcp://:5000").error().message, HasSubstr("unknown kind of source"));
}

TEST_F(FrameSourceTest, PictureOverTheLimitIsRefused) {
  options_.max_frame_bytes = 100 * 100 * 3 - 1;
  EXPECT_FALSE(open("test:?size=100x100"));
  EXPECT_TRUE(open("test:?size=100x99"));
}

TEST(TickerTest, FirstBeatIsAtOnceAndAnInterruptedOneIsNone) {
  Ticker ticker(1e-3);
  EXPECT_TRUE(ticker.wait());
  ticker.interrupt();
  EXPECT_FALSE(ticker.wait());
}

// Standard input is a file for the time of a test.
class StandardInputTest : public FrameSourceTest {
 protected:
  StandardInputTest() : saved_(dup(STDIN_FILENO)) {}
  ~StandardInputTest() override {
    dup2(saved_, STDIN_FILENO);
    close(saved_);
  }
  void type(const std::vector<uint8_t>& bytes) {
    FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::rewind(file);
    dup2(fileno(file), STDIN_FILENO);
    std::fclose(file);
  }
  // A grey JPEG as far as its markers go; `filling` of entropy-coded bytes.
  static std::vector<uint8_t> jpeg(size_t filling) {
    std::vector<uint8_t> all{0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 9, 0, 7, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 2};
    std::fill_n(std::back_inserter(all), filling, uint8_t{0x5A});
    all.push_back(0xFF);
    all.push_back(0xD9);
    return all;
  }
  int saved_;
};

TEST_F(StandardInputTest, MjpegIsCutIntoItsPictures) {
  options_.format = "mjpeg";
  std::vector<uint8_t> all;
  const std::vector<size_t> sizes{1, 700'000, 5};
  for (const size_t size : sizes) {
    const auto one = jpeg(size);
    std::copy(one.begin(), one.end(), std::back_inserter(all));
  }
  type(all);
  const auto source = open("-");
  ASSERT_TRUE(source);
  EXPECT_TRUE((*source)->traits().encoded);
  for (const size_t size : sizes) {
    const auto picture = (*source)->read();
    ASSERT_TRUE(picture && *picture);
    const auto& unit = std::get<Ref<media::AccessUnit>>(**picture);
    EXPECT_EQ(unit->info.width, 7);
    EXPECT_EQ(unit->info.height, 9);
    EXPECT_EQ(unit->info.format, PixelFormat::gray8);
    EXPECT_TRUE(std::ranges::equal(unit->strips.at(0).bytes, jpeg(size)));
  }
  EXPECT_FALSE(*(*source)->read());
}

TEST_F(StandardInputTest, MjpegThatEndsWithinAPictureIsMalformed) {
  options_.format = "mjpeg";
  auto cut = jpeg(50);
  cut.pop_back();
  type(cut);
  EXPECT_EQ((*open("-"))->read().error().kind, ErrorKind::malformed);
}

TEST_F(StandardInputTest, MjpegOverTheLimitIsExhausted) {
  options_.format = "mjpeg";
  options_.max_frame_bytes = 1000;
  auto endless = jpeg(600'000);
  endless.resize(500'000);
  type(endless);
  EXPECT_EQ((*open("-"))->read().error().kind, ErrorKind::exhausted);
}

TEST_F(StandardInputTest, RawFramesAreReadWholeOrNotAtAll) {
  options_.format = "gray8";
  EXPECT_EQ(open("-").error().kind, ErrorKind::invalid_argument);  // their size is not known
  options_.size = {3, 2};
  type({1, 2, 3, 4, 5, 6, 7, 8});
  const auto source = open("-");
  ASSERT_TRUE(source);
  EXPECT_EQ(frame_of(**source).planes[0].data[5], 6);
  const auto cut = (*source)->read();
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("4 bytes short"));
}

}  // namespace
}  // namespace glimt::source

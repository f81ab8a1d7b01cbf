// Strips decoded one by one are the pixels of a serial decode of the spliced JPEG, in any order of arrival.
#include "media/jpeg_strips.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "decode/decoder.hpp"
#include "encode/encoder.hpp"
#include "support/jpeg_strips.hpp"
#include "support/serial_jpeg.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;

struct Case {
  PixelFormat format;
  Chroma chroma;
};
const Case kCases[] = {{PixelFormat::bgr24, Chroma::c420},
                       {PixelFormat::bgr24, Chroma::c422},
                       {PixelFormat::bgr24, Chroma::c444},
                       {PixelFormat::gray8, Chroma::c420}};
const std::pair<int, int> kSizes[] = {{1, 1},     {9, 130},   {40, 17},    {33, 257},   {64, 128},
                                      {319, 241}, {640, 480}, {1283, 719}, {1920, 1080}};

class StripDecodeTest : public ::testing::TestWithParam<Case> {
 protected:
  static Strips strips_of(int width, int height, int wanted = 8) {
    const auto [format, chroma] = GetParam();
    return {Picture({format, width, height}).roughen(3), {.chroma = chroma, .workers = 1, .strips = wanted}};
  }
};

TEST_P(StripDecodeTest, IsTheSerialPictureInAnyOrderAndFormatWithAnyWorkers) {
  std::mt19937 random(1);
  for (const int workers : {1, 3}) {
    for (const auto& [width, height] : kSizes) {
      const Strips strips = strips_of(width, height);
      auto order = strips.in_order();
      for (const auto format : {PixelFormat::bgr24, PixelFormat::gray8, PixelFormat::bgra32}) {
        const auto decoder = decode::make_jpeg_decoder({.format = format, .workers = workers});
        const auto frame = strips.decode(*decoder, order);
        ASSERT_TRUE(frame) << frame.error().message;
        EXPECT_EQ(packed(*frame), serial_pixels(strips.spliced(), format)) << width << "x" << height;
        std::shuffle(order.begin(), order.end(), random);
      }
    }
  }
}

TEST_P(StripDecodeTest, ScaledIsTheSerialPictureScaled) {
  for (const int scale : {2, 4, 8}) {
    for (const auto& [width, height] : kSizes) {
      const Strips strips = strips_of(width, height);
      for (const auto format : {PixelFormat::bgr24, PixelFormat::gray8}) {
        const auto decoder = decode::make_jpeg_decoder({.format = format, .workers = 2, .scale = scale});
        const auto frame = strips.decode(*decoder);
        ASSERT_TRUE(frame) << frame.error().message;
        EXPECT_EQ(frame->width, (width + scale - 1) / scale);
        EXPECT_EQ(frame->height, (height + scale - 1) / scale);
        EXPECT_EQ(packed(*frame), serial_pixels(strips.spliced(), format, scale)) << width << "x" << height;
      }
    }
  }
}

TEST_P(StripDecodeTest, OfOnePieceWithRestartMarkersIsTheSame) {
  Strips strips = strips_of(1280, 720, 45);
  strips.bytes = {strips.spliced()};
  strips.info.strips = 1;
  const auto frame = strips.decode(*decode::make_jpeg_decoder({.workers = 2}));
  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(packed(*frame), serial_pixels(strips.bytes[0], frame->format));
}

// Segments of others: any interval, several to a strip, strips that do not begin at marker 0.
TEST_P(StripDecodeTest, OfJpegsOfOthersIsTheSerialPictureWhereverTheyAreCut) {
  const auto [format, chroma] = GetParam();
  const Picture picture = Picture({format, 200, 333}).roughen(4);
  int cuts = 0;
  for (const unsigned interval : {1u, 2u, 5u, 13u, 25u, 26u, 39u, 50u, 130u, 1000u}) {
    const std::string jpeg = serial_jpeg(picture.frame(), 80, chroma, interval);
    for (const int wanted : {2, 3, 5, 8, 42}) {
      media::JpegCutter cutter;
      if (!cutter.cut(as_bytes(jpeg), media::scan_jpeg(as_bytes(jpeg)).layout, wanted)) continue;
      ++cuts;
      Strips strips;
      for (const Bytes strip : cutter.strips()) strips.bytes.emplace_back(as_text(strip));
      EXPECT_LE(static_cast<int>(strips.bytes.size()), wanted);
      EXPECT_EQ(strips.spliced(), jpeg);
      strips.info.width = 200;
      strips.info.height = 333;
      strips.info.strips = static_cast<int>(strips.bytes.size());
      auto order = strips.in_order();
      std::reverse(order.begin(), order.end());
      const auto frame = strips.decode(*decode::make_jpeg_decoder({.workers = 2}), order);
      ASSERT_TRUE(frame) << frame.error().message;
      EXPECT_EQ(packed(*frame), serial_pixels(jpeg, frame->format)) << interval << ", " << wanted;
    }
  }
  EXPECT_GT(cuts, 20);
}

INSTANTIATE_TEST_SUITE_P(Formats, StripDecodeTest, ::testing::ValuesIn(kCases), [](const auto& of) {
  return std::string(to_string(of.param.format)) + "_" + std::string(to_string(of.param.chroma));
});

TEST(StripDecodePlanesTest, PlanesComeOutAsTheyDoInOnePiece) {
  for (const auto& [width, height] : kSizes) {
    const Picture picture = Picture({PixelFormat::i420, width, height}).roughen(5);
    const Strips strips(picture, {.strips = 8});
    Strips whole = strips;
    whole.bytes = {strips.spliced()};
    whole.info.strips = 1;
    const decode::DecoderOptions planes{.format = PixelFormat::i420};
    const auto apart = strips.decode(*decode::make_jpeg_decoder(planes));
    const auto at_once = whole.decode(*decode::make_jpeg_decoder(planes));
    ASSERT_TRUE(apart && at_once);
    ASSERT_EQ(apart->format, PixelFormat::i420);
    EXPECT_EQ(packed(*apart), packed(*at_once));
  }
}

// What lies: each is refused, and the next picture is as good as ever.
class LyingStripsTest : public ::testing::TestWithParam<int> {
 protected:
  void expect_malformed(const Strips& lying) {
    for (const bool backwards : {false, true}) {
      auto order = lying.in_order();
      if (backwards) std::reverse(order.begin(), order.end());
      const auto frame = lying.decode(*decoder_, order);
      ASSERT_FALSE(frame);
      EXPECT_EQ(frame.error().kind, ErrorKind::malformed) << frame.error().message;
      const auto next = good_.decode(*decoder_);
      ASSERT_TRUE(next) << next.error().message;
      EXPECT_EQ(packed(*next), serial_pixels(good_.spliced(), PixelFormat::bgr24));
    }
  }

  const Strips good_{Picture({PixelFormat::bgr24, 200, 260}).roughen(6), {.strips = 5}};
  const std::unique_ptr<decode::Decoder> decoder_ = decode::make_jpeg_decoder({.workers = GetParam()});
  Strips lying_ = good_;
};

TEST_P(LyingStripsTest, MarkerOfAnotherNumber) {
  for (size_t i = 1; i < lying_.bytes.size(); ++i) {
    lying_ = good_;
    lying_.bytes[i][1] = static_cast<char>(0xD0 + i % 8);
    expect_malformed(lying_);
  }
}

TEST_P(LyingStripsTest, StripsInEachOthersPlace) {
  std::swap(lying_.bytes[1], lying_.bytes[2]);
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, EmptyOrShortStrips) {
  for (const size_t length : {0u, 1u, 2u, 3u, 40u}) {
    for (size_t i = 0; i < good_.bytes.size(); ++i) {
      lying_ = good_;
      lying_.bytes[i].resize(std::min(length, lying_.bytes[i].size()));
      expect_malformed(lying_);
    }
  }
}

TEST_P(LyingStripsTest, MoreOrFewerStripsThanTheirIntervalMakes) {
  lying_.bytes.push_back(lying_.bytes.back());
  lying_.info.strips = 6;
  expect_malformed(lying_);
  lying_ = good_;
  lying_.info.strips = 255;
  expect_malformed(lying_);
  lying_ = good_;
  lying_.bytes.pop_back();
  lying_.info.strips = 4;
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, ASegmentTooMany) {
  lying_.bytes[1] += lying_.bytes[2];
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, OtherMarkersWithinAStrip) {
  for (const int marker : {0xD8, 0xC0, 0xC4, 0xDA, 0xDD, 0xFE, 0xD9}) {
    for (const size_t strip : {0u, 1u, 4u}) {
      lying_ = good_;
      const std::string segment{'\xFF', static_cast<char>(marker), 0, 4, 0, 0};
      lying_.bytes[strip].insert(lying_.bytes[strip].size() - 2, segment);
      expect_malformed(lying_);
      lying_ = good_;
      lying_.bytes[strip] += segment;
      expect_malformed(lying_);
    }
  }
}

TEST_P(LyingStripsTest, NoEndOrEndInTheMiddle) {
  lying_.bytes[4].resize(lying_.bytes[4].size() - 2);
  expect_malformed(lying_);
  lying_ = good_;
  lying_.bytes[2] += "\xFF\xD9";
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, HeadersOfAnotherPicture) {
  for (const auto& [width, height] : {std::pair{200, 259}, std::pair{201, 260}, std::pair{200, 2600}}) {
    lying_ = good_;
    lying_.bytes[0] = Strips(Picture({PixelFormat::bgr24, width, height}), {.strips = 5}).bytes[0];
    expect_malformed(lying_);
  }
  lying_ = Strips(Picture({PixelFormat::gray8, 200, 260}), {.strips = 5});
  lying_.bytes[2] = good_.bytes[2];
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, HeadersThatDoNotSuitStrips) {
  const auto layout = *media::read_jpeg_headers(as_bytes(good_.bytes[0]));
  for (const int sof : {0xC2, 0xC9, 0xCA, 0xC3}) {  // progressive, arithmetic, both, lossless
    lying_ = good_;
    lying_.bytes[0][layout.frame_at + 1] = static_cast<char>(sof);
    expect_malformed(lying_);
  }
  lying_ = good_;
  const size_t dri = lying_.bytes[0].find("\xFF\xDD");
  for (const int low : {0, 1, 7}) {
    lying_.bytes[0][dri + 5] = static_cast<char>(low);
    expect_malformed(lying_);
  }
  lying_ = good_;
  lying_.bytes[0].erase(dri, 6);
  expect_malformed(lying_);
  lying_ = good_;
  const size_t dqt = lying_.bytes[0].find("\xFF\xDB");
  lying_.bytes[0].erase(dqt, 69);
  expect_malformed(lying_);
}

TEST_P(LyingStripsTest, BitsThatEndTooSoon) {
  for (size_t i = 0; i < good_.bytes.size(); ++i) {
    lying_ = good_;
    auto& strip = lying_.bytes[i];
    const size_t tail = i + 1 == good_.bytes.size() ? 2 : 0;
    strip.erase(strip.size() - tail - 60, 60);
    expect_malformed(lying_);
  }
}

TEST_P(LyingStripsTest, AStripThatComesTwiceIsNotReadTwice) {
  const auto frame = good_.decode(*decoder_, {0, 1, 1});
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::malformed);
}

TEST_P(LyingStripsTest, AStripThatIsMissingIsNotShownAsIfItWereThere) {
  for (size_t missing = 0; missing < good_.bytes.size(); ++missing) {
    auto order = good_.in_order();
    order.erase(order.begin() + static_cast<ptrdiff_t>(missing));
    EXPECT_FALSE(good_.decode(*decoder_, order));
  }
}

TEST_P(LyingStripsTest, APictureThatIsGivenUpLeavesNothingBehind) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(decoder_->begin(good_.info));
    for (size_t i = 0; i < 3; ++i) {
      Ref<media::Buffer> owner(new media::Buffer);
      owner->reserve(good_.bytes[i].size());
      std::copy(good_.bytes[i].begin(), good_.bytes[i].end(), owner->data());
      ASSERT_TRUE(decoder_->strip({owner, {owner->data(), good_.bytes[i].size()}, static_cast<int>(i)}));
    }
    const auto frame = good_.decode(*decoder_);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_EQ(packed(*frame), serial_pixels(good_.spliced(), PixelFormat::bgr24));
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, LyingStripsTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace glimt::pipeline

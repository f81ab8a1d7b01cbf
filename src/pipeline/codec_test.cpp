#include <gtest/gtest.h>

#include <cstdlib>

#include "decode/decoder.hpp"
#include "encode/encoder.hpp"
#include "media/time_code.hpp"
#include "support/pictures.hpp"

// Encoder and decoder against each other: what went in comes out.
namespace glimt::pipeline {
namespace {

using namespace test;

class CodecTest : public ::testing::TestWithParam<Shape> {
 protected:
  // As a receiver gets it in one piece: the info, and the bytes at an address of their own.
  void encode(Codec codec, const media::Frame& frame, int quality = 95) {
    CollectingSink sink;
    ASSERT_TRUE((*encode::make_encoder(codec, {.quality = quality}))->encode(frame, sink));
    info_ = sink.unit->info;
    info_.strips = 1;
    bytes_ = sink.bytes();
  }
  Result<media::Frame> decode(decode::Decoder& decoder) {
    Ref<media::Buffer> owner(new media::Buffer);
    owner->reserve(bytes_.size() + 1);
    std::copy(bytes_.begin(), bytes_.end(), owner->data());
    if (auto begun = decoder.begin(info_); !begun) return begun.error();
    if (auto done = decoder.strip({owner, {owner->data(), bytes_.size()}, 0}); !done) return done.error();
    return decoder.end();
  }
  Result<media::Frame> decode(std::optional<PixelFormat> format = {}) {
    return decode(**decode::make_decoder(info_.codec, {.format = format}));
  }
  static std::string packed(const media::Frame& frame) {
    std::string bytes(media::packed_size(frame.format, frame.width, frame.height), '\0');
    media::copy_packed(frame, reinterpret_cast<uint8_t*>(bytes.data()));
    return bytes;
  }
  static double mean_difference(const std::string& a, const std::string& b) {
    EXPECT_EQ(a.size(), b.size());
    double sum = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      sum += std::abs(static_cast<uint8_t>(a[i]) - static_cast<uint8_t>(b[i]));
    return sum / static_cast<double>(a.size());
  }

  media::UnitInfo info_;
  std::string bytes_;
};

TEST_P(CodecTest, RawComesBackBitForBit) {
  const Picture picture(GetParam(), 3);
  encode(Codec::raw, picture.frame());
  const auto frame = decode();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->format, GetParam().format);
  EXPECT_EQ(packed(*frame), picture.packed());
}

TEST_P(CodecTest, JpegComesBackNearlyTheSame) {
  auto shape = GetParam();
  if (shape.format == PixelFormat::bgra32) shape.format = PixelFormat::bgr24;  // JPEG has no alpha
  const Picture picture(shape);
  encode(Codec::jpeg, picture.frame());
  const auto frame = decode(shape.format);
  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(frame->format, shape.format);
  EXPECT_EQ(frame->width, shape.width);
  EXPECT_EQ(frame->height, shape.height);
  EXPECT_LT(mean_difference(packed(*frame), picture.packed()), 3.0);
}

TEST_P(CodecTest, JpegDecodesIntoAnyFormatItIsAskedFor) {
  encode(Codec::jpeg, Picture(GetParam()).frame());
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32}) {
    const auto frame = decode(format);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->format, format);
    EXPECT_EQ(packed(*frame).size(), media::packed_size(format, GetParam().width, GetParam().height));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, CodecTest, ::testing::ValuesIn(shapes()), shape_name);

class DamageTest : public CodecTest {
 protected:
  DamageTest() { encode(Codec::jpeg, picture_.frame()); }
  void expect_malformed() {
    const auto frame = decode(*decoder_);
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().kind, ErrorKind::malformed) << frame.error().message;
  }

  const Picture picture_{{PixelFormat::bgr24, 65, 49}};
  std::unique_ptr<decode::Decoder> decoder_ = decode::make_jpeg_decoder({});
};

TEST_F(DamageTest, JpegThatWasCutIsMalformedWhereverItWasCut) {
  const std::string whole = bytes_;
  for (size_t size = 0; size < whole.size() - 2; size += 7) {
    bytes_ = whole.substr(0, size);
    expect_malformed();
  }
}

TEST_F(DamageTest, DecoderIsGoodAsNewAfterAMalformedPicture) {
  const std::string whole = bytes_;
  bytes_ = whole.substr(0, whole.size() / 2);
  expect_malformed();
  bytes_ = whole;
  EXPECT_TRUE(decode(*decoder_));
}

TEST_F(DamageTest, JpegOfAnotherSizeThanItsDescriptorSaysIsMalformed) {
  ++info_.width;
  expect_malformed();
  info_.width -= 2;
  expect_malformed();
}

TEST_F(DamageTest, NoiseIsMalformed) {
  bytes_ = std::string(1000, '\xFF');
  expect_malformed();
}

TEST_F(DamageTest, PictureOverTheLimitIsExhausted) {
  for (const auto codec : {Codec::jpeg, Codec::raw}) {
    encode(codec, picture_.frame());
    const auto decoder = *decode::make_decoder(codec, {.max_frame_bytes = 65 * 49 * 3 - 1});
    EXPECT_EQ(decoder->begin(info_).error().kind, ErrorKind::exhausted);
  }
}

TEST_F(DamageTest, RawOfTheWrongLengthIsMalformed) {
  encode(Codec::raw, picture_.frame());
  for (const int change : {-1, 1}) {
    auto other = bytes_;
    other.resize(static_cast<size_t>(static_cast<int>(bytes_.size()) + change));
    std::swap(other, bytes_);
    EXPECT_EQ(decode().error().kind, ErrorKind::malformed);
    std::swap(other, bytes_);
  }
}

TEST_F(DamageTest, PictureWithoutStripsIsMalformed) {
  ASSERT_TRUE(decoder_->begin(info_));
  EXPECT_EQ(decoder_->end().error().kind, ErrorKind::malformed);
}

class TimeCodeJpegTest : public CodecTest {};

TEST_P(TimeCodeJpegTest, SurvivesQuality40) {
  const Picture picture(GetParam());
  auto frame = picture.frame();
  const media::TimeCode code{0xDEADBEEF, 1'234'567'890'123};
  ASSERT_TRUE(media::burn_time_code(frame, code));
  encode(Codec::jpeg, frame, 40);
  for (const auto format : {PixelFormat::bgr24, PixelFormat::gray8}) {
    const auto decoded = decode(format);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(media::try_read_time_code(*decoded), code);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TimeCodeJpegTest,
                         ::testing::Values(Shape{PixelFormat::bgr24, 224, 32},
                                           Shape{PixelFormat::bgr24, 641, 479},
                                           Shape{PixelFormat::i420, 1280, 720},
                                           Shape{PixelFormat::gray8, 1921, 1081},
                                           Shape{PixelFormat::bgra32, 640, 480}),
                         shape_name);

}  // namespace
}  // namespace glimt::pipeline

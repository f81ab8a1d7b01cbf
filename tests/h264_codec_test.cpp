// Encoder and decoder of H.264 against each other, through the module: one picture in, one out, and never a smeared one.
#include <gmock/gmock.h>

#include <cmath>

#include "decode/decoder.hpp"
#include "encode/encoder.hpp"
#include "media/h264_layout.hpp"
#include "support/pictures.hpp"

namespace glimt {
namespace {

using namespace std::chrono_literals;
using namespace test;

// As a receiver gets it.
struct Unit {
  media::UnitInfo info;
  std::string bytes;
};

class H264Test : public ::testing::Test {
 protected:
  Unit encode(const media::Frame& given) {
    auto frame = given;
    frame.stamps.captured_at = at_ += 33ms;
    CollectingSink sink;
    const auto done = encoder_->encode(frame, sink);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_TRUE(sink.ended) << "one in, one out";
    if (!sink.ended) return {};
    Unit unit{sink.unit->info, std::string(as_text(sink.strips.at(0).bytes))};
    unit.info.number = ++number_;
    return unit;
  }
  // A picture of its own for each `shift`.
  Unit encode(int shift, Shape shape = {PixelFormat::bgr24, 320, 240}) {
    const auto frame = media::make_frame(pool_, shape.format, shape.width, shape.height);
    const size_t size = media::packed_size(shape.format, shape.width, shape.height);
    for (size_t i = 0; i < size; ++i)
      frame.planes[0].data[i] =
          static_cast<uint8_t>(((i + static_cast<size_t>(shift) * 57) * 2654435761u) >> 13 & 127);
    return encode(frame);
  }

  Result<media::Frame> decode(const Unit& unit, size_t strips = 1) { return decode(*decoder_, unit, strips); }
  // In `strips` of equal size, the last one first.
  static Result<media::Frame> decode(decode::Decoder& decoder, Unit unit, size_t strips = 1) {
    unit.info.strips = static_cast<int>(strips);
    if (auto begun = decoder.begin(unit.info); !begun) return begun.error();
    const size_t each = unit.bytes.size() / strips;
    for (size_t i = strips; i-- > 0;) {
      Ref<media::Buffer> owner(new media::Buffer);
      const std::string part = unit.bytes.substr(i * each, i + 1 == strips ? std::string::npos : each);
      owner->reserve(part.size() + 1);
      std::copy(part.begin(), part.end(), owner->data());
      if (auto done = decoder.strip({owner, {owner->data(), part.size()}, static_cast<int>(i)}); !done)
        return done.error();
    }
    return decoder.end();
  }

  static std::string packed(const media::Frame& frame) {
    std::string bytes(media::packed_size(frame.format, frame.width, frame.height), '\0');
    media::copy_packed(frame, reinterpret_cast<uint8_t*>(bytes.data()));
    return bytes;
  }
  static double psnr(const std::string& a, const std::string& b) {
    EXPECT_EQ(a.size(), b.size());
    double sum = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      sum += std::pow(static_cast<uint8_t>(a[i]) - static_cast<uint8_t>(b[i]), 2);
    return sum == 0 ? 99 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum);
  }

  static std::unique_ptr<encode::Encoder> open(const encode::EncoderOptions& options = {}) {
    return encode::make_encoder(Codec::h264, options).value();
  }
  static std::unique_ptr<decode::Decoder> make(const decode::DecoderOptions& options = {}) {
    return decode::make_decoder(Codec::h264, options).value();
  }

  std::unique_ptr<encode::Encoder> encoder_ = open();
  std::unique_ptr<decode::Decoder> decoder_ = make();
  media::BufferPool pool_;
  Instant at_{1000s};
  Sequence number_{100};
};

class H264ShapeTest : public H264Test, public ::testing::WithParamInterface<Shape> {};

TEST_P(H264ShapeTest, EachPictureComesBackAtOnceAndLooksAlike) {
  const auto shape = GetParam();
  encoder_ = open({.quality = 95, .bitrate_bps = 200e6});
  decoder_ = make({.format = shape.format});
  const Picture picture(shape, 3);
  for (int i = 0; i < 3; ++i) {
    const auto unit = encode(picture.frame());
    EXPECT_EQ(unit.info.codec, Codec::h264);
    EXPECT_EQ(unit.info.key, i == 0);
    EXPECT_EQ(unit.info.format, shape.format);
    const auto frame = decode(unit);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_EQ(frame->width, shape.width);
    EXPECT_EQ(frame->height, shape.height);
    ASSERT_EQ(frame->format, shape.format);
    std::string expected = picture.packed(), got = packed(*frame);
    if (shape.format == PixelFormat::bgra32)
      for (size_t p = 3; p < got.size(); p += 4) got[p] = expected[p];  // opacity does not travel
    EXPECT_GT(psnr(got, expected), shape.width < 64 ? 28 : 36);
  }
}

std::vector<Shape> encodable_shapes() {
  auto all = shapes();
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32, PixelFormat::i420})
    all.insert(all.end(), {{format, 319, 241}, {format, 322, 181}});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Shapes, H264ShapeTest, ::testing::ValuesIn(encodable_shapes()), shape_name);

TEST_F(H264Test, BlackAndWhiteKeepTheirExtremes) {
  encoder_ = open({.quality = 100});
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24}) {
    decoder_ = make({.format = format});
    for (const int shade : {0, 255}) {
      media::BufferPool pool;
      const auto flat = media::make_frame(pool, format, 64, 64);
      std::memset(flat.planes[0].data, shade, media::packed_size(format, 64, 64));
      encoder_->force_key();
      const auto frame = decode(encode(flat));
      ASSERT_TRUE(frame);
      EXPECT_NEAR(frame->planes[0].data[0], shade, 3) << to_string(format);
    }
  }
}

TEST_F(H264Test, KeyFrameComesWhenItIsForcedAndAfterFiveSeconds) {
  EXPECT_TRUE(encode(0).info.key);
  EXPECT_FALSE(encode(1).info.key);
  encoder_->force_key();
  EXPECT_TRUE(encode(2).info.key);
  EXPECT_FALSE(encode(3).info.key);
  at_ += 5s;
  EXPECT_TRUE(encode(4).info.key);
}

// Marks the pictures at which a band sets out: SEI 6 of the standard, "recovery point".
bool begins_refresh(const std::string& access_unit) {
  size_t at = 0;
  while (const auto nal = media::next_nal(as_bytes(access_unit), at)) {
    if (nal->type == media::NalType::supplement && nal->bytes.size() > 1 && nal->bytes[1] == 6) return true;
  }
  return false;
}

TEST_F(H264Test, IntraRefreshPassesOverThePictureAndKeyFramesComeOnRequestOnly) {
  encoder_ = open({.encoder = "libx264", .intra_refresh = true});
  const int pictures = 240;  // eight seconds
  int bands = 0;
  for (int i = 0; i < pictures; ++i) {
    if (i == 100) encoder_->force_key();
    const auto unit = encode(i);
    EXPECT_EQ(unit.info.key, i == 0 || i == 100) << i;
    bands += begins_refresh(unit.bytes);
    if (i == 100) decoder_ = make();  // who joins
    EXPECT_TRUE(decode(unit)) << i;
  }
  EXPECT_GE(bands, 2);
  EXPECT_LE(bands, 8);
  encoder_ = open({.encoder = "libx264"});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(begins_refresh(encode(i).bytes)) << i;
}

TEST_F(H264Test, EncoderWithoutIntraRefreshSaysWhichOneHasIt) {
  const auto none = encode::make_encoder(Codec::h264, {.encoder = "h264_v4l2m2m", .intra_refresh = true});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message,
              testing::AllOf(testing::HasSubstr("intra refresh"), testing::HasSubstr("libx264")));
}

TEST_F(H264Test, KeyFramesBringTheirParameters) {
  for (int i = 0; i < 4; ++i) {
    if (i == 2) encoder_->force_key();
    const auto unit = encode(i);
    EXPECT_EQ(media::scan_h264(as_bytes(unit.bytes)).is_key(), unit.info.key);
  }
}

TEST_F(H264Test, SizeThatChangesBeginsWithAKeyFrame) {
  for (const auto& shape : {Shape{PixelFormat::bgr24, 320, 240}, Shape{PixelFormat::bgr24, 641, 363},
                            Shape{PixelFormat::gray8, 96, 64}}) {
    for (int i = 0; i < 2; ++i) {
      const auto unit = encode(i, shape);
      EXPECT_EQ(unit.info.key, i == 0);
      const auto frame = decode(unit);
      ASSERT_TRUE(frame) << frame.error().message;
      EXPECT_EQ(frame->width, shape.width);
    }
  }
}

TEST_F(H264Test, StripsComeInAnyOrder) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(decode(encode(i), 5));
}

TEST_F(H264Test, AfterAGapThereIsNothingUntilTheNextKeyFrame) {
  ASSERT_TRUE(decode(encode(0)));
  encode(1);  // lost
  for (int i = 2; i < 5; ++i) {
    const auto frame = decode(encode(i));
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().kind, ErrorKind::unavailable);
  }
  encoder_->force_key();
  EXPECT_TRUE(decode(encode(5)));
  EXPECT_TRUE(decode(encode(6)));
}

TEST_F(H264Test, WhoComesInMidStreamSeesNothingUntilAKeyFrame) {
  encode(0);
  EXPECT_FALSE(decode(encode(1)));
  encoder_->force_key();
  EXPECT_TRUE(decode(encode(2)));
}

TEST_F(H264Test, DamagedPictureIsMalformedAndSoIsWhatDependsOnIt) {
  ASSERT_TRUE(decode(encode(0)));
  auto damaged = encode(1);
  // Within the first macroblock: cut off behind one, a slice looks clean.
  size_t at = 0;
  while (const auto nal = media::next_nal(as_bytes(damaged.bytes), at)) {
    if (nal->type != media::NalType::slice) continue;
    damaged.bytes.resize(static_cast<size_t>(nal->bytes.data() - as_bytes(damaged.bytes).data()) + 20);
    break;
  }
  const auto frame = decode(damaged);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::malformed);
  EXPECT_EQ(decode(encode(2)).error().kind, ErrorKind::unavailable);
}

TEST_F(H264Test, SizeThatIsNotTheAnnouncedOneIsRefusedBeforeMemoryIsTaken) {
  auto unit = encode(0, {PixelFormat::bgr24, 4095, 2161});
  unit.info.width = unit.info.height = 64;
  EXPECT_EQ(decode(unit).error().kind, ErrorKind::malformed);
  auto large = encode(0, {PixelFormat::bgr24, 320, 240});
  decoder_ = make({.max_frame_bytes = 1000});
  EXPECT_EQ(decode(large).error().kind, ErrorKind::exhausted);
}

TEST_F(H264Test, KeyFrameThatIsNoneIsRefused) {
  ASSERT_TRUE(decode(encode(0)));
  auto unit = encode(1);
  unit.info.key = true;
  EXPECT_EQ(decode(unit).error().kind, ErrorKind::malformed);
}

TEST_F(H264Test, NoPictureTakesMuchMoreThanItsShare) {
  media::BufferPool pool;
  encoder_ = open({.quality = 100, .bitrate_bps = 3e6});
  uint32_t grain = 1;
  for (int i = 0; i < 60; ++i) {
    const auto noisy = media::make_frame(pool, PixelFormat::gray8, 640, 480);
    for (size_t p = 0; p < 640 * 480; ++p)
      noisy.planes[0].data[p] = static_cast<uint8_t>(100 + ((grain = grain * 1664525 + 1013904223) >> 28));
    if (i == 40) encoder_->force_key();
    const auto unit = encode(noisy);
    if (i > 5) {
      EXPECT_LT(unit.bytes.size() * 8, 3e6 / 30 * 3) << i;
    }
  }
}

TEST_F(H264Test, MoreThanEightBitsAreUnsupported) {
  CollectingSink sink;
  const auto deep = media::make_frame(pool_, PixelFormat::gray16, 64, 48);
  EXPECT_EQ(encoder_->encode(deep, sink).error().kind, ErrorKind::unsupported);
  EXPECT_FALSE(sink.unit);
}

TEST_F(H264Test, UnknownEncoderIsToldWhichThereAre) {
  const auto unknown = encode::make_encoder(Codec::h264, {.encoder = "x265"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::invalid_argument);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("libx264, libopenh264"));
}

}  // namespace
}  // namespace glimt

#include "encode/encoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "media/jpeg_layout.hpp"
#include "support/pictures.hpp"

namespace glimt::encode {
namespace {

using namespace test;

class EncoderTest : public ::testing::TestWithParam<Shape> {};

TEST_P(EncoderTest, RawIsTheRowsAndThenThePlanesWithoutGaps) {
  const auto encoder = make_raw_encoder();
  for (const size_t gap : {size_t{0}, size_t{13}}) {
    const Picture picture(GetParam(), gap);
    CollectingSink sink;
    ASSERT_TRUE(encoder->encode(picture.frame(), sink));
    EXPECT_EQ(sink.bytes(), picture.packed());
    EXPECT_TRUE(sink.ended);
  }
}

TEST_P(EncoderTest, JpegIsOneOfTheSameSize) {
  const auto encoder = make_jpeg_encoder({});
  const Picture picture(GetParam());
  CollectingSink sink;
  ASSERT_TRUE(encoder->encode(picture.frame(), sink));
  const std::string jpeg = sink.bytes();
  const auto scan = media::scan_jpeg(as_bytes(jpeg));
  ASSERT_EQ(scan.state, media::JpegScan::State::whole);
  EXPECT_EQ(scan.layout.width, GetParam().width);
  EXPECT_EQ(scan.layout.height, GetParam().height);
  EXPECT_EQ(scan.layout.components, GetParam().format == PixelFormat::gray8 ? 1 : 3);
  EXPECT_EQ(scan.layout.size, jpeg.size());
}

TEST_P(EncoderTest, GapsBetweenRowsChangeNothing) {
  const auto encoder = make_jpeg_encoder({});
  CollectingSink packed, strided;
  ASSERT_TRUE(encoder->encode(Picture(GetParam()).frame(), packed));
  ASSERT_TRUE(encoder->encode(Picture(GetParam(), 29).frame(), strided));
  EXPECT_EQ(packed.bytes(), strided.bytes());
}

TEST_P(EncoderTest, DescribesThePicture) {
  Picture picture(GetParam());
  auto frame = picture.frame();
  frame.metadata = {1, 2, 3};
  frame.stamps.captured_at = from_us(77);
  CollectingSink sink;
  ASSERT_TRUE(make_raw_encoder()->encode(frame, sink));
  EXPECT_EQ(sink.unit->info.codec, Codec::raw);
  EXPECT_EQ(sink.unit->info.format, GetParam().format);
  EXPECT_EQ(sink.unit->info.width, GetParam().width);
  EXPECT_EQ(sink.unit->info.height, GetParam().height);
  EXPECT_EQ(sink.unit->info.stamps.captured_at, from_us(77));
  EXPECT_EQ(sink.unit->info.metadata, frame.metadata);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EncoderTest, ::testing::ValuesIn(shapes()), shape_name);

TEST(JpegEncoderTest, SizeAndFormatMayChangeFromOneToTheNext) {
  const auto encoder = make_jpeg_encoder({});
  for (int round = 0; round < 2; ++round) {
    for (const auto& shape : shapes()) {
      if (shape.width > 1000) continue;
      CollectingSink kept, fresh;
      ASSERT_TRUE(encoder->encode(Picture(shape).frame(), kept));
      ASSERT_TRUE(make_jpeg_encoder({})->encode(Picture(shape).frame(), fresh));
      EXPECT_EQ(kept.bytes(), fresh.bytes());
    }
  }
}

TEST(JpegEncoderTest, MoreQualityIsMoreBytes) {
  size_t before = 0;
  for (const int quality : {1, 30, 80, 100}) {
    CollectingSink sink;
    const auto encoder = make_jpeg_encoder({.quality = quality});
    ASSERT_TRUE(encoder->encode(Picture({PixelFormat::bgr24, 170, 133}).frame(), sink));
    EXPECT_GT(sink.bytes().size(), before);
    before = sink.bytes().size();
  }
}

TEST(JpegEncoderTest, SideBeyondJpegsOwnBoundIsUnsupportedAndTheNextPictureIsFine) {
  const auto encoder = make_jpeg_encoder({});
  CollectingSink sink;
  const auto encoded = encoder->encode(Picture({PixelFormat::gray8, 65501, 1}).frame(), sink);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().kind, ErrorKind::unsupported);
  EXPECT_FALSE(sink.unit) << "nothing was emitted";
  EXPECT_TRUE(encoder->encode(Picture({PixelFormat::gray8, 65500, 1}).frame(), sink));
}

TEST(MakeEncoderTest, KnowsItsCodecs) {
  EXPECT_TRUE(make_encoder(Codec::jpeg, {}));
  EXPECT_TRUE(make_encoder(Codec::raw, {}));
  EXPECT_EQ(make_encoder(static_cast<Codec>(9), {}).error().kind, ErrorKind::unsupported);
}

}  // namespace
}  // namespace glimt::encode

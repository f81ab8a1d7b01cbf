#include "filter/scale.hpp"

#include <gtest/gtest.h>

#include "support/pictures.hpp"

namespace glimt::filter {
namespace {

using namespace test;

class ScalerTest : public ::testing::TestWithParam<PixelFormat> {
 protected:
  Scaler scaler_;
};

TEST_P(ScalerTest, FlatPictureStaysFlatAndKeepsWhatRidesWithIt) {
  media::BufferPool pool;
  for (const auto& [width, height] : {std::pair{64, 48}, std::pair{63, 47}, std::pair{3, 1}}) {
    auto frame = media::make_frame(pool, GetParam(), width, height);
    std::memset(frame.planes[0].data, 77, media::packed_size(GetParam(), width, height));
    frame.number = Sequence(9);
    frame.metadata = {1, 2};
    const auto half = scaler_.scale(std::move(frame), (width + 1) / 2, (height + 1) / 2);
    EXPECT_EQ(half.width, (width + 1) / 2);
    EXPECT_EQ(half.height, (height + 1) / 2);
    EXPECT_EQ(half.format, GetParam());
    EXPECT_EQ(half.number, Sequence(9));
    EXPECT_EQ(half.metadata.size(), 2u);
    std::vector<uint8_t> pixels(media::packed_size(half.format, half.width, half.height));
    media::copy_packed(half, pixels.data());
    EXPECT_EQ(pixels, std::vector<uint8_t>(pixels.size(), 77));
  }
}

TEST_P(ScalerTest, PictureThatFitsIsHandedBackAsItIs) {
  const Picture picture({GetParam(), 40, 30});
  const auto frame = picture.frame();
  EXPECT_EQ(scaler_.scale(frame, 40, 30).planes[0].data, frame.planes[0].data);
}

INSTANTIATE_TEST_SUITE_P(Formats, ScalerTest,
                         ::testing::Values(PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32,
                                           PixelFormat::i420));

TEST(ScalerMeanTest, PixelIsTheMeanOfThoseItStandsFor) {
  media::BufferPool pool;
  auto frame = media::make_frame(pool, PixelFormat::gray8, 4, 2);
  const uint8_t pixels[] = {10, 20, 100, 100, 30, 40, 200, 200};
  for (int row = 0; row < 2; ++row)
    std::copy_n(pixels + 4 * row, 4,
                frame.planes[0].data + static_cast<size_t>(row) * frame.planes[0].stride);
  Scaler scaler;
  const auto half = scaler.scale(std::move(frame), 2, 1);
  EXPECT_EQ(half.planes[0].data[0], 25);
  EXPECT_EQ(half.planes[0].data[1], 150);
}

}  // namespace
}  // namespace glimt::filter

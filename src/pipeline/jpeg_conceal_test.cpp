// Strips that never came.
#include <gtest/gtest.h>

#include "media/jpeg_layout.hpp"
#include "support/jpeg_strips.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;

// A strip that never came is that of the picture before, whatever became of its pixels.
class StripConcealTest : public ::testing::TestWithParam<int> {
 protected:
  static constexpr int kWidth = 640, kHeight = 480;

  static Strips picture(uint32_t grain, int quality, int height = kHeight) {
    return {Picture({PixelFormat::bgr24, kWidth, height}).roughen(grain),
            {.quality = quality, .workers = 1, .strips = 8}};
  }
  // Without those strips; of the first its headers.
  static Result<media::Frame> decode_without(decode::Decoder& decoder, const Strips& strips,
                                             const std::vector<size_t>& missing) {
    if (auto begun = decoder.begin(strips.info); !begun) return begun.error();
    for (size_t i = 0; i < strips.bytes.size(); ++i) {
      const bool lacks = std::count(missing.begin(), missing.end(), i) > 0;
      if (lacks && i > 0) continue;
      Ref<media::Buffer> owner(new media::Buffer);
      const size_t size =
          lacks ? media::read_jpeg_headers(as_bytes(strips.bytes[0]))->entropy_at : strips.bytes[i].size();
      owner->reserve(size);
      std::copy_n(strips.bytes[i].begin(), size, owner->data());
      if (auto done = decoder.strip({owner, {owner->data(), size}, static_cast<int>(i), lacks}); !done)
        return done.error();
    }
    for (const size_t i : missing) {
      if (auto done = decoder.conceal(static_cast<int>(i)); !done) return done.error();
    }
    return decoder.end();
  }
  std::unique_ptr<decode::Decoder> decoder() const {
    return decode::make_jpeg_decoder({.workers = GetParam()});
  }
  // Rows of a strip.
  static std::string rows(const std::string& pixels, size_t strip) {
    const size_t bytes = size_t{kWidth} * 3 * 64;
    return pixels.substr(strip * bytes, bytes);
  }
};

TEST_P(StripConcealTest, MissingStripsAreThoseOfThePictureBefore) {
  const Strips first = picture(1, 90), second = picture(2, 60), third = picture(3, 75);
  const auto one = decoder(), alone = decoder();
  auto frame = first.decode(*one);
  ASSERT_TRUE(frame);
  const std::string before = packed(*frame);
  std::fill_n(frame->planes[0].data, before.size(), uint8_t{0});  // its reader has drawn on it
  const std::string own = packed(*second.decode(*alone)), last = packed(*third.decode(*alone));
  for (const size_t lost : {size_t{0}, size_t{3}, size_t{7}}) {
    ASSERT_TRUE(first.decode(*one));
    const auto concealed = decode_without(*one, second, {lost});
    ASSERT_TRUE(concealed) << concealed.error().message;
    const std::string pixels = packed(*concealed);
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(rows(pixels, i), rows(i == lost ? before : own, i)) << i;
    const auto again = decode_without(*one, third, {lost, 5});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(rows(packed(*again), lost), rows(before, lost)) << "it is two pictures old by now";
    EXPECT_EQ(rows(packed(*again), 5), rows(own, 5));
    EXPECT_EQ(rows(packed(*again), 6), lost == 6 ? rows(before, 6) : rows(last, 6));
  }
}

TEST_P(StripConcealTest, FirstPictureAndOneOfAnotherShapeCannotBe) {
  const auto one = decoder();
  for (const size_t lost : {size_t{3}, size_t{0}}) {
    const auto first = decode_without(*one, picture(1, 90), {lost});
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().kind, ErrorKind::unavailable);
  }
  ASSERT_TRUE(picture(1, 90).decode(*one));
  EXPECT_FALSE(decode_without(*one, picture(2, 90, 240), {1}));
  EXPECT_TRUE(decode_without(*one, picture(3, 90), {1})) << "what was not shown is not what was before";
}

TEST_P(StripConcealTest, StripThatIsMissingAgainAndAgainKeepsNoPictureAlive) {
  const auto one = decoder();
  const Strips first = picture(1, 90);
  Ref<media::Buffer> all(new media::Buffer);
  const std::string bytes = first.spliced();
  all->reserve(bytes.size());
  std::copy(bytes.begin(), bytes.end(), all->data());
  ASSERT_TRUE(one->begin(first.info));
  size_t at = 0;
  for (size_t i = 0; i < first.bytes.size(); at += first.bytes[i++].size())
    ASSERT_TRUE(one->strip({all, {all->data() + at, first.bytes[i].size()}, static_cast<int>(i)}));
  ASSERT_TRUE(one->end());
  EXPECT_FALSE(all->unique());
  ASSERT_TRUE(decode_without(*one, picture(2, 90), {0, 3}));
  ASSERT_TRUE(decode_without(*one, picture(3, 90), {0, 3}));
  EXPECT_TRUE(all->unique());
}

TEST_P(StripConcealTest, WhatCameIsNotConcealed) {
  const Strips strips = picture(1, 90);  // outlives the decoder, whose threads look at it
  const auto one = decoder();
  ASSERT_TRUE(strips.decode(*one));
  ASSERT_TRUE(one->begin(strips.info));
  ASSERT_TRUE(one->strip({Ref<Shared>(), as_bytes(strips.bytes[0]), 0}));
  EXPECT_FALSE(one->conceal(0));
  EXPECT_FALSE(one->conceal(8));
  EXPECT_FALSE(one->conceal(-1));
}

INSTANTIATE_TEST_SUITE_P(Workers, StripConcealTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace glimt::pipeline

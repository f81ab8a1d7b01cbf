#include "archive/still.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace glimt::archive {
namespace {

using Data = std::vector<uint8_t>;

const Data kPng{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
                'I',  'H', 'D', 'R', 0,    0,    2,    128,  0, 0, 1, 224};
// APP1, a quantization table, a frame header of 7 x 9.
Data jpeg(const std::string& app1) {
  Data all{0xFF, 0xD8, 0xFF, 0xE1, 0, static_cast<uint8_t>(2 + app1.size())};
  std::copy(app1.begin(), app1.end(), std::back_inserter(all));
  const Data rest{0xFF, 0xDB, 0, 3, 0, 0xFF, 0xFF, 0xC0, 0, 11, 8, 0, 9, 0, 7, 1, 1, 0x11, 0};
  std::copy(rest.begin(), rest.end(), std::back_inserter(all));
  return all;
}

TEST(Still, PngAndJpegSayTheirSizeThemselves) {
  const auto png = try_still_size(Bytes(kPng));
  ASSERT_TRUE(png);
  EXPECT_EQ(png->width, 640);
  EXPECT_EQ(png->height, 480);
  const auto size = try_still_size(Bytes(jpeg("JFXX")));
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width, 7);
  EXPECT_EQ(size->height, 9);
}

TEST(Still, WhatIsCutSaysNothing) {
  for (size_t n = 0; n < kPng.size(); ++n) EXPECT_FALSE(try_still_size(Bytes(kPng).first(n))) << n;
  const auto whole = jpeg("JFXX");
  for (size_t n = 0; n + 4 < whole.size(); ++n) EXPECT_FALSE(try_still_size(Bytes(whole).first(n))) << n;
}

TEST(Still, SizesThatAreNoneAreNotBelieved) {
  auto png = kPng;
  png[19] = png[18] = 0;
  EXPECT_FALSE(try_still_size(Bytes(png)));
  png[16] = 0xFF;
  EXPECT_FALSE(try_still_size(Bytes(png)));
  auto flat = jpeg("x");
  flat[flat.size() - 5] = 0;  // width
  EXPECT_FALSE(try_still_size(Bytes(flat)));
}

TEST(Still, KnowsWhetherACameraSaidWhichWayIsUp) {
  EXPECT_TRUE(has_exif(jpeg(std::string("Exif\0\0MM", 8))));
  EXPECT_FALSE(has_exif(jpeg("http://ns.adobe.com/xap")));
  EXPECT_FALSE(has_exif({}));
}

}  // namespace
}  // namespace glimt::archive

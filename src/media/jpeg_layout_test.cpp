#include "media/jpeg_layout.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace glimt::media {
namespace {

using State = JpegScan::State;

// Segments by hand: scan_jpeg looks at markers only.
class JpegLayoutTest : public ::testing::Test {
 protected:
  using Data = std::vector<uint8_t>;

  static void add(Data& to, uint8_t marker, const Data& body) {
    const size_t length = body.size() + 2;
    to.insert(to.end(), {0xFF, marker, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
    to.insert(to.end(), body.begin(), body.end());
  }
  // 33 wide, 17 high.
  static Data frame_header(const Data& sampling) {
    Data body{8, 0, 17, 0, 33, static_cast<uint8_t>(sampling.size())};
    for (const uint8_t factors : sampling) body.insert(body.end(), {1, factors, 0});
    return body;
  }
  Data jpeg() const {
    Data all{0xFF, 0xD8};
    add(all, 0xE0, {'J', 'F', 'I', 'F'});
    add(all, 0xDD, {1, 2});
    if (has_tables_) add(all, 0xC4, {0});
    add(all, sof_, frame_header(sampling_));
    add(all, 0xDA, {1, 2, 3});
    all.insert(all.end(), entropy_.begin(), entropy_.end());
    all.insert(all.end(), {0xFF, 0xD9});
    return all;
  }

  uint8_t sof_ = 0xC0;
  bool has_tables_ = true;
  Data sampling_{0x22, 0x11, 0x11};
  Data entropy_{1, 2, 0xFF, 0x00, 3, 0xFF, 0xD0, 4};  // a stuffed byte and a restart marker
};

TEST_F(JpegLayoutTest, SaysWhatTheHeadersSay) {
  const auto scan = scan_jpeg(jpeg());
  ASSERT_EQ(scan.state, State::whole);
  EXPECT_EQ(scan.layout.size, jpeg().size());
  EXPECT_EQ(scan.layout.width, 33);
  EXPECT_EQ(scan.layout.height, 17);
  EXPECT_EQ(scan.layout.components, 3);
  EXPECT_TRUE(scan.layout.is_420);
  EXPECT_TRUE(scan.layout.has_huffman_tables);
  EXPECT_EQ(scan.layout.restart_interval, 0x102);
}

TEST_F(JpegLayoutTest, TellsSamplingsAndTablesApart) {
  sampling_ = {0x21, 0x11, 0x11};
  has_tables_ = false;
  EXPECT_FALSE(scan_jpeg(jpeg()).layout.is_420);
  EXPECT_FALSE(scan_jpeg(jpeg()).layout.has_huffman_tables);
  sampling_ = {0x11};
  EXPECT_EQ(scan_jpeg(jpeg()).layout.components, 1);
}

TEST_F(JpegLayoutTest, EndsWhereThePictureEndsWhateverFollows) {
  auto two = jpeg();
  two.insert(two.end(), {0xFF, 0xD8, 0xFF});
  EXPECT_EQ(scan_jpeg(two).layout.size, jpeg().size());
}

TEST_F(JpegLayoutTest, IsIncompleteUntilItsLastByte) {
  const auto whole = jpeg();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(scan_jpeg(Bytes(whole).first(size)).state, State::incomplete) << size;
}

TEST_F(JpegLayoutTest, MayComeByteByByte) {
  const auto whole = jpeg();
  size_t resume_at = 0;
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(scan_jpeg(Bytes(whole).first(size), resume_at).state, State::incomplete);
  EXPECT_EQ(scan_jpeg(whole, resume_at).layout.size, whole.size());
}

TEST_F(JpegLayoutTest, WhatIsNoJpegIsMalformed) {
  EXPECT_EQ(scan_jpeg(as_bytes("GIF89a")).state, State::malformed);
  const Data no_picture{0xFF, 0xD8, 0xFF, 0xD9};
  EXPECT_EQ(scan_jpeg(no_picture).state, State::malformed);
  const Data no_marker{0xFF, 0xD8, 0x12, 0x34};
  EXPECT_EQ(scan_jpeg(no_marker).state, State::malformed);
  const Data short_segment{0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0};
  EXPECT_EQ(scan_jpeg(short_segment).state, State::malformed);
}

TEST_F(JpegLayoutTest, ScanBeforeItsFrameHeaderIsMalformed) {
  Data all{0xFF, 0xD8};
  add(all, 0xDA, {1, 2, 3});
  add(all, 0xC0, frame_header(sampling_));
  all.insert(all.end(), {0xFF, 0xD9});
  EXPECT_EQ(scan_jpeg(all).state, State::malformed);
}

TEST_F(JpegLayoutTest, SecondFrameHeaderIsMalformed) {
  Data all{0xFF, 0xD8};
  for (int i = 0; i < 2; ++i) add(all, 0xC0, frame_header(sampling_));
  all.insert(all.end(), {0xFF, 0xD9});
  EXPECT_EQ(scan_jpeg(all).state, State::malformed);
}

}  // namespace
}  // namespace glimt::media

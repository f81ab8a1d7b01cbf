#include "media/jpeg_tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "media/jpeg_error.hpp"
#include "media/jpeg_layout.hpp"

namespace glimt::media {
namespace {

using Data = std::vector<uint8_t>;

constexpr int kWidth = 48, kHeight = 32;

// A picture with detail in brightness and colour, as libjpeg writes it with its default tables.
Data encode() {
  Data pixels;
  for (int i = 0; i < kWidth * kHeight; ++i)
    for (const int factor : {7, 31, 101}) pixels.push_back(static_cast<uint8_t>(i * factor));
  JpegError error;
  jpeg_compress_struct jpeg{};
  jpeg.err = error.attach();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  if (setjmp(error.out) != 0) return {};
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = kWidth;
  jpeg.image_height = kHeight;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = &pixels[jpeg.next_scanline * kWidth * 3];
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Data data(bytes, bytes + size);
  std::free(bytes);
  return data;
}

struct Decoded {
  Data pixels;
  long warnings = 0;
  bool had_all_tables = false;  // before libjpeg-turbo would have put in its own
};

Decoded decode(const Data& data) {
  Decoded decoded;
  JpegError error;
  jpeg_decompress_struct jpeg{};
  jpeg.err = error.attach();
  if (setjmp(error.out) != 0) return {};
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, data.data(), data.size());
  jpeg_read_header(&jpeg, TRUE);
  decoded.had_all_tables = jpeg.dc_huff_tbl_ptrs[0] && jpeg.dc_huff_tbl_ptrs[1] && jpeg.ac_huff_tbl_ptrs[0] &&
                           jpeg.ac_huff_tbl_ptrs[1];
  jpeg_start_decompress(&jpeg);
  decoded.pixels.resize(kWidth * kHeight * 3);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = &decoded.pixels[jpeg.output_scanline * kWidth * 3];
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  decoded.warnings = jpeg.err->num_warnings;
  jpeg_destroy_decompress(&jpeg);
  return decoded;
}

// As a camera sends it: every DHT segment cut out.
Data without_tables(const Data& jpeg) {
  Data bare(jpeg.begin(), jpeg.begin() + 2);
  size_t at = 2;
  while (jpeg[at + 1] != 0xDA) {
    const size_t end = at + 2 + (static_cast<size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3]);
    if (jpeg[at + 1] != 0xC4) bare.insert(bare.end(), jpeg.begin() + long(at), jpeg.begin() + long(end));
    at = end;
  }
  bare.insert(bare.end(), jpeg.begin() + long(at), jpeg.end());
  return bare;
}

Data completed(const Data& bare) {
  Pool<Buffer> pool;
  const auto buffer = pool.take();
  const size_t size = insert_huffman_tables(bare, scan_jpeg(bare).layout.scan_at, *buffer);
  return Data(buffer->data(), buffer->data() + size);
}

TEST(JpegTablesTest, CompletedJpegDecodesToTheSamePixelsWithTablesOfItsOwn) {
  const Data whole = encode(), bare = without_tables(whole);
  ASSERT_LT(bare.size(), whole.size());
  ASSERT_FALSE(decode(bare).had_all_tables);
  const auto decoded = decode(completed(bare));
  EXPECT_TRUE(decoded.had_all_tables);
  EXPECT_EQ(decoded.warnings, 0);
  EXPECT_EQ(decoded.pixels, decode(whole).pixels);
}

TEST(JpegTablesTest, CompletedJpegIsWholeAndSaysThatItHasTables) {
  const Data bare = without_tables(encode());
  EXPECT_FALSE(scan_jpeg(bare).layout.has_huffman_tables);
  const Data data = completed(bare);
  const auto scan = scan_jpeg(data);
  ASSERT_EQ(scan.state, JpegScan::State::whole);
  EXPECT_TRUE(scan.layout.has_huffman_tables);
  EXPECT_EQ(scan.layout.size, data.size());
  EXPECT_EQ(data.size(), bare.size() + standard_huffman_tables().size());
}

// libjpeg-turbo decodes with tables of its own where there are none: a wrong one of ours must show.
TEST(JpegTablesTest, EachOfTheFourTablesMatters) {
  const Data whole = encode();
  Data data = completed(without_tables(whole));
  const Bytes tables = standard_huffman_tables();
  const auto segment = std::search(data.begin(), data.end(), tables.begin(), tables.end());
  ASSERT_NE(segment, data.end());
  long values_at = 4 + 17;
  for (const long values : {12, 162, 12, 162}) {
    Data wrong = data;
    const auto first = wrong.begin() + (segment - data.begin()) + values_at;
    std::reverse(first, first + values);
    EXPECT_NE(decode(wrong).pixels, decode(whole).pixels) << "values at " << values_at;
    values_at += values + 17;
  }
}

}  // namespace
}  // namespace glimt::media

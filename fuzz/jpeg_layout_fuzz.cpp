// scan_jpeg on arbitrary bytes: what it says does not depend on how the bytes came in pieces, a JPEG that is
// whole stays whole when bytes follow it, one that tables were put into is the same picture with tables, and one that is cut into
// strips is their sum, each where the first one says.
#include <algorithm>
#include <vector>

#include "media/jpeg_layout.hpp"
#include "media/jpeg_strips.hpp"
#include "media/jpeg_tables.hpp"
#include "require.hpp"

namespace {

void cut(glimt::Bytes jpeg, const glimt::media::JpegLayout& layout, int wanted) {
  using namespace glimt::media;
  const auto headers = read_jpeg_headers(jpeg);
  GLIMT_REQUIRE(headers.has_value() == (layout.entropy_at > 0));
  JpegCutter cutter;
  if (!cutter.cut(jpeg, layout, wanted)) return;
  const auto& strips = cutter.strips();
  GLIMT_REQUIRE(strips.size() > 1 && static_cast<int>(strips.size()) <= wanted);
  const auto segments = count_segments(strips[0].subspan(layout.entropy_at), 0);
  GLIMT_REQUIRE(segments.has_value());
  const auto plan = strips_of(layout, *segments);
  GLIMT_REQUIRE(plan && plan->count == static_cast<int>(strips.size()));
  GLIMT_REQUIRE(plan->rows % layout.mcu_height == 0 && (plan->count - 1) * plan->rows < layout.height &&
                int64_t{plan->count} * plan->rows >= layout.height);
  size_t at = 0;
  for (size_t i = 0; i < strips.size(); ++i) {
    GLIMT_REQUIRE(strips[i].data() == jpeg.data() + at);
    at += strips[i].size();
    GLIMT_REQUIRE(entropy_of(strips[i], static_cast<int>(i), layout, *plan));
  }
  GLIMT_REQUIRE(at == jpeg.size());
  std::vector<uint8_t> own;
  GLIMT_REQUIRE(make_strip_headers(jpeg.first(layout.entropy_at), plan->rows, own));
  const auto again = read_jpeg_headers(own);
  GLIMT_REQUIRE(again && again->height == plan->rows && again->width == layout.width &&
                again->restart_interval == layout.restart_interval && again->entropy_at == own.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using glimt::media::JpegScan;
  using State = JpegScan::State;
  const glimt::Bytes bytes(data, size);
  const JpegScan at_once = glimt::media::scan_jpeg(bytes);

  size_t resume_at = 0;
  JpegScan piecemeal;
  const size_t step = size > 0 ? data[size - 1] % 32 + 1 : 1;
  for (size_t n = std::min(step, size);; n = std::min(n + step, size)) {
    piecemeal = glimt::media::scan_jpeg(bytes.first(n), resume_at);
    if (piecemeal.state != State::incomplete || n == size) break;
  }
  GLIMT_REQUIRE(piecemeal.state == at_once.state);
  if (at_once.state != State::whole) return 0;

  const auto& layout = at_once.layout;
  GLIMT_REQUIRE(layout.size >= 4 && layout.size <= size && piecemeal.layout.size == layout.size);
  GLIMT_REQUIRE(data[layout.size - 2] == 0xFF && data[layout.size - 1] == 0xD9);
  GLIMT_REQUIRE(layout.width > 0 && layout.width <= 65535 && layout.height > 0 && layout.height <= 65535);
  GLIMT_REQUIRE(layout.components > 0 && layout.restart_interval >= 0);
  GLIMT_REQUIRE(glimt::media::scan_jpeg(bytes.first(layout.size)).state == State::whole);
  GLIMT_REQUIRE(glimt::media::scan_jpeg(bytes.first(layout.size - 1)).state == State::incomplete);
  cut(bytes.first(layout.size), layout, 2 + data[size - 1] % 64);
  if (layout.scan_at == 0) return 0;

  GLIMT_REQUIRE(layout.scan_at >= 4 && layout.scan_at < layout.size && data[layout.scan_at + 1] == 0xDA);
  glimt::media::Buffer with_tables;
  const size_t longer =
      glimt::media::insert_huffman_tables(bytes.first(layout.size), layout.scan_at, with_tables);
  const JpegScan again = glimt::media::scan_jpeg({with_tables.data(), longer});
  GLIMT_REQUIRE(again.state == State::whole && again.layout.has_huffman_tables &&
                again.layout.size == longer);
  GLIMT_REQUIRE(again.layout.width == layout.width && again.layout.height == layout.height);
  return 0;
}

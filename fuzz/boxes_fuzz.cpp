// Metadata from the network: no bytes crash the reader, what it accepts is within the bounds that the header states,
// survives being written and read again, and is drawn within the picture.
#include <tuple>

#include "glimt/boxes.hpp"
#include "media/draw_boxes.hpp"
#include "require.hpp"

namespace {

void require_in_range(const glimt::Box& box) {
  GLIMT_REQUIRE(box.x >= 0 && box.x <= 65535 && box.y >= 0 && box.y <= 65535);
  GLIMT_REQUIRE(box.width >= 1 && box.width <= 65535 && box.height >= 1 && box.height <= 65535);
  GLIMT_REQUIRE(box.score >= 0 && box.score <= 1 && box.label.size() <= glimt::kMaxBoxLabelBytes);
}

// Sanitizers see a write beyond the buffer.
void draw(const std::vector<glimt::Box>& boxes) {
  using glimt::PixelFormat;
  static glimt::media::BufferPool pool;
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32, PixelFormat::i420}) {
    auto frame = glimt::media::make_frame(pool, format, 33, 17);
    glimt::media::draw_boxes(frame, boxes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto boxes = glimt::parse_boxes({data, size});
  GLIMT_REQUIRE(boxes.size() <= glimt::kMaxBoxes);
  for (const auto& box : boxes) require_in_range(box);
  const auto written = glimt::serialize_boxes(boxes);
  GLIMT_REQUIRE(written.size() <= glimt::media::kMaxMetadataBytes);
  const auto again = glimt::parse_boxes(written);
  GLIMT_REQUIRE(again.size() <= boxes.size());
  for (size_t i = 0; i < again.size(); ++i) {
    const auto &a = again[i], &b = boxes[i];
    GLIMT_REQUIRE(std::tie(a.label, a.x, a.y, a.width, a.height) ==
                  std::tie(b.label, b.x, b.y, b.width, b.height));
  }
  draw(boxes);
  return 0;
}

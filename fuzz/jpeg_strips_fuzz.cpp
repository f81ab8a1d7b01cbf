// Strips against libjpeg-turbo alone. A picture made of the bytes: its strips are, spliced, what libjpeg writes serially with the same
// restart interval. Bytes taken as a JPEG that falls into strips: they decode, in either order and at any scale, to what a serial
// decode gives, or both refuse it; and the strips of a liar do no harm.
#include <algorithm>
#include <string>
#include <vector>

#include "decode/decoder.hpp"
#include "encode/encoder.hpp"
#include "encode/jpeg_strip.hpp"
#include "media/jpeg_strips.hpp"
#include "require.hpp"
#include "support/serial_jpeg.hpp"

namespace {

using namespace glimt;

constexpr int kMostSide = 300;
constexpr int64_t kMostPixels = 300'000;

struct Collector final : media::StripSink {
  void begin(const Ref<media::AccessUnit>& begun) override { info = begun->info; }
  void strip(const Ref<media::AccessUnit>&, const media::Strip& strip) override {
    GLIMT_REQUIRE(strip.index == strips++);
    bytes += as_text(strip.bytes);
  }
  void end(const Ref<media::AccessUnit>&) override { ended = true; }
  void abandon(const Ref<media::AccessUnit>&) override {}

  media::UnitInfo info;
  std::string bytes;
  int strips = 0;
  bool ended = false;
};

void check_encoding(ByteReader in) {
  constexpr PixelFormat kFormats[] = {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32,
                                      PixelFormat::i420};
  const int width = in.u16() % kMostSide + 1, height = in.u16() % kMostSide + 1;
  const PixelFormat format = kFormats[in.u8() % 4];
  const auto chroma = static_cast<Chroma>(in.u8() % 3);
  encode::EncoderOptions options{in.u8() % 100 + 1, chroma, 1, in.u8() + 1};
  const Bytes grain = in.rest();
  media::BufferPool pool;
  const auto frame = media::make_frame(pool, format, width, height);
  const size_t size = media::packed_size(format, width, height);
  for (size_t i = 0; i < size; ++i)
    frame.planes[0].data[i] = static_cast<uint8_t>(grain.empty() ? i : grain[i % grain.size()] + i / 7);
  Collector sink;
  GLIMT_REQUIRE(encode::make_jpeg_encoder(options)->encode(frame, sink));
  GLIMT_REQUIRE(sink.ended && sink.strips == sink.info.strips && sink.strips <= media::kMaxStrips);
  const auto plan = encode::plan_jpeg(frame, options.quality, chroma, options.strips);
  GLIMT_REQUIRE(sink.bytes == test::serial_jpeg(frame, options.quality, chroma, plan.restart_interval));
}

struct Decoding {
  PixelFormat format = PixelFormat::bgr24;
  int scale = 1;
  std::unique_ptr<decode::Decoder> decoder = decode::make_jpeg_decoder({format, size_t{64} << 20, 1, scale});
};

// `lost`: a strip that does not come, but for the headers of the first.
std::optional<std::string> pixels_of(const Decoding& decoding, const std::vector<Bytes>& strips,
                                     const media::JpegLayout& layout, bool backwards,
                                     std::optional<size_t> lost = {}) {
  const auto& decoder = decoding.decoder;
  const int scale = decoding.scale;
  media::UnitInfo info;
  info.width = layout.width;
  info.height = layout.height;
  info.strips = static_cast<int>(strips.size());
  if (!decoder->begin(info)) return std::nullopt;
  for (size_t n = 0; n < strips.size(); ++n) {
    const size_t i = backwards ? strips.size() - 1 - n : n;
    if (lost == i && i > 0) continue;
    // At an address of its own, so that whoever reads beyond it is found out.
    Ref<Held<std::vector<uint8_t>>> owner(
        new Held<std::vector<uint8_t>>(std::vector<uint8_t>(strips[i].begin(), strips[i].end())));
    if (lost == i) owner->value.resize(std::min(owner->value.size(), layout.entropy_at));
    if (!decoder->strip({owner, owner->value, static_cast<int>(i), lost == i})) return std::nullopt;
  }
  if (lost && !decoder->conceal(static_cast<int>(*lost))) return std::nullopt;
  const auto frame = decoder->end();
  if (!frame) return std::nullopt;
  GLIMT_REQUIRE(frame->width == (layout.width + scale - 1) / scale &&
                frame->height == (layout.height + scale - 1) / scale);
  std::string pixels(media::packed_size(frame->format, frame->width, frame->height), '\0');
  media::copy_packed(*frame, reinterpret_cast<uint8_t*>(pixels.data()));
  return pixels;
}

void check_decoding(uint8_t how, Bytes jpeg) {
  const auto scan = media::scan_jpeg(jpeg);
  if (scan.state != media::JpegScan::State::whole ||
      int64_t{scan.layout.width} * scan.layout.height > kMostPixels)
    return;
  const auto& layout = scan.layout;
  const auto format = how & 1 ? PixelFormat::gray8 : PixelFormat::bgr24;
  const int scale = 1 << (how >> 1 & 3), wanted = 2 + (how >> 3 & 15);
  media::JpegCutter cutter;
  if (!cutter.cut(jpeg.first(layout.size), layout, wanted)) return;
  GLIMT_REQUIRE(static_cast<int>(cutter.strips().size()) <= wanted && cutter.strips().size() > 1);
  std::string spliced;
  for (const Bytes strip : cutter.strips()) spliced += as_text(strip);
  GLIMT_REQUIRE(spliced == as_text(jpeg.first(layout.size)));
  const Decoding decoding{format, scale};
  const auto apart = pixels_of(decoding, cutter.strips(), layout, how & 0x80);
  // Some bytes too many at the end of a segment are warned of where the next one is looked for: the end of a strip passes.
  const auto serial = test::serial_pixels(spliced, format, scale);
  if (serial || apart)
    GLIMT_REQUIRE(apart == (serial ? serial : test::serial_pixels(spliced, format, scale, true)));

  // A strip that is that of the picture before is its own, where that is the same picture.
  const size_t lost = how % cutter.strips().size();
  if (const auto first = media::read_jpeg_headers(cutter.strips()[0]); apart && first) {
    GLIMT_REQUIRE(pixels_of(decoding, cutter.strips(), *first, how & 0x80, lost) == apart);
  }

  // Strips that lie: cut where the bytes say so. Nothing is expected but that it ends well.
  std::vector<Bytes> lies = cutter.strips();
  const size_t which = how % lies.size();
  lies[which] = lies[which].first(lies[which].size() * (how >> 4) / 16);
  (void)pixels_of(decoding, lies, layout, false);
  (void)pixels_of(decoding, lies, layout, false, lies.size() - 1 - which);
}

// The bytes between, as they are, taken for strips.
void decode_lies(uint8_t how, Bytes bytes) {
  const auto layout = media::read_jpeg_headers(bytes);
  if (!layout || int64_t{layout->width} * layout->height > kMostPixels) return;
  std::vector<Bytes> strips{bytes.first(layout->entropy_at)};
  Bytes rest = bytes.subspan(layout->entropy_at);
  const size_t count = 2 + how % 16;
  const size_t first = rest.size() / count;
  strips[0] = bytes.first(layout->entropy_at + first);
  rest = rest.subspan(first);
  while (strips.size() < count) {
    const size_t n = strips.size() + 1 == count ? rest.size() : rest.size() / (count - strips.size());
    strips.push_back(rest.first(n));
    rest = rest.subspan(n);
  }
  const Decoding decoding;
  (void)pixels_of(decoding, strips, *layout, how & 0x40);
  (void)pixels_of(decoding, strips, *layout, how & 0x40, how % count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Bytes rest(data + 2, size - 2);
  switch (data[0] % 3) {
    case 0:
      check_encoding(ByteReader(rest));
      break;
    case 1:
      check_decoding(data[1], rest);
      break;
    default:
      decode_lies(data[1], rest);
  }
  return 0;
}

// The decoder of H.264, through the module: access units cut out of arbitrary bytes give pictures of the announced size or
// errors, take no more memory than that size allows, and after an error nothing but a key frame gives a picture.
#include "decode/decoder.hpp"
#include "media/h264_layout.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glimt;
  static constexpr PixelFormat kFormats[] = {PixelFormat::i420, PixelFormat::gray8, PixelFormat::bgr24,
                                             PixelFormat::bgra32};
  ByteReader in(Bytes(data, size));
  const uint8_t choice = in.u8();
  const auto decoder =
      decode::make_decoder(Codec::h264, {.format = kFormats[choice & 3], .max_frame_bytes = 1 << 20}).value();
  media::UnitInfo info;
  info.codec = Codec::h264;
  info.width = in.u8() + 1;
  info.height = in.u8() + 1;
  bool chain = false;
  for (uint32_t number = 0; in.left() > 0 && number < 32; ++number) {
    const uint8_t flags = in.u8();
    const Bytes unit = in.take(std::min<size_t>(in.u16(), in.left()));
    info.number = Sequence(number + (flags & 2));  // now and then one is missing
    info.key = flags & 1;
    info.strips = flags & 4 ? 2 : 1;
    const Ref<Shared> owner(new Shared);
    const size_t half = info.strips == 2 ? unit.size() / 2 : unit.size();
    bool good = decoder->begin(info).has_value();
    if (good && info.strips == 2) good = decoder->strip({owner, unit.subspan(half), 1}).has_value();
    if (good) good = decoder->strip({owner, unit.first(half), 0}).has_value();
    if (good) {
      const auto frame = decoder->end();
      good = frame.has_value();
      if (good) GLIMT_REQUIRE(frame->width == info.width && frame->height == info.height);
      if (good)
        GLIMT_REQUIRE(frame->format == kFormats[choice & 3] && (chain || media::scan_h264(unit).is_key()));
    }
    chain = good;
  }
  return 0;
}

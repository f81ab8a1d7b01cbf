#include "encode/jpeg_capabilities.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "encode/encoder.hpp"
#include "media/jpeg_error.hpp"
// After libjpeg itself.
#include <jerror.h>

#define GLIMT_TEXT_OF(x) #x
#define GLIMT_TEXT(x) GLIMT_TEXT_OF(x)

namespace glimt::encode {
namespace {

constexpr int kPictures = 5;

struct Nowhere final : media::StripSink {
  void begin(const Ref<media::AccessUnit>&) override {}
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>&) override {}
  void abandon(const Ref<media::AccessUnit>&) override {}
};

// Neither flat nor noise: about as many bytes as a camera's picture.
media::Frame make_picture(media::BufferPool& pool) {
  media::Frame frame = media::make_frame(pool, PixelFormat::bgr24, 1280, 720);
  uint32_t grain = 1;
  uint8_t* at = frame.planes[0].data;
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width * 3; ++x) {
      grain = grain * 1664525 + 1013904223;
      *at++ = static_cast<uint8_t>((x + y) / 16 + static_cast<int>(grain >> 28));
    }
  }
  return frame;
}

Duration time_encoding() {
  media::BufferPool pool;
  const media::Frame frame = make_picture(pool);
  Nowhere nowhere;
  const auto encoder = make_jpeg_encoder({});
  Duration least = Duration::max();
  for (int i = 0; i < kPictures; ++i) {
    const Instant begin = now();
    if (!encoder->encode(frame, nowhere)) return Duration::zero();
    least = std::min<Duration>(least, now() - begin);
  }
  return least;
}

}  // namespace

JpegCapabilities try_jpeg() {
  media::JpegError library;
  library.attach();
  const std::string_view copyright = library.jpeg_message_table[JMSG_COPYRIGHT];
  const char* force_none = std::getenv("JSIMD_FORCENONE");
  return {copyright.find("libjpeg-turbo") != std::string_view::npos, GLIMT_TEXT(LIBJPEG_TURBO_VERSION),
          force_none && std::string_view(force_none) == "1", time_encoding()};
}

}  // namespace glimt::encode

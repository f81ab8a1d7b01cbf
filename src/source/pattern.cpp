#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

#include "media/time_code.hpp"
#include "source/frame_source.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

constexpr int kTravel = 128;  // pixels by which the background wanders
constexpr int kBox = 64;
constexpr float kGrainSigma = 11;

struct Pattern {
  int width = 1280, height = 720;
  double fps = 30;
  PixelFormat format = PixelFormat::bgr24;
};

// A wandering texture with sensor noise, a moving box, and the time code: JPEG at quality 75 takes
// 1.1 bits a pixel.
class PatternSource final : public FrameSource {
 public:
  PatternSource(const Pattern& pattern, bool fast) : p_(pattern), fast_(fast), ticker_(pattern.fps) {
    paint_texture();
  }

  Result<std::optional<Picture>> read() override {
    if (!fast_ && !ticker_.wait()) return std::optional<Picture>();
    if (stopped_) return std::optional<Picture>();
    auto frame = media::make_frame(buffers_, p_.format, p_.width, p_.height);
    paint(frame);
    frame.stamps.captured_at = from_us(to_us(now()));  // whole microseconds, as they travel and are burnt in
    media::burn_time_code(frame, {number_, to_us(frame.stamps.captured_at)});
    frame.number = Sequence(number_++);
    return std::optional<Picture>(std::move(frame));
  }

  void interrupt() override {
    stopped_ = true;
    ticker_.interrupt();
  }

  Traits traits() const override {
    char text[96];
    std::snprintf(text, sizeof text, "test picture %dx%d at %g fps", p_.width, p_.height, p_.fps);
    return {text, fast_, false};
  }

 private:
  size_t pixel_bytes() const {
    return static_cast<size_t>(media::plane_shape(p_.format, 1, 1, 0).width_bytes);
  }
  size_t texture_stride() const { return static_cast<size_t>(p_.width + kTravel) * pixel_bytes(); }

  // Shades between 48 and 208, and grain of at most 40 either way: their sum needs no clamping.
  void paint_texture() {
    std::mt19937 random(20261121);  // the same picture in every run
    std::normal_distribution<float> grain(0, kGrainSigma);
    const size_t pixel = pixel_bytes();
    texture_.resize(texture_stride() * static_cast<size_t>(p_.height + kTravel));
    grain_.resize(texture_.size());
    uint8_t *shade = texture_.data(), *noise = grain_.data();
    for (int y = 0; y < p_.height + kTravel; ++y) {
      for (int x = 0; x < p_.width + kTravel; ++x) {
        const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
        const float shades[3] = {std::sin(fx / 97), std::sin(fy / 61), std::sin((fx + fy) / 143)};
        for (size_t c = 0; c < pixel; ++c) {
          *shade++ = static_cast<uint8_t>(128 + 80 * shades[c % 3]);
          *noise++ = static_cast<uint8_t>(static_cast<int>(std::clamp(grain(random), -40.f, 40.f)));
        }
      }
    }
  }

  // The shades wander, and the grain jumps as a sensor's does, so that no codec can predict it.
  void paint(media::Frame& frame) {
    const double turn = static_cast<double>(number_) / 40;
    const auto shift = [&](double s) { return static_cast<size_t>((s + 1) / 2 * (kTravel - 1)); };
    const auto offset = [&](size_t x, size_t y) { return y * texture_stride() + x * pixel_bytes(); };
    const uint8_t* shade = texture_.data() + offset(shift(std::sin(turn)), shift(std::cos(turn * 0.7)));
    const uint8_t* noise = grain_.data() + offset(random_() % kTravel, random_() % kTravel);
    auto& plane = frame.planes[0];
    const auto row_bytes = static_cast<size_t>(p_.width) * pixel_bytes();
    for (size_t y = 0; y < static_cast<size_t>(p_.height); ++y) {
      uint8_t* to = plane.data + y * plane.stride;
      for (size_t i = 0; i < row_bytes; ++i) to[i] = static_cast<uint8_t>(shade[i] + noise[i]);
      shade += texture_stride();
      noise += texture_stride();
    }
    const int side = std::min({kBox, p_.width, p_.height});
    const auto left =
        static_cast<size_t>(number_ * 7 % static_cast<uint32_t>(p_.width - side + 1)) * pixel_bytes();
    const auto top = static_cast<size_t>((p_.height - side) / 2);
    for (size_t y = top; y < top + static_cast<size_t>(side); ++y) {
      std::memset(plane.data + y * plane.stride + left, 235, static_cast<size_t>(side) * pixel_bytes());
    }
  }

  const Pattern p_;
  const bool fast_;
  Ticker ticker_;
  std::atomic<bool> stopped_{false};
  uint32_t number_ = 0;
  std::minstd_rand random_{1};
  std::vector<uint8_t> texture_;
  std::vector<uint8_t> grain_;  // added modulo 256: negative values stand as their complement
  media::BufferPool buffers_;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_pattern(const Url& url, const SourceOptions& options) {
  if (auto known = url.allow_only({"size", "fps", "format"}); !known) return known.error();
  Pattern p;
  if (options.size) std::tie(p.width, p.height) = *options.size;
  if (options.fps) p.fps = *options.fps;
  if (const auto size = url.find("size")) {
    const auto parsed = parse_size(*size);
    if (!parsed) return parsed.error();
    std::tie(p.width, p.height) = *parsed;
  }
  if (const auto fps = url.find("fps")) {
    const auto parsed = parse_integer(*fps, 1, 1000, "frame rate");
    if (!parsed) return parsed.error();
    p.fps = *parsed;
  }
  if (const auto format = url.find("format")) {
    const auto parsed = parse_pixel_format(*format);
    if (!parsed) return parsed.error();
    if (*parsed == PixelFormat::i420) {
      return Error{ErrorKind::unsupported, "the test picture is painted as bgr24, gray8 or bgra32"};
    }
    p.format = *parsed;
  }
  if (auto fits = media::check_size(p.format, p.width, p.height, options.max_frame_bytes); !fits)
    return fits.error();
  return std::unique_ptr<FrameSource>(std::make_unique<PatternSource>(p, options.fast));
}

}  // namespace glimt::source

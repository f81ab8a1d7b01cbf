#include "clip.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace glimt::bench {
namespace {

constexpr float kSigma = 4;  // of the sensor's noise; with it 1280x720 takes 140 kB as JPEG of quality 75
constexpr size_t kNoise = size_t{1} << 22;
constexpr int kCodeRows = 128, kCodeWidth = 28 * 32;  // at most
constexpr size_t kBlockRows = 16, kBlocksAcross = 4;

uint32_t squared_distance(const uint8_t* a, const uint8_t* b, size_t n) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<uint32_t>((a[i] - b[i]) * (a[i] - b[i]));
  return sum;
}

}  // namespace

Clip::Clip(PixelFormat format, int width, int height)
    : format_(format),
      width_(width),
      height_(height),
      frame_bytes_(media::packed_size(format, width, height)),
      pixels_(frame_bytes_ * kFrames) {
  std::mt19937 random(20261121);
  std::normal_distribution<float> normal(0, kSigma);
  std::vector<uint8_t> noise(kNoise);
  for (auto& n : noise) n = static_cast<uint8_t>(static_cast<int>(std::lround(normal(random))));
  for (size_t i = 0; i < kFrames; ++i) paint(i, noise);
}

// A texture that wanders by two pixels a frame; each row of each frame takes its noise from another place.
void Clip::paint(size_t index, Bytes noise) {
  uint8_t* to = pixels_.data() + index * frame_bytes_;
  size_t row_number = 0;
  for (int plane = 0; plane < media::plane_count(format_); ++plane) {
    const auto shape = media::plane_shape(format_, width_, height_, plane);
    const bool chroma = plane > 0;
    const int channels = format_ == PixelFormat::bgr24 ? 3 : 1;
    for (int y = 0; y < shape.rows; ++y, ++row_number) {
      const size_t from = (index * 7919 + row_number) * 104'729 % (kNoise - 8192);
      for (int x = 0; x < shape.width_bytes; ++x) {
        const float fx = float(x / channels) + float(index) * 2, fy = float(y) + float(index),
                    fc = float(x % channels);
        const float wave = 128 + (chroma ? 30.f : 60.f) * std::sin(fx / 97 + fc) * std::cos(fy / 61);
        const float detail = chroma ? 0 : 14 * std::sin(fx / 5) * std::sin(fy / 7);
        const int grain = static_cast<int8_t>(noise[from + static_cast<size_t>(x)]);
        *to++ = static_cast<uint8_t>(std::clamp(static_cast<int>(wave + detail) + grain, 0, 255));
      }
    }
  }
}

size_t Clip::place(uint32_t number) {
  const uint32_t n = number % (2 * kFrames - 2);
  return n < kFrames ? n : 2 * kFrames - 2 - n;
}

media::Frame Clip::frame_over(uint8_t* bytes) const {
  return media::frame_over({}, bytes, format_, width_, height_);
}

Bytes Clip::take(uint32_t number) {
  uint8_t* bytes = pixels_.data() + place(number) * frame_bytes_;
  auto frame = frame_over(bytes);
  media::burn_time_code(frame, {number, 0});
  return {bytes, frame_bytes_};
}

double Clip::worst_block_db(uint32_t number, Bytes received) const {
  const uint8_t* own = pixels_.data() + place(number) * frame_bytes_;
  const uint8_t* before = pixels_.data() + place(number - 1) * frame_bytes_;
  const auto shape = media::plane_shape(format_, width_, height_, 0);
  const auto line = static_cast<size_t>(shape.width_bytes), across = line / kBlocksAcross;
  const size_t code = static_cast<size_t>(kCodeWidth) * line / static_cast<size_t>(width_);
  uint32_t worst = 0;
  for (size_t top = 0; top + kBlockRows <= static_cast<size_t>(shape.rows); top += kBlockRows) {
    for (size_t left = 0; left + across <= line; left += across) {
      if (top < kCodeRows && left < code) continue;
      uint32_t here = 0, other = 0;
      for (size_t at = top * line + left; at < (top + kBlockRows) * line; at += line) {
        here += squared_distance(own + at, received.data() + at, across);
        other += squared_distance(before + at, received.data() + at, across);
      }
      if (other < here) return 0;
      worst = std::max(worst, here);
    }
  }
  return 10 * std::log10(255.0 * 255.0 * double(kBlockRows * across) / std::max(worst, 1u));
}

double Clip::psnr(uint32_t number, Bytes received) const {
  const uint8_t* sent = pixels_.data() + place(number) * frame_bytes_;
  const auto shape = media::plane_shape(format_, width_, height_, 0);
  const size_t from = static_cast<size_t>(shape.width_bytes) * kCodeRows;
  const size_t to = static_cast<size_t>(shape.width_bytes) * static_cast<size_t>(shape.rows);
  double sum = 0;
  for (size_t i = from; i < to; ++i) {
    const double d = double(sent[i]) - double(received[i]);
    sum += d * d;
  }
  return 10 * std::log10(255.0 * 255.0 * double(to - from) / std::max(sum, 1.0));
}

}  // namespace glimt::bench

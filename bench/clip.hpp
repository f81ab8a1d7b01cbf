// Clip: moving frames with sensor noise of their own, and a number that is burnt in as each is taken.
//
//   input    size and format; the same clip in every run
//   output   frames 0, 1, 2 …: kFrames pictures to and fro, each under its own number
//   threads  thread-compatible
//   memory   kFrames pictures
#pragma once

#include <vector>

#include "media/time_code.hpp"

namespace glimt::bench {

class Clip {
 public:
  static constexpr uint32_t kFrames = 60;

  Clip(PixelFormat format, int width, int height);
  size_t frame_bytes() const { return frame_bytes_; }
  // Good until the frame that lies in the same place is taken.
  Bytes take(uint32_t number);
  // How well the worst block of 16 rows and a quarter of the width shows what was sent under this number, dB of the first
  // plane; 0 where some block looks more like the picture before: each has noise of its own. The number itself is left out.
  double worst_block_db(uint32_t number, Bytes received) const;
  // Peak signal to noise of the first plane below the burnt-in number, dB.
  double psnr(uint32_t number, Bytes received) const;

 private:
  static size_t place(uint32_t number);
  media::Frame frame_over(uint8_t* bytes) const;
  void paint(size_t index, Bytes noise);

  const PixelFormat format_;
  const int width_, height_;
  const size_t frame_bytes_;
  std::vector<uint8_t> pixels_;
};

}  // namespace glimt::bench

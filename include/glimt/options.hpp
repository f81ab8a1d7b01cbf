// Options of publisher and subscriber, and the words they share. Each also stands in an address
// (`udp://:5000?mode=every`); what is said in the address wins over what is set here.
//
//   threads  plain values
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "glimt/error.hpp"

namespace glimt {

enum class PixelFormat : uint8_t {
  gray8 = 1,   // one plane, 1 byte a pixel
  bgr24 = 2,   // one plane, 3 bytes a pixel: OpenCV's CV_8UC3
  bgra32 = 3,  // one plane, 4 bytes a pixel: OpenCV's CV_8UC4
  i420 = 4,    // three planes: Y, then U and V at half the width and height, rounded up
};

enum class Codec : uint8_t {
  raw = 1,
  jpeg = 2,
};

enum class Mode : uint8_t {
  latest = 0,  // the newest picture; older ones that were not read in time are dropped and counted
  every = 1,   // each picture in order; a slow reader slows a file and is let go by a live source
};

std::string_view to_string(PixelFormat format);
std::string_view to_string(Codec codec);
std::string_view to_string(Mode mode);
Result<PixelFormat> parse_pixel_format(std::string_view text);
Result<Codec> parse_codec(std::string_view text);
Result<Mode> parse_mode(std::string_view text);

struct PublisherOptions {
  // How pictures travel. jpeg costs CPU at both ends and a tenth of the bytes of raw.
  Codec codec = Codec::jpeg;
  // 1..100, JPEG only. More is more bytes and less visible loss; below 40 blocks show.
  int quality = 80;
  // Bits per second towards one receiver that is not on this machine. More empties a frame onto
  // the wire sooner and overflows small switches; 0 sends without a pause. Nothing: 500 Mbit/s,
  // and unpaced on loopback.
  std::optional<double> pace_bps;
  // The largest picture taken, in bytes of its uncompressed pixels. More admits larger pictures and takes
  // more memory; beyond it a picture is refused with invalid_argument.
  size_t max_frame_bytes = size_t{64} << 20;
};

struct SubscriberOptions {
  Mode mode = Mode::latest;
  // How long after its capture a picture is still waited for when packets of it are missing. More rides out
  // slower links; less hands out the next one sooner. It delays no picture that is whole.
  std::chrono::milliseconds latency{100};
  // The pixel format that read() hands out. Nothing: as it was sent, JPEG as bgr24 or gray8.
  std::optional<PixelFormat> format;
  // The largest picture accepted, in bytes of its uncompressed pixels and, separately, of its encoded bytes.
  // More admits larger pictures and lets a hostile sender take more memory: at most ten times this.
  size_t max_frame_bytes = size_t{64} << 20;
};

}  // namespace glimt

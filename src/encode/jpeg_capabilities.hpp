// JpegCapabilities: which libjpeg is loaded, and how fast it is here.
//
//   output   facts; encodes a few pictures of 1280x720 to know the time
//   errors   none
//   threads  thread-safe; keeps one core busy for some tens of milliseconds
#pragma once

#include <string>

#include "base/clock.hpp"

namespace glimt::encode {

struct JpegCapabilities {
  bool turbo = false;      // libjpeg-turbo, by its own word
  std::string version;     // that Glimt was built with
  bool simd_off = false;   // JSIMD_FORCENONE in the environment forbids it
  Duration encode_720p{};  // the quickest of a few, at quality 80; zero where none could be encoded
};

JpegCapabilities try_jpeg();

}  // namespace glimt::encode

// Muxer: access units into one file that is open already, not re-encoded.
//
//   input    encoded pictures with their capture times, which increase
//   output   Matroska, or MP4 in fragments; what was written before flush() plays also when finish() is never
//            called
//   errors   unavailable: the file took no more; its message says why. Then only destruction makes sense
//   threads  thread-compatible; blocks as the disk does
//   memory   what was written since the last flush(), and an index of some 40 bytes a picture
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/access_unit.hpp"

namespace glimt::sink {

enum class Container { matroska, mp4 };

class Muxer {
 public:
  virtual ~Muxer() = default;
  // `at`: since the first picture of the file. `key`: decodes without one before it.
  virtual Result<void> write(Bytes picture, Duration at, bool key) = 0;
  // Hands all that was written to the kernel.
  virtual Result<void> flush() = 0;
  // The end of the file: index and duration.
  virtual Result<void> finish() = 0;
};

struct MuxerOptions {
  Container container = Container::matroska;
  Codec codec = Codec::jpeg;
  int width = 0, height = 0;
  std::chrono::system_clock::time_point began;  // when the first picture was captured
  std::vector<uint8_t> parameter_sets;          // of H.264
};

// The file stays its caller's, and open for as long as the muxer lives.
using OpenMuxer = std::function<Result<std::unique_ptr<Muxer>>(int fd, const MuxerOptions& options)>;

// What an errno of a file means, with its cure.
std::string file_trouble(int code);

// In the module glimt_libav.
Result<std::unique_ptr<Muxer>> open_libav_muxer(int fd, const MuxerOptions& options);

}  // namespace glimt::sink

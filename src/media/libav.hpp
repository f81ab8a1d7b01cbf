// What FFmpeg's libraries make, held until it is let go. For {encode,decode}/h264.cpp.
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace glimt::media::libav {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(&object);
  }
};

using Context = std::unique_ptr<AVCodecContext, Free<avcodec_free_context>>;
using Picture = std::unique_ptr<AVFrame, Free<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Free<av_packet_free>>;

// A log level that libavcodec never reaches: what it would write on standard error, the error says.
inline constexpr int kQuiet = 64;

}  // namespace glimt::media::libav

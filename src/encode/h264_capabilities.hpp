// H.264 encoders: which of those that libavcodec may bring work here. Each is tried by encoding a picture.
//
//   output   facts, in the order in which they are chosen
//   errors   none: a reason is a fact. The module that does not open is an error of its own
//   threads  thread-safe; takes some tens of milliseconds
#pragma once

#include <string>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::encode {

struct H264Encoder {
  std::string name;     // as libavcodec names it
  std::string trouble;  // why it does not work; empty where it does
};

Result<std::vector<H264Encoder>> try_h264();

// In the module glimt_h264.
std::vector<H264Encoder> try_h264_encoders();

}  // namespace glimt::encode

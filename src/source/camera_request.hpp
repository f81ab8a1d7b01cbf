// CameraRequest: what is asked of a camera, from its address and the options beside it.
//
//   input    camera:/dev/video2?size=1280x720&fps=60&format=mjpeg, 0, /dev/video0; the address wins over the
//            options
//   errors   invalid_argument, with what is known
//   threads  plain value
#pragma once

#include "source/frame_source.hpp"

namespace glimt::source {

struct CameraRequest {
  std::string name;    // as messages call it: "camera 0"
  std::string device;  // "/dev/video0"
  std::optional<std::pair<int, int>> size;
  std::optional<double> fps;
  std::optional<uint32_t> fourcc;
  bool pixels = false;
  size_t max_frame_bytes = 0;
};

Result<CameraRequest> parse_camera(const Url& url, const SourceOptions& options);

// "mjpeg", "YUYV", "gray" … as V4L2 and OpenCV code it.
Result<uint32_t> parse_fourcc(std::string_view text);

}  // namespace glimt::source

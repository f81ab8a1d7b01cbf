// VideoDevice: what a camera's node in /dev says of itself, without taking pictures.
//
//   input    the path of a node, or the folder where nodes stand
//   output   name, driver and formats with their sizes and rates; and where it cannot be used, why and the cure
//   units    pixels, frames per second
//   errors   none: trouble is part of the answer
//   threads  thread-safe; a driver may take its time, so not on a thread that must not wait
//   memory   at most kMaxFormats * kMaxSizes * kMaxRates entries a device, whatever its driver claims
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::source {

struct VideoFormat {
  struct Size {
    int width = 0, height = 0;
    std::vector<double> rates;  // highest first; empty where the driver does not say
  };
  std::string fourcc;       // "MJPG", "YUYV"
  std::string description;  // the driver's words
  std::vector<Size> sizes;  // in the driver's order; of a range its least and greatest
};

struct VideoDevice {
  static constexpr int kMaxFormats = 32, kMaxSizes = 64, kMaxRates = 32;

  enum class State {
    usable,
    gone,       // no such node, or what stood behind it was pulled out
    busy,       // another program takes pictures; what it can do is listed all the same
    forbidden,  // this user may not open it
    no_camera,  // takes no pictures: a node for metadata, for output, or no video device at all
    broken,     // the driver does not answer as it should
  };
  std::string path;
  std::string card, driver, bus;  // "HD Webcam C920", "uvcvideo", "usb-0000:00:14.0-1"
  std::vector<VideoFormat> formats;
  State state = State::usable;
  std::optional<Error> trouble;  // there unless usable
};

// video0, video1, … in this order; nodes that are no camera are left out.
std::vector<VideoDevice> list_video_devices(const std::string& folder = "/dev");
VideoDevice inspect_video_device(const std::string& path);

// "MJPG" of a V4L2 or OpenCV code; what cannot be printed is a '?'.
std::string fourcc_text(uint32_t code);

}  // namespace glimt::source

// CameraDevice: one opening of a camera through OpenCV's V4L2 backend.
//
//   input    what is asked of the camera
//   output   pictures as the camera gives them: JPEGs as access units where no pixels are asked for, all else
//            as BGR, with the driver's capture time
//   errors   open: unavailable or unsupported, with the cure. wait: the camera was lost. A picture that breaks
//            its format is left out and is no error
//   threads  thread-compatible; no call waits longer than it is told, as far as the driver answers: its ioctls
//            are beyond our reach
//   memory   four buffers of the driver, one picture within OpenCV, and those that are handed on
//
// What OpenCV 4.6 does there: it copies a JPEG out of the driver's buffer and then into the Mat that we keep;
// beyond that nothing is copied. The Mat takes new memory whenever a JPEG's size differs from the one that it
// held before, and waitAny() a few small vectors a call. Its own wait for a picture, of 10 s, is set to none for the whole process; a program that had
// used a camera of its own before keeps the 10 s, and opening a silent camera then takes as long. Cameras with
// more than one plane a picture (V4L2_CAP_VIDEO_CAPTURE_MPLANE) do not open.
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <vector>

#include "source/camera_request.hpp"

namespace glimt::source {

class CameraDevice {
 public:
  struct Granted {
    int width = 0, height = 0;
    double fps = 0;  // 0 where the driver does not say
    uint32_t fourcc = 0;
    bool encoded = false;  // JPEGs
    bool operator==(const Granted&) const = default;
  };
  static Result<std::unique_ptr<CameraDevice>> open(const CameraRequest& request, bool prefer_jpeg);

  const Granted& granted() const { return granted_; }

  // Whether a picture is there.
  Result<bool> wait(Duration at_most);
  // The picture that is there; empty where it is damaged. Without capture time: see captured_at().
  std::optional<Picture> take();
  // The driver's time stamp of the last picture, of the monotonic clock in most drivers.
  Instant captured_at() const;
  // Mean brightness of the last picture that was taken, 0 to 255.
  double brightness() const;

 private:
  // Memory of one picture, kept while idle.
  struct Pixels : Shared {
    cv::Mat mat;
  };
  CameraDevice(cv::VideoCapture capture, const CameraRequest& request);
  Result<void> negotiate(const CameraRequest& request, bool prefer_jpeg);
  Result<void> start();
  std::optional<Picture> take_jpeg(const Ref<Pixels>& pixels);
  std::optional<Picture> take_frame(const Ref<Pixels>& pixels);

  const std::string name_;
  const bool pixels_wanted_;
  const size_t max_frame_bytes_;
  std::vector<cv::VideoCapture> capture_;  // one, as waitAny() wants it
  std::vector<int> ready_;
  Granted granted_;
  bool has_picture_ = false;
  Ref<Pixels> last_;
  Pool<Pixels> pixels_{4};
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_;
};

}  // namespace glimt::source

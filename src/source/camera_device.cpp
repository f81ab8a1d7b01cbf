// Part of the module glimt_videoio.
#include "source/camera_device.hpp"

#include <cmath>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>

#include "media/jpeg_tables.hpp"
#include "source/jpeg_unit.hpp"
#include "source/video_device.hpp"

namespace glimt::source {
namespace {

constexpr uint32_t kMjpg = 'M' | 'J' << 8 | 'P' << 16 | 'G' << 24;
constexpr uint32_t kJpeg = 'J' | 'P' << 8 | 'E' << 16 | 'G' << 24;
constexpr int kBrightnessGrid = 32;  // a side: enough to tell a dark room from a closed shutter

Bytes bytes_of(const cv::Mat& mat) { return {mat.data, mat.total() * mat.elemSize()}; }

media::Frame frame_over(const cv::Mat& mat, Ref<Shared> owner) {
  media::Frame frame;
  frame.format = PixelFormat::bgr24;
  frame.width = mat.cols;
  frame.height = mat.rows;
  frame.planes[0] = {mat.data, mat.step[0]};
  frame.owner = std::move(owner);
  return frame;
}

}  // namespace

CameraDevice::CameraDevice(cv::VideoCapture capture, const CameraRequest& request)
    : name_(request.name), pixels_wanted_(request.pixels), max_frame_bytes_(request.max_frame_bytes) {
  capture_.push_back(std::move(capture));
}

Result<std::unique_ptr<CameraDevice>> CameraDevice::open(const CameraRequest& request, bool prefer_jpeg) {
  setenv("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "0", 1);  // read at OpenCV's first wait
  try {
    cv::VideoCapture capture(request.device, cv::CAP_V4L2);
    if (!capture.isOpened()) {
      return Error{ErrorKind::unavailable,
                   request.name +
                       ": OpenCV cannot open it; is one of its formats YUYV or MJPG? `glimt doctor` "
                       "lists them"};
    }
    std::unique_ptr<CameraDevice> device(new CameraDevice(std::move(capture), request));
    if (auto agreed = device->negotiate(request, prefer_jpeg); !agreed) return agreed.error();
    if (auto started = device->start(); !started) return started.error();
    return device;
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::unavailable, request.name + ": " + e.what()};
  }
}

// The format first, because a size belongs to a format; the rate last, because every other setting resets it.
Result<void> CameraDevice::negotiate(const CameraRequest& request, bool prefer_jpeg) {
  auto& camera = capture_.front();
  if (request.fourcc || prefer_jpeg) camera.set(cv::CAP_PROP_FOURCC, request.fourcc.value_or(kMjpg));
  if (request.size) {
    camera.set(cv::CAP_PROP_FRAME_WIDTH, request.size->first);
    camera.set(cv::CAP_PROP_FRAME_HEIGHT, request.size->second);
  }
  if (request.fps) camera.set(cv::CAP_PROP_FPS, *request.fps);
  granted_.width = static_cast<int>(camera.get(cv::CAP_PROP_FRAME_WIDTH));
  granted_.height = static_cast<int>(camera.get(cv::CAP_PROP_FRAME_HEIGHT));
  granted_.fourcc = static_cast<uint32_t>(camera.get(cv::CAP_PROP_FOURCC));
  const double fps = camera.get(cv::CAP_PROP_FPS);
  granted_.fps = fps > 0 && fps <= 1000 ? fps : 0;
  granted_.encoded = granted_.fourcc == kMjpg || granted_.fourcc == kJpeg;
  if (!camera.set(cv::CAP_PROP_CONVERT_RGB, granted_.encoded ? 0 : 1)) {
    return Error{ErrorKind::unsupported, name_ + ": gives " + fourcc_text(granted_.fourcc) +
                                             ", which OpenCV cannot turn into pixels; try ?format=mjpeg or "
                                             "?format=yuyv"};
  }
  return media::check_size(PixelFormat::bgr24, granted_.width, granted_.height, max_frame_bytes_);
}

// The first grab() hands the driver its buffers and starts it; no picture can be there yet. What went wrong
// with that only the next call tells.
Result<void> CameraDevice::start() {
  capture_.front().grab();
  if (wait(std::chrono::milliseconds(1))) return {};
  return Error{ErrorKind::unavailable,
               name_ +
                   ": does not start; is it used by another program, or short of USB bandwidth? Try another "
                   "port or a smaller --size"};
}

Result<bool> CameraDevice::wait(Duration at_most) {
  if (has_picture_) return true;
  try {
    ready_.clear();
    cv::VideoCapture::waitAny(capture_, ready_, at_most.count());
    has_picture_ = !ready_.empty();
    return has_picture_;
  } catch (const cv::Exception&) {  // its words are about OpenCV's insides
    return Error{ErrorKind::disconnected, name_ + ": gives no more pictures; was it pulled out?"};
  }
}

std::optional<Picture> CameraDevice::take() {
  has_picture_ = false;
  last_ = pixels_.take();
  const Ref<Pixels> pixels = last_;
  try {
    if (!capture_.front().retrieve(pixels->mat)) return std::nullopt;
    return granted_.encoded ? take_jpeg(pixels) : take_frame(pixels);
  } catch (const cv::Exception&) {  // an empty or damaged buffer
    return std::nullopt;
  }
}

// Validated: one whole JPEG at the front. What some cameras send behind it is cut off.
std::optional<Picture> CameraDevice::take_jpeg(const Ref<Pixels>& pixels) {
  Bytes bytes = bytes_of(pixels->mat);
  const auto scan = media::scan_jpeg(bytes);
  const auto& layout = scan.layout;
  if (scan.state != media::JpegScan::State::whole || layout.scan_at == 0 || !is_sendable(layout))
    return std::nullopt;
  if (!media::check_size(PixelFormat::bgr24, layout.width, layout.height, max_frame_bytes_))
    return std::nullopt;
  bytes = bytes.first(layout.size);
  if (pixels_wanted_) {
    const auto decoded = pixels_.take();
    cv::imdecode(cv::Mat(1, static_cast<int>(bytes.size()), CV_8U, pixels->mat.data), cv::IMREAD_COLOR,
                 &decoded->mat);
    if (decoded->mat.empty()) return std::nullopt;
    return frame_over(decoded->mat, decoded);
  }
  if (layout.has_huffman_tables) return make_jpeg_unit(units_, layout, {pixels, bytes, 0}, Instant{});
  const auto completed = buffers_.take();
  const size_t size = media::insert_huffman_tables(bytes, layout.scan_at, *completed);
  return make_jpeg_unit(units_, layout, {completed, {completed->data(), size}, 0}, Instant{});
}

std::optional<Picture> CameraDevice::take_frame(const Ref<Pixels>& pixels) {
  if (pixels->mat.type() != CV_8UC3) return std::nullopt;
  return frame_over(pixels->mat, pixels);
}

Instant CameraDevice::captured_at() const {
  return from_us(std::llround(capture_.front().get(cv::CAP_PROP_POS_MSEC) * 1000));
}

// A reduced decode of a JPEG, an eighth of each side; of pixels every so many-th.
double CameraDevice::brightness() const {
  const cv::Mat& mat = last_->mat;
  try {
    if (granted_.encoded) {
      // Black takes few bits: what has one a pixel is not looked into.
      if (mat.total() * 8 > size_t(granted_.width) * size_t(granted_.height)) return 255;
      return cv::mean(cv::imdecode(mat, cv::IMREAD_REDUCED_GRAYSCALE_8))[0];
    }
  } catch (const cv::Exception&) {
    return 255;  // not black, for all that is known
  }
  const int step_x = std::max(1, mat.cols / kBrightnessGrid),
            step_y = std::max(1, mat.rows / kBrightnessGrid);
  double sum = 0;
  int n = 0;
  for (int y = 0; y < mat.rows; y += step_y) {
    for (int x = 0; x < mat.cols; x += step_x, ++n) {
      const auto& pixel = mat.at<cv::Vec3b>(y, x);
      sum += (pixel[0] + pixel[1] + pixel[2]) / 3.0;
    }
  }
  return n > 0 ? sum / n : 255;
}

}  // namespace glimt::source

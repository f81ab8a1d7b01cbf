// Part of the module glimt_videoio: video files and streams that OpenCV opens.
#include <atomic>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

#include "source/frame_source.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

class CaptureSource final : public FrameSource {
 public:
  struct Options {
    bool loop = false;
    bool own_pace = false;  // a file at its frame rate
    bool patient = false;
    size_t max_frame_bytes = 0;
  };
  CaptureSource(cv::VideoCapture capture, std::string name, double fps, const Options& options)
      : capture_(std::move(capture)), name_(std::move(name)), options_(options), ticker_(fps) {}

  Result<std::optional<Picture>> read() override {
    if (options_.own_pace && !ticker_.wait()) return std::optional<Picture>();
    if (stopped_) return std::optional<Picture>();
    Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
    try {
      if (!capture_.read(owner->value) && !rewind(owner->value)) return end();
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::malformed, name_ + ": " + e.what()};
    }
    const cv::Mat& mat = owner->value;
    if (mat.depth() != CV_8U || (mat.channels() != 3 && mat.channels() != 1)) {
      return Error{ErrorKind::unsupported, name_ + ": gives pictures that are neither 8-bit colour nor grey"};
    }
    const auto format = mat.channels() == 3 ? PixelFormat::bgr24 : PixelFormat::gray8;
    if (auto fits = media::check_size(format, mat.cols, mat.rows, options_.max_frame_bytes); !fits)
      return fits.error();
    media::Frame frame;
    frame.format = format;
    frame.width = mat.cols;
    frame.height = mat.rows;
    frame.planes[0] = {mat.data, mat.step[0]};
    frame.owner = owner;
    frame.stamps.captured_at = now();
    frame.number = Sequence(number_++);
    return std::optional<Picture>(std::move(frame));
  }

  void interrupt() override {
    stopped_ = true;
    ticker_.interrupt();
  }
  Traits traits() const override { return {name_, options_.patient, false}; }

 private:
  // True where the file began anew.
  bool rewind(cv::Mat& mat) {
    if (!options_.loop || number_ == 0) return false;
    return capture_.set(cv::CAP_PROP_POS_FRAMES, 0) && capture_.read(mat);
  }

  Result<std::optional<Picture>> end() {
    if (options_.patient && number_ > 0) return std::optional<Picture>();
    if (options_.patient)
      return Error{ErrorKind::malformed, name_ + ": has no picture that can be decoded; is it damaged?"};
    return Error{ErrorKind::disconnected, name_ + ": gives no more pictures; has its sender ended?"};
  }

  cv::VideoCapture capture_;
  const std::string name_;
  const Options options_;
  Ticker ticker_;
  std::atomic<bool> stopped_{false};
  uint32_t number_ = 0;
};

Result<cv::VideoCapture> open_anything(const std::string& path) {
  cv::VideoCapture capture(path, cv::CAP_FFMPEG);
  // Not GStreamer, which would be next: where it fails too it fills standard error with its own troubles.
  if (!capture.isOpened()) capture.open(path, cv::CAP_OPENCV_MJPEG);
  if (!capture.isOpened()) {
    return Error{
        ErrorKind::malformed,
        path + ": OpenCV cannot open it as a video; is it one, and is it whole? `ffprobe` tells more"};
  }
  return capture;
}

}  // namespace

Result<std::unique_ptr<FrameSource>> open_capture(const Url& url, const SourceOptions& options) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // what matters is said by us
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);  // FFmpeg's AV_LOG_QUIET; OpenCV reads it at its first video
  if (auto known = url.allow_only({"loop"}); !known) return known.error();
  const bool file = url.scheme == "file";
  try {
    auto capture = open_anything(url.path);
    if (!capture) return capture.error();
    double fps = file && options.fps ? *options.fps : capture->get(cv::CAP_PROP_FPS);
    if (!(fps >= 1 && fps <= 1000)) fps = 30;  // some containers do not say
    const CaptureSource::Options how{url.has("loop") || options.loop, file && !options.fast, file,
                                     options.max_frame_bytes};
    return std::unique_ptr<FrameSource>(
        std::make_unique<CaptureSource>(std::move(*capture), url.path, fps, how));
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::unavailable, url.text + ": " + e.what()};
  }
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_capture) glimt_open_capture;
decltype(&glimt::source::open_capture) glimt_open_capture = &glimt::source::open_capture;

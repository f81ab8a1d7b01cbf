// Part of the module glimt_videoio: video files and streams that OpenCV opens.
#include <atomic>
#include <cmath>
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
    uint64_t skip = 0;
  };
  CaptureSource(cv::VideoCapture capture, std::string name, double fps, const Options& options)
      : capture_(std::move(capture)),
        name_(std::move(name)),
        options_(options),
        ticker_(fps),
        traits_{name_, options.patient, false} {
    traits_.fps = fps;
    traits_.width = static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_WIDTH));
    traits_.height = static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_HEIGHT));
    const double frames = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    if (options.patient && frames > 0 && frames < 1e12) traits_.frames = static_cast<uint64_t>(frames);
  }

  Result<std::optional<Picture>> read() override {
    if (options_.own_pace && !ticker_.wait()) return std::optional<Picture>();
    if (stopped_) return std::optional<Picture>();
    Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
    try {
      for (; skipped_ < options_.skip && !stopped_; ++skipped_) {
        if (!capture_.grab()) return end();
      }
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
  Traits traits() const override { return traits_; }

 private:
  // True where the file began anew.
  bool rewind(cv::Mat& mat) {
    if (!options_.loop || number_ == 0) return false;
    return capture_.set(cv::CAP_PROP_POS_FRAMES, 0) && capture_.read(mat);
  }

  Result<std::optional<Picture>> end() {
    if (options_.patient && (number_ > 0 || skipped_ > 0)) return std::optional<Picture>();
    if (options_.patient)
      return Error{ErrorKind::malformed, name_ + ": has no picture that can be decoded; is it damaged?"};
    return Error{ErrorKind::disconnected, name_ + ": gives no more pictures; has its sender ended?"};
  }

  cv::VideoCapture capture_;
  const std::string name_;
  const Options options_;
  Ticker ticker_;
  Traits traits_;
  std::atomic<bool> stopped_{false};
  uint64_t skipped_ = 0;
  uint32_t number_ = 0;
};

Result<cv::VideoCapture> open_anything(const std::string& path, const std::string& name) {
  cv::VideoCapture capture(path, cv::CAP_FFMPEG);
  // Not GStreamer, which would be next: where it fails too it fills standard error with its own troubles.
  if (!capture.isOpened()) capture.open(path, cv::CAP_OPENCV_MJPEG);
  if (!capture.isOpened()) {
    return Error{
        ErrorKind::malformed,
        name + ": OpenCV cannot open it as a video; is it one, and is it whole? `ffprobe` tells more"};
  }
  return capture;
}

// To the picture of this time, or the next one. OpenCV counts from a key frame before it to exactly that picture where the
// file's times allow it; where they do not, every picture is counted.
Result<void> seek(cv::VideoCapture& capture, const std::string& path, const std::string& name, double fps,
                  std::chrono::microseconds from) {
  const double number = std::ceil(std::chrono::duration<double>(from).count() * fps - 1e-3);
  if (number < 1) return {};
  const double frames = capture.get(cv::CAP_PROP_FRAME_COUNT);
  if (frames > 0 && number >= frames) {
    return Error{ErrorKind::invalid_argument,
                 name + ": ends after " + std::to_string(frames / fps) + " s; begin earlier"};
  }
  if (capture.set(cv::CAP_PROP_POS_FRAMES, number) && capture.get(cv::CAP_PROP_POS_FRAMES) == number)
    return {};
  auto anew = open_anything(path, name);
  if (!anew) return anew.error();
  capture = std::move(*anew);
  for (double at = 0; at < number; ++at) {
    if (!capture.grab())
      return Error{ErrorKind::invalid_argument, name + ": ends before that; begin earlier"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<FrameSource>> open_capture(const Url& url, const SourceOptions& options) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // what matters is said by us
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);  // FFmpeg's AV_LOG_QUIET; OpenCV reads it at its first video
  if (auto known = url.allow_only({"loop"}); !known) return known.error();
  const bool file = url.scheme == "file";
  try {
    const std::string name = options.name.empty() ? url.path : options.name;
    auto capture = open_anything(url.path, name);
    if (!capture) return capture.error();
    double fps = file && options.fps ? *options.fps : capture->get(cv::CAP_PROP_FPS);
    if (!(fps >= 1 && fps <= 1000)) fps = 30;  // some containers do not say
    if (auto sought = seek(*capture, url.path, name, fps, options.from); !sought) return sought.error();
    const CaptureSource::Options how{url.has("loop") || options.loop, file && !options.fast, file,
                                     options.max_frame_bytes, options.skip};
    return std::unique_ptr<FrameSource>(std::make_unique<CaptureSource>(std::move(*capture), name, fps, how));
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::unavailable, url.text + ": " + e.what()};
  }
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_capture) glimt_open_capture;
decltype(&glimt::source::open_capture) glimt_open_capture = &glimt::source::open_capture;

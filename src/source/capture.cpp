// Part of the module glimt_videoio: video files and streams that OpenCV opens.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

#include "source/frame_source.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

// A clip of uneven rate may be this many pictures away from where its mean rate puts it, before it is read from its start.
constexpr double kJumpShortBy = 100;

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

class CaptureSource final : public FrameSource {
 public:
  struct Options {
    bool loop = false;
    bool own_pace = false;  // a file at its frame rate
    bool patient = false;
    size_t max_frame_bytes = 0;
    uint64_t skip = 0;
    std::chrono::microseconds from{0};
    std::string path;
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
      if (auto sought = seek(); !sought) return sought.error();
      for (; skipped_ < options_.skip && !stopped_; ++skipped_) {
        if (!grab()) return end();
      }
      if (stopped_) return std::optional<Picture>();
      if (!(grab() && capture_.retrieve(owner->value)) && !rewind(owner->value)) return end();
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
  bool grab() { return std::exchange(grabbed_, false) || capture_.grab(); }
  double time_ms() const { return capture_.get(cv::CAP_PROP_POS_MSEC); }

  // Jumps to somewhere before the time. False where that is not certain: then it is at the start.
  Result<bool> jump(double from_ms) {
    const double number = from_ms / 1000 * traits_.fps - kJumpShortBy;
    if (number < 1) return false;
    const bool moved = capture_.set(cv::CAP_PROP_POS_FRAMES, std::floor(number)) && capture_.grab();
    if (moved && time_ms() > 0 && time_ms() < from_ms - 1) return true;
    auto anew = open_anything(options_.path, name_);
    if (!anew) return anew.error();
    capture_ = std::move(*anew);
    return false;
  }

  // Once: to the first picture at or after that time, by the times that the file gives its pictures. Pictures without times
  // are counted.
  Result<void> seek() {
    const double from_ms = static_cast<double>(options_.from.count()) / 1000;
    if (from_ms <= 0 || std::exchange(sought_, true)) return {};
    const auto jumped = jump(from_ms);
    if (!jumped) return jumped.error();
    double end_ms = *jumped ? time_ms() : 0;
    for (double at = 0; !stopped_ && capture_.grab(); ++at) {
      const double at_ms = time_ms() > 0 || at == 0 ? time_ms() : at / traits_.fps * 1000;
      end_ms = std::max(end_ms, at_ms);
      if (at_ms >= from_ms - 0.5) {  // Matroska rounds to milliseconds
        grabbed_ = true;
        return {};
      }
    }
    if (stopped_) return {};
    char end[32];
    std::snprintf(end, sizeof end, "%.1f s", end_ms / 1000);
    return Error{ErrorKind::invalid_argument, name_ + ": its last picture is at " + end + "; begin earlier"};
  }

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
  bool sought_ = false, grabbed_ = false;  // grabbed: not retrieved yet
  uint64_t skipped_ = 0;
  uint32_t number_ = 0;
};

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
    const CaptureSource::Options how{url.has("loop") || options.loop,
                                     file && !options.fast,
                                     file,
                                     options.max_frame_bytes,
                                     options.skip,
                                     options.from,
                                     url.path};
    return std::unique_ptr<FrameSource>(std::make_unique<CaptureSource>(std::move(*capture), name, fps, how));
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::unavailable, url.text + ": " + e.what()};
  }
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_capture) glimt_open_capture;
decltype(&glimt::source::open_capture) glimt_open_capture = &glimt::source::open_capture;

// Part of the module glimt_videoio: video files and streams that OpenCV opens.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

#include "media/jpeg_tables.hpp"
#include "source/frame_source.hpp"
#include "source/jpeg_unit.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

// A clip of uneven rate may be this many pictures away from where its mean rate puts it, before it is read from its start.
constexpr double kJumpShortBy = 100;

constexpr int kPatienceMs = 10'000;  // for a host that says nothing when it is asked

Result<cv::VideoCapture> open_anything(const std::string& path, const std::string& name) {
  cv::VideoCapture capture(path, cv::CAP_FFMPEG, {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, kPatienceMs});
  // Not GStreamer, which would be next: where it fails too it fills standard error with its own troubles.
  if (!capture.isOpened()) capture.open(path, cv::CAP_OPENCV_MJPEG);
  if (!capture.isOpened()) {
    return Error{
        ErrorKind::malformed,
        name + ": OpenCV cannot open it as a video; is it one, and is it whole? `ffprobe` tells more"};
  }
  return capture;
}

// What a container may call MJPEG.
bool may_be_mjpeg(const cv::VideoCapture& capture) {
  const auto fourcc = static_cast<uint32_t>(static_cast<int64_t>(capture.get(cv::CAP_PROP_FOURCC)));
  const char name[] = {static_cast<char>(fourcc | 0x20), static_cast<char>(fourcc >> 8 | 0x20),
                       static_cast<char>(fourcc >> 16 | 0x20), static_cast<char>(fourcc >> 24)};
  const std::string_view head(name, 3);
  return head == "mjp" || head == "jpe" || head == "mp4";  // in MP4 the last stands for many
}

Bytes bytes_of(const cv::Mat& mat) { return {mat.data, mat.total() * mat.elemSize()}; }

// So that packets come as they are stored; the first has come then. False where they are not the pictures that decoding would
// give: no JPEGs, two fields to a picture, or to be turned.
bool read_packets(cv::VideoCapture& capture) {
  const double width = capture.get(cv::CAP_PROP_FRAME_WIDTH), height = capture.get(cv::CAP_PROP_FRAME_HEIGHT);
  if (capture.get(cv::CAP_PROP_ORIENTATION_META) != 0 || !capture.set(cv::CAP_PROP_FORMAT, -1)) return false;
  cv::Mat first;
  if (!capture.grab() || !capture.retrieve(first)) return false;
  const auto scan = media::scan_jpeg(bytes_of(first));
  return scan.state == media::JpegScan::State::whole && is_sendable(scan.layout) &&
         scan.layout.width == static_cast<int>(width) && scan.layout.height == static_cast<int>(height);
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
    bool packets = false;  // MJPEG is handed on as it is stored; the first has been grabbed
  };
  CaptureSource(cv::VideoCapture capture, std::string name, double fps, const Options& options)
      : capture_(std::move(capture)),
        name_(std::move(name)),
        options_(options),
        ticker_(fps),
        traits_{name_ + (options.packets ? ", passed on as it is" : ""), options.patient, options.packets},
        grabbed_(options.packets) {
    traits_.fps = fps;
    traits_.width = static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_WIDTH));
    traits_.height = static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_HEIGHT));
    const double frames = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    if (options.patient && frames > 0 && frames < 1e12) traits_.frames = static_cast<uint64_t>(frames);
  }

  Result<std::optional<Picture>> read() override {
    if (options_.own_pace && !ticker_.wait()) return std::optional<Picture>();
    while (!stopped_) {
      Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
      auto more = read_into(owner->value);
      if (!more) return more.error();
      if (!*more) break;
      if (!options_.packets) return frame_over(owner);
      if (auto unit = unit_over(owner)) return std::optional<Picture>(std::move(*unit));
      ++refused_;
    }
    return std::optional<Picture>();
  }

  void interrupt() override {
    stopped_ = true;
    ticker_.interrupt();
  }
  Traits traits() const override { return traits_; }
  SourceStats stats() const override { return {.refused = refused_}; }

 private:
  // False at the end.
  Result<bool> read_into(cv::Mat& mat) {
    try {
      if (auto sought = seek(); !sought) return sought.error();
      for (; skipped_ < options_.skip && !stopped_; ++skipped_) {
        if (!grab()) return end();
      }
      if (stopped_) return false;
      if (!(grab() && capture_.retrieve(mat)) && !rewind(mat)) return end();
      return true;
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::malformed, name_ + ": " + e.what()};
    }
  }

  // As it is stored, with the tables that it leaves out. Empty where it is no whole JPEG.
  std::optional<Ref<media::AccessUnit>> unit_over(const Ref<Held<cv::Mat>>& owner) {
    const auto scan = media::scan_jpeg(bytes_of(owner->value));
    const auto& layout = scan.layout;
    if (scan.state != media::JpegScan::State::whole || !is_sendable(layout) ||
        !media::check_size(PixelFormat::bgr24, layout.width, layout.height, options_.max_frame_bytes))
      return std::nullopt;
    ++number_;
    const Bytes bytes = bytes_of(owner->value).first(layout.size);
    if (layout.has_huffman_tables) return make_jpeg_unit(units_, layout, {owner, bytes, 0}, now());
    auto completed = buffers_.take();
    const size_t size = media::insert_huffman_tables(bytes, layout.scan_at, *completed);
    return make_jpeg_unit(units_, layout, {completed, {completed->data(), size}, 0}, now());
  }

  Result<std::optional<Picture>> frame_over(const Ref<Held<cv::Mat>>& owner) {
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

  Result<bool> end() const {
    if (options_.patient && (number_ > 0 || skipped_ > 0)) return false;
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
  std::atomic<uint64_t> refused_{0};  // packets that are no whole JPEG
  bool sought_ = false, grabbed_;     // grabbed: not retrieved yet
  uint64_t skipped_ = 0;
  uint32_t number_ = 0;
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_;
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
    // Packets have no times to begin from.
    bool packets =
        file && !options.pixels && !options.size && options.from.count() == 0 && may_be_mjpeg(*capture);
    if (packets && !read_packets(*capture)) {
      packets = false;
      capture = open_anything(url.path, name);
      if (!capture) return capture.error();
    }
    double fps = file && options.fps ? *options.fps : capture->get(cv::CAP_PROP_FPS);
    if (!(fps >= 1 && fps <= 1000)) fps = 30;  // some containers do not say
    const CaptureSource::Options how{url.has("loop") || options.loop,
                                     file && !options.fast,
                                     file,
                                     options.max_frame_bytes,
                                     options.skip,
                                     options.from,
                                     url.path,
                                     packets};
    return std::unique_ptr<FrameSource>(std::make_unique<CaptureSource>(std::move(*capture), name, fps, how));
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::unavailable, url.text + ": " + e.what()};
  }
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_capture) glimt_open_capture;
decltype(&glimt::source::open_capture) glimt_open_capture = &glimt::source::open_capture;

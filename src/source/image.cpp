// Part of the module glimt_imgcodecs: a still image, repeated.
#include <atomic>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "source/frame_source.hpp"
#include "source/ticker.hpp"

namespace glimt::source {
namespace {

constexpr double kDefaultFps = 10;

class ImageSource final : public FrameSource {
 public:
  ImageSource(media::Frame frame, std::string name, double fps)
      : frame_(std::move(frame)), name_(std::move(name)), ticker_(fps) {}

  Result<std::optional<Picture>> read() override {
    if (!ticker_.wait()) return std::optional<Picture>();
    media::Frame frame = frame_;  // shares the pixels
    frame.stamps.captured_at = now();
    frame.number = Sequence(number_++);
    return std::optional<Picture>(std::move(frame));
  }
  void interrupt() override { ticker_.interrupt(); }
  Traits traits() const override {
    Traits traits{name_, false, false};
    traits.width = frame_.width;
    traits.height = frame_.height;
    return traits;
  }

 private:
  const media::Frame frame_;
  const std::string name_;
  Ticker ticker_;
  uint32_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_image(const Url& url, const SourceOptions& options) {
  if (auto known = url.allow_only({}); !known) return known.error();
  const std::string name = options.name.empty() ? url.path : options.name;
  Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
  try {
    owner->value = cv::imread(url.path, cv::IMREAD_ANYCOLOR);
  } catch (const cv::Exception& e) {
    return Error{ErrorKind::malformed, name + ": " + e.what()};
  }
  const cv::Mat& mat = owner->value;
  if (mat.empty()) {
    return Error{ErrorKind::malformed, name + ": is no image that OpenCV can decode; is it whole?"};
  }
  media::Frame frame;
  frame.format = mat.channels() == 1 ? PixelFormat::gray8 : PixelFormat::bgr24;
  frame.width = mat.cols;
  frame.height = mat.rows;
  frame.planes[0] = {mat.data, mat.step[0]};
  frame.owner = owner;
  if (auto fits = media::check_size(frame.format, frame.width, frame.height, options.max_frame_bytes);
      !fits) {
    return fits.error();
  }
  return std::unique_ptr<FrameSource>(
      std::make_unique<ImageSource>(std::move(frame), name, options.fps.value_or(kDefaultFps)));
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_image) glimt_open_image;
decltype(&glimt::source::open_image) glimt_open_image = &glimt::source::open_image;

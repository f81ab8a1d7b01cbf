// The module glimt_highgui: a window. Boxes that ride with a picture are drawn into it.
#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/highgui.hpp>

#include "media/draw_boxes.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::sink {
namespace {

class Window final : public FrameSink {
 public:
  Window(std::string title, bool still) : title_(std::move(title)), still_(still) {}
  ~Window() override {
    try {
      if (open_) cv::destroyWindow(title_);
    } catch (const cv::Exception&) {  // the window system has gone first
    }
  }

  bool takes(PixelFormat format) const override { return format <= PixelFormat::bgra32; }

  Result<Next> put(const media::Frame& picture) override {
    const media::Frame frame = with_boxes(picture);
    const int type = frame.format == PixelFormat::gray8    ? CV_8UC1
                     : frame.format == PixelFormat::bgra32 ? CV_8UC4
                                                           : CV_8UC3;
    try {
      if (!open_) {
        cv::namedWindow(title_,
                        cv::WINDOW_NORMAL | cv::WINDOW_KEEPRATIO | cv::WINDOW_GUI_NORMAL);  // no toolbar
        cv::resizeWindow(title_, frame.width, frame.height);
        open_ = true;
      }
      cv::imshow(title_,
                 cv::Mat(frame.height, frame.width, type, frame.planes[0].data, frame.planes[0].stride));
      retitle(frame);
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::unavailable, std::string("the window cannot be shown: ") + e.what()};
    }
    return keys();
  }

  Result<Next> idle() override {
    if (!open_) return Next::more;
    try {
      retitle_silent();
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::unavailable, std::string("the window cannot be shown: ") + e.what()};
    }
    return keys();
  }

 private:
  // Others may look at the same pixels: those that are drawn into are a copy.
  media::Frame with_boxes(const media::Frame& frame) {
    const auto boxes = parse_boxes(frame.metadata);
    if (boxes.empty()) return frame;
    auto copy = media::clone(copies_, frame);
    media::draw_boxes(copy, boxes);
    return copy;
  }

  Result<Next> keys() {
    const int key = cv::waitKey(1);
    const bool closed = cv::getWindowProperty(title_, cv::WND_PROP_VISIBLE) == 0;
    const bool ends = key == 'q' || key == 27 || (still_ && key >= 0);
    return ends || closed ? Next::end : Next::more;
  }

  // Twice a second: frame rate and age of what is shown.
  void retitle(const media::Frame& frame) {
    ++frames_;
    captured_at_ = frame.stamps.captured_or_arrived();
    const Instant at = now();
    if (at - titled_at_ < std::chrono::milliseconds(500)) return;
    const double fps = static_cast<double>(frames_) / std::chrono::duration<double>(at - titled_at_).count();
    if (titled_at_ != Instant{}) {
      char text[160];
      std::snprintf(text, sizeof text, "%s - %.1f fps, %s %.1f ms ago", title_.c_str(), fps,
                    captured_at_ == frame.stamps.captured_at ? "captured" : "arrived",
                    to_ms(at - captured_at_));
      cv::setWindowTitle(title_, text);
    }
    titled_at_ = at;
    frames_ = 0;
  }

  // A picture that stands still must not pass for a live one.
  void retitle_silent() {
    const Instant at = now();
    const auto age = at - captured_at_;
    if (still_ || age < std::chrono::seconds(1) || at - titled_at_ < std::chrono::milliseconds(500)) return;
    char text[160];
    std::snprintf(text, sizeof text, "%s - silent: last picture %.1f s ago", title_.c_str(),
                  to_ms(age) / 1000);
    cv::setWindowTitle(title_, text);
    titled_at_ = at;
    frames_ = 0;
  }

  const std::string title_;
  media::BufferPool copies_;
  const bool still_;
  bool open_ = false;
  Instant titled_at_{}, captured_at_{};
  uint64_t frames_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSink>> open_window(const Url&, const SinkOptions& options) {
  return std::unique_ptr<FrameSink>(std::make_unique<Window>(options.title, options.still));
}

}  // namespace glimt::sink

extern "C" __attribute__((visibility("default"))) decltype(&glimt::sink::open_window) glimt_open_window;
decltype(&glimt::sink::open_window) glimt_open_window = &glimt::sink::open_window;

// Part of the module glimt_imgcodecs: the first picture into a file; with %d in its name each picture into
// one of its own; with ?every= one so often, for as long as pictures come.
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "base/log.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::sink {
namespace {

struct NumberedName {
  std::string before, after;
  int digits = 0;
  bool numbered = false;

  static NumberedName of(const std::string& name) {
    NumberedName n{name, "", 0, false};
    const auto percent = name.find('%');
    const auto d = name.find('d', percent);
    if (percent == std::string::npos || d == std::string::npos) return n;
    const std::string width = name.substr(percent + 1, d - percent - 1);
    if (width.size() > 3 || width.find_first_not_of("0123456789") != std::string::npos) return n;
    return {name.substr(0, percent), name.substr(d + 1), width.empty() ? 0 : std::stoi(width), true};
  }
  std::string at(unsigned number) const {
    if (!numbered) return before;
    std::string text = std::to_string(number);
    if (text.size() < static_cast<size_t>(digits))
      text.insert(0, static_cast<size_t>(digits) - text.size(), '0');
    return before + text + after;
  }
};

class ImageSink final : public FrameSink {
 public:
  ImageSink(const std::string& path, std::optional<Duration> every)
      : name_(NumberedName::of(path)), every_(every) {}

  bool takes(PixelFormat format) const override { return format <= PixelFormat::bgra32; }

  Result<Next> put(const media::Frame& frame) override {
    if (!every_) {
      if (auto written = write(frame); !written) return written.error();
      return name_.numbered ? Next::more : Next::enough;
    }
    const Instant at = now();
    if (at < due_) return Next::more;
    due_ = at + *every_;
    auto written = write(frame);
    if (!written && (count_ == 0 || written.error().kind != ErrorKind::unavailable)) return written.error();
    if (!written && !lost_) log::warning("{}; the next one is tried in its time", written.error().message);
    lost_ = !written;
    return Next::more;
  }
  std::string summary() const override {
    return "wrote " + std::to_string(count_) + (count_ == 1 ? " image" : " images");
  }

 private:
  // Beside its place and moved there, so that no reader sees half a picture.
  Result<void> write(const media::Frame& frame) {
    const int type = frame.format == PixelFormat::gray8    ? CV_8UC1
                     : frame.format == PixelFormat::bgra32 ? CV_8UC4
                                                           : CV_8UC3;
    const std::filesystem::path path = name_.at(count_);
    const std::filesystem::path part = path.parent_path() / (".part-" + path.filename().string());
    std::error_code failed;
    try {
      const cv::Mat mat(frame.height, frame.width, type, frame.planes[0].data, frame.planes[0].stride);
      if (!cv::imwrite(part.string(), mat)) failed = std::make_error_code(std::errc::io_error);
    } catch (const cv::Exception&) {
      return Error{ErrorKind::unsupported,
                   path.string() + ": OpenCV writes no images of this kind; use .png or .jpg"};
    }
    if (!failed) std::filesystem::rename(part, path, failed);
    if (failed) {
      return Error{
          ErrorKind::unavailable,
          path.string() + ": cannot be written; is the folder there, writable, and the disk not full?"};
    }
    ++count_;
    return {};
  }

  const NumberedName name_;
  const std::optional<Duration> every_;
  Instant due_{};
  unsigned count_ = 0;
  bool lost_ = false;  // said already
};

}  // namespace

Result<std::unique_ptr<FrameSink>> open_image(const Url& url, const SinkOptions&) {
  std::optional<Duration> every;
  if (const auto text = url.find("every")) {
    const auto parsed = parse_duration(*text);
    if (!parsed) return parsed.error();
    every = *parsed;
  }
  bool writable = false;
  try {
    writable = cv::haveImageWriter(url.path);
  } catch (const cv::Exception&) {
  }
  if (!writable) {
    return Error{
        ErrorKind::unsupported,
        "'" + url.path + "': no image format that OpenCV writes; use a name such as now.png or %04d.jpg"};
  }
  return std::unique_ptr<FrameSink>(std::make_unique<ImageSink>(url.path, every));
}

}  // namespace glimt::sink

extern "C" __attribute__((visibility("default"))) decltype(&glimt::sink::open_image) glimt_open_image_sink;
decltype(&glimt::sink::open_image) glimt_open_image_sink = &glimt::sink::open_image;

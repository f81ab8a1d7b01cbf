#include "drawing.hpp"

#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>

#include "sink/frame_sink.hpp"

namespace glimt::command {
namespace {

// Painted this much larger and then made smaller: OpenCV's strokes become even.
constexpr int kOversampling = 2;
constexpr double kHersheyEm = 29;  // points of a font whose capitals are as high as Hershey's at scale 1

std::string ending_of(const std::string& path) { return std::filesystem::path(path).extension().string(); }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

std::string hex(const Color& c) { return fmt::format("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue); }
cv::Scalar bgr(const Color& c) { return {double(c.blue), double(c.green), double(c.red)}; }

void paint(cv::Mat& canvas, const Drawing::Box& b, double scale) {
  const auto at = [&](double points) { return cvRound(points * scale); };
  const cv::Rect box(cv::Point(at(b.x), at(b.y)), cv::Point(at(b.x + b.width), at(b.y + b.height)));
  if (!box.empty()) cv::rectangle(canvas, box, bgr(b.color), cv::FILLED);
}

void paint(cv::Mat& canvas, const Drawing::Text& t, double scale) {
  const int font = t.bold ? cv::FONT_HERSHEY_DUPLEX : cv::FONT_HERSHEY_SIMPLEX;
  const double size = t.size / kHersheyEm * scale;
  const int stroke = std::max(1, cvRound(t.size / 13 * scale));
  int below = 0;
  const int width = cv::getTextSize(t.text, font, size, stroke, &below).width;
  const int shift = t.anchor == Drawing::Anchor::end      ? width
                    : t.anchor == Drawing::Anchor::middle ? width / 2
                                                          : 0;
  cv::putText(canvas, t.text, {cvRound(t.x * scale) - shift, cvRound(t.y * scale)}, font, size, bgr(t.color),
              stroke, cv::LINE_AA);
}

Result<std::unique_ptr<sink::FrameSink>> open_image(const std::string& path) {
  const auto url = Url::parse("image:" + path);
  if (!url) return url.error();
  return sink::open_sink(*url, {});
}

Result<void> write_png(const Drawing& d, const std::string& path) {
  const auto sink = open_image(path);
  if (!sink) return sink.error();
  const double scale = kPngScale * kOversampling;
  cv::Mat canvas(cv::Size(d.width, d.height) * static_cast<int>(scale), CV_8UC3, cv::Scalar::all(255));
  for (const auto& box : d.boxes) paint(canvas, box, scale);
  for (const auto& text : d.texts) paint(canvas, text, scale);
  media::BufferPool pool;
  auto frame = media::make_frame(pool, PixelFormat::bgr24, d.width * kPngScale, d.height * kPngScale);
  cv::Mat pixels(frame.height, frame.width, CV_8UC3, frame.planes[0].data, frame.planes[0].stride);
  cv::resize(canvas, pixels, pixels.size(), 0, 0, cv::INTER_AREA);
  const auto put = (*sink)->put(frame);
  return put ? Result<void>() : put.error();
}

}  // namespace

std::string to_svg(const Drawing& d) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      d.width, d.height);
  for (const auto& b : d.boxes) {
    svg += fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n",
                       b.x, b.y, b.width, b.height, hex(b.color));
  }
  for (const auto& t : d.texts) {
    static constexpr std::array kAnchors{"start", "middle", "end"};
    svg += fmt::format(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"{}>{}</text>\n", t.x,
        t.y, t.size, kAnchors[static_cast<size_t>(t.anchor)], hex(t.color),
        t.bold ? " font-weight=\"bold\"" : "", escaped(t.text));
  }
  return svg + "</svg>\n";
}

Result<void> check_drawing_path(const std::string& path) {
  if (ending_of(path) != ".svg" && ending_of(path) != ".png")
    return Error{ErrorKind::unsupported, "--plot " + path + ": choose a name that ends in .svg or .png"};
  std::error_code ignored;
  if (!std::filesystem::is_directory(std::filesystem::absolute(path).parent_path(), ignored))
    return Error{ErrorKind::unavailable, "--plot " + path + ": there is no such folder; make it first"};
  if (ending_of(path) != ".png") return {};
  const auto sink = open_image(path);
  return sink ? Result<void>() : sink.error();
}

Result<void> write_drawing(const Drawing& drawing, const std::string& path) {
  if (ending_of(path) == ".png") return write_png(drawing, path);
  std::ofstream file(path);
  file << to_svg(drawing) << std::flush;
  if (file) return {};
  return Error{ErrorKind::unavailable,
               path + ": cannot be written; is the folder yours, and the disk not full?"};
}

}  // namespace glimt::command

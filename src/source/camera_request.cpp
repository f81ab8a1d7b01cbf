#include "source/camera_request.hpp"

#include <algorithm>
#include <cctype>

namespace glimt::source {

Result<uint32_t> parse_fourcc(std::string_view text) {
  std::string code(text);
  std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
  if (code == "MJPEG") code = "MJPG";
  const bool printable = std::all_of(code.begin(), code.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (code.empty() || code.size() > 4 || !printable) {
    return Error{ErrorKind::invalid_argument,
                 "'" + std::string(text) +
                     "' is no format of a camera; try mjpeg or yuyv, or a fourcc that "
                     "`glimt doctor` lists for it"};
  }
  code.resize(4, ' ');
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(code[i]);
  return value;
}

Result<CameraRequest> parse_camera(const Url& url, const SourceOptions& options) {
  if (auto known = url.allow_only({"size", "fps", "format"}); !known) return known.error();
  const std::string path = url.path.empty() ? "0" : url.path;
  const bool is_number = path.find_first_not_of("0123456789") == std::string::npos;
  CameraRequest request{"camera " + path,       is_number ? "/dev/video" + path : path,
                        options.size,           options.fps,
                        std::nullopt,           options.pixels,
                        options.max_frame_bytes};
  if (const auto size = url.find("size")) {
    const auto parsed = parse_size(*size);
    if (!parsed) return parsed.error();
    request.size = *parsed;
  }
  if (const auto fps = url.find("fps")) {
    const auto parsed = parse_integer(*fps, 1, 1000, "frame rate");
    if (!parsed) return parsed.error();
    request.fps = *parsed;
  }
  if (const auto format = url.find("format").value_or(options.format); !format.empty()) {
    const auto parsed = parse_fourcc(format);
    if (!parsed) return parsed.error();
    request.fourcc = *parsed;
  }
  return request;
}

}  // namespace glimt::source

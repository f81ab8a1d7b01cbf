#include "source/frame_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/module.hpp"

namespace glimt::source {
namespace {

Result<void> check_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{ErrorKind::invalid_argument, path + ": is a folder; name a file in it"};
  }
  errno = 0;
  if (std::ifstream(path, std::ios::binary)) return {};
  return Error{ErrorKind::unavailable,
               path + ": " + std::strerror(errno) + "; check its name and rights, or try test:"};
}

Result<std::unique_ptr<FrameSource>> open_in_module(const char* module, const char* function, const Url& url,
                                                    const SourceOptions& options) {
  using Open = decltype(&open_capture);
  const auto address = open_module(module, function);
  if (!address) return address.error();
  return (*reinterpret_cast<Open*>(*address))(url, options);
}

}  // namespace

std::string_view to_string(SourceState state) {
  static constexpr std::array<std::string_view, 8> kNames{"flowing", "black", "stalled",   "damaged",
                                                          "gone",    "busy",  "forbidden", "broken"};
  return kNames.at(static_cast<size_t>(state));
}

bool is_image_name(const std::string& name) {
  static constexpr std::array kEndings{".png", ".jpg",  ".jpeg", ".bmp", ".webp",
                                       ".tif", ".tiff", ".pgm",  ".ppm"};
  std::string ending = std::filesystem::path(name).extension();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

Result<std::unique_ptr<FrameSource>> open_source(const Url& url, const SourceOptions& options) {
  if (options.loop && url.scheme != "file") {
    return Error{ErrorKind::invalid_argument,
                 "'" + url.text + "' has no beginning to go back to; loop is for a file, leave it out here"};
  }
  if (url.scheme == "test") return open_pattern(url, options);
  if (url.scheme == "-") return open_standard_input(options);
  if (url.scheme == "file") {
    if (auto found = check_file(url.path); !found) return found.error();
    if (is_image_name(options.name.empty() ? url.path : options.name))
      return open_in_module("imgcodecs", "glimt_open_image", url, options);
  }
  if (url.scheme == "camera") return open_in_module("videoio", "glimt_open_camera", url, options);
  if (url.scheme == "file" || url.scheme == "http" || url.scheme == "https" || url.scheme == "rtsp" ||
      url.scheme == "rtmp") {
    return open_in_module("videoio", "glimt_open_capture", url, options);
  }
  return Error{ErrorKind::unsupported, "'" + url.text + "': unknown kind of source '" + url.scheme +
                                           "'; known: a file, an image, a camera (0, /dev/video0), test:, "
                                           "http://, rtsp://, - for standard input"};
}

}  // namespace glimt::source

#include "source/video_device.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.hpp"

namespace glimt::source {
namespace {

using State = VideoDevice::State;

constexpr size_t kMaxDevices = 256;
constexpr uint32_t kCapture = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE;

// A signal may interrupt a driver that waits.
int ask(int fd, unsigned long request, void* argument) {
  int result = -1;
  do {
    result = ioctl(fd, request, argument);
  } while (result != 0 && errno == EINTR);
  return result;
}

// Text of a driver, or of whoever made the camera: it may lack its end and hold a terminal's control codes.
template <size_t N>
std::string printable(const uint8_t (&text)[N]) {
  std::string result(reinterpret_cast<const char*>(text), strnlen(reinterpret_cast<const char*>(text), N));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return result;
}

std::vector<double> rates_of(int fd, uint32_t pixel_format, int width, int height) {
  std::vector<double> rates;
  const auto add = [&rates](const v4l2_fract& interval) {
    if (interval.numerator > 0 && interval.denominator > 0)
      rates.push_back(static_cast<double>(interval.denominator) / interval.numerator);
  };
  for (uint32_t i = 0; i < VideoDevice::kMaxRates; ++i) {
    v4l2_frmivalenum entry{};
    entry.index = i;
    entry.pixel_format = pixel_format;
    entry.width = static_cast<uint32_t>(width);
    entry.height = static_cast<uint32_t>(height);
    if (ask(fd, VIDIOC_ENUM_FRAMEINTERVALS, &entry) != 0) break;
    if (entry.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
      add(entry.discrete);
      continue;
    }
    add(entry.stepwise.min);
    add(entry.stepwise.max);
    break;
  }
  std::sort(rates.begin(), rates.end(), std::greater<>());
  rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
  return rates;
}

std::vector<VideoFormat::Size> sizes_of(int fd, uint32_t pixel_format) {
  std::vector<VideoFormat::Size> sizes;
  const auto add = [&](uint32_t width, uint32_t height) {
    if (width == 0 || height == 0 || width > 65535 || height > 65535) return;
    const int w = static_cast<int>(width), h = static_cast<int>(height);
    sizes.push_back({w, h, rates_of(fd, pixel_format, w, h)});
  };
  for (uint32_t i = 0; i < VideoDevice::kMaxSizes; ++i) {
    v4l2_frmsizeenum entry{};
    entry.index = i;
    entry.pixel_format = pixel_format;
    if (ask(fd, VIDIOC_ENUM_FRAMESIZES, &entry) != 0) break;
    if (entry.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      add(entry.discrete.width, entry.discrete.height);
      continue;
    }
    add(entry.stepwise.min_width, entry.stepwise.min_height);
    add(entry.stepwise.max_width, entry.stepwise.max_height);
    break;
  }
  return sizes;
}

std::vector<VideoFormat> formats_of(int fd, uint32_t buffer_type) {
  std::vector<VideoFormat> formats;
  for (uint32_t i = 0; i < VideoDevice::kMaxFormats; ++i) {
    v4l2_fmtdesc entry{};
    entry.index = i;
    entry.type = buffer_type;
    if (ask(fd, VIDIOC_ENUM_FMT, &entry) != 0) break;
    formats.push_back(
        {fourcc_text(entry.pixelformat), printable(entry.description), sizes_of(fd, entry.pixelformat)});
  }
  return formats;
}

void complain(VideoDevice& device, State state, ErrorKind kind, const std::string& what) {
  device.state = state;
  device.trouble = Error{kind, device.path + ": " + what};
}

void complain(VideoDevice& device, int error) {
  switch (error) {
    case ENOENT:
      device.state = State::gone;
      device.trouble = Error{ErrorKind::unavailable,
                             "there is no " + device.path +
                                 "; plug the camera in, list cameras with `glimt doctor`, or use test:"};
      return;
    case ENODEV:
    case ENXIO:
      return complain(device, State::gone, ErrorKind::unavailable, "was pulled out; plug it in again");
    case EBUSY:
      return complain(device, State::busy, ErrorKind::unavailable,
                      "is used by another program; `fuser -v " + device.path + "` names it, close it");
    case EACCES:
    case EPERM:
      return complain(device, State::forbidden, ErrorKind::unavailable,
                      "you may not open it; join the group video (`sudo usermod -aG video $USER`) and log in "
                      "anew");
    case ENOTTY:
    case EINVAL:
    case EISDIR:
      return complain(device, State::no_camera, ErrorKind::unsupported,
                      "is no camera; list cameras with `glimt doctor`");
    default:
      return complain(device, State::broken, ErrorKind::unavailable,
                      std::string(std::strerror(error)) + "; unplug the camera and plug it in again");
  }
}

// Asks for no buffers: changes nothing where the device is free, and is refused where another program
// takes pictures.
bool is_busy(int fd, uint32_t buffer_type) {
  v4l2_requestbuffers none{};
  none.type = buffer_type;
  none.memory = V4L2_MEMORY_MMAP;
  return ask(fd, VIDIOC_REQBUFS, &none) != 0 && errno == EBUSY;
}

// The N of "videoN".
std::optional<int> number_of(const std::string& name) {
  constexpr size_t kPrefix = 5;
  if (name.substr(0, kPrefix) != "video" || name.size() == kPrefix || name.size() > kPrefix + 6) return {};
  if (name.find_first_not_of("0123456789", kPrefix) != std::string::npos) return {};
  return std::stoi(name.substr(kPrefix));
}

}  // namespace

std::string fourcc_text(uint32_t code) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) {
    const auto c = static_cast<char>(code >> shift & 0xFF);
    text += c < ' ' || c > '~' ? '?' : c;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

VideoDevice inspect_video_device(const std::string& path) {
  VideoDevice device;
  device.path = path;
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return complain(device, errno), device;
  v4l2_capability can{};
  if (ask(fd.get(), VIDIOC_QUERYCAP, &can) != 0) return complain(device, errno), device;
  device.card = printable(can.card);
  device.driver = printable(can.driver);
  device.bus = printable(can.bus_info);
  const uint32_t caps = can.capabilities & V4L2_CAP_DEVICE_CAPS ? can.device_caps : can.capabilities;
  if ((caps & kCapture) == 0) return complain(device, ENOTTY), device;
  const uint32_t type =
      caps & V4L2_CAP_VIDEO_CAPTURE ? V4L2_BUF_TYPE_VIDEO_CAPTURE : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
  device.formats = formats_of(fd.get(), type);
  if (is_busy(fd.get(), type)) complain(device, EBUSY);
  return device;
}

std::vector<VideoDevice> list_video_devices(const std::string& folder) {
  std::vector<int> numbers;
  std::error_code failed;  // what cannot be read holds no device that could be
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const auto number = number_of(entry->path().filename());
    if (number && numbers.size() < kMaxDevices) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<VideoDevice> devices;
  for (const int number : numbers) {
    auto device = inspect_video_device(folder + "/video" + std::to_string(number));
    if (device.state != State::no_camera) devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace glimt::source

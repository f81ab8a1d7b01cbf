#include "fake_device.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace fake_camera {
namespace {

constexpr int64_t kReadControlEvery = 20'000'000;
constexpr int64_t kSecond = 1'000'000'000;

const Device* buffers_held_by = nullptr;

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

uint32_t distance(uint32_t a, uint32_t b) { return a > b ? a - b : b - a; }

template <size_t N>
void write_text(uint8_t (&to)[N], const char* text) {
  std::strncpy(reinterpret_cast<char*>(to), text, N - 1);
}

}  // namespace

int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

Device::Device(std::string node, int fd) : node_(std::move(node)) {
  fstat(fd, &born_);
  mode_ = control().modes().front();
  rate_ = mode_.rates.front();
}

Device::~Device() {
  if (buffers_held_by == this) buffers_held_by = nullptr;
}

const Control& Device::control() {
  if (const int64_t at = monotonic_ns(); at - control_read_at_ >= kReadControlEvery) {
    control_ = Control::read(node_ + ".control");
    control_read_at_ = at;
  }
  return control_;
}

// A node that was put back is another camera's.
bool Device::gone() {
  struct stat there {};
  gone_ = gone_ || stat(node_.c_str(), &there) != 0 || there.st_ino != born_.st_ino ||
          there.st_ctim.tv_sec != born_.st_ctim.tv_sec || there.st_ctim.tv_nsec != born_.st_ctim.tv_nsec;
  return gone_;
}

bool Device::held_by_another() {
  return control().is("busy") || (buffers_held_by != nullptr && buffers_held_by != this);
}

size_t Device::image_size() const { return size_t{mode_.width} * mode_.height * 2; }

int Device::request(unsigned long code, void* argument) {
  if (gone()) return ENODEV;
  switch (code) {
    case VIDIOC_QUERYCAP:
      return capabilities(*static_cast<v4l2_capability*>(argument));
    case VIDIOC_ENUM_FMT:
      return list_formats(*static_cast<v4l2_fmtdesc*>(argument));
    case VIDIOC_ENUM_FRAMESIZES:
      return list_sizes(*static_cast<v4l2_frmsizeenum*>(argument));
    case VIDIOC_ENUM_FRAMEINTERVALS:
      return list_rates(*static_cast<v4l2_frmivalenum*>(argument));
    case VIDIOC_G_FMT:
      return get_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_S_FMT:
      return set_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_G_PARM:
      return get_rate(*static_cast<v4l2_streamparm*>(argument));
    case VIDIOC_S_PARM:
      return set_rate(*static_cast<v4l2_streamparm*>(argument));
    case VIDIOC_REQBUFS:
      return take_buffers(*static_cast<v4l2_requestbuffers*>(argument));
    case VIDIOC_QUERYBUF:
      return describe_buffer(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_QBUF:
      return queue_buffer(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_DQBUF:
      return give_picture(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_STREAMON:
      return stream(true);
    case VIDIOC_STREAMOFF:
      return stream(false);
    default:
      return ENOTTY;
  }
}

int Device::capabilities(v4l2_capability& answer) {
  answer = {};
  write_text(answer.driver, "fake_camera");
  write_text(answer.card, "Fake camera");
  write_text(answer.bus_info, "preload:0");
  answer.device_caps = V4L2_CAP_STREAMING;
  answer.device_caps |= control().is("metadata") ? V4L2_CAP_META_CAPTURE : V4L2_CAP_VIDEO_CAPTURE;
  answer.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
  return 0;
}

int Device::list_formats(v4l2_fmtdesc& answer) {
  std::vector<uint32_t> known;
  for (const auto& mode : control().modes()) {
    if (std::find(known.begin(), known.end(), mode.fourcc) == known.end()) known.push_back(mode.fourcc);
  }
  if (answer.index >= known.size() && !control().is("endless")) return EINVAL;
  answer.pixelformat = known[answer.index % known.size()];
  write_text(answer.description, answer.pixelformat == V4L2_PIX_FMT_MJPEG ? "Motion-JPEG" : "YUYV 4:2:2");
  return 0;
}

int Device::list_sizes(v4l2_frmsizeenum& answer) {
  std::vector<Mode> modes = control().modes();
  std::erase_if(modes, [&](const Mode& mode) { return mode.fourcc != answer.pixel_format; });
  if (modes.empty() || (answer.index >= modes.size() && !control().is("endless"))) return EINVAL;
  const Mode& mode = modes[answer.index % modes.size()];
  answer.type = V4L2_FRMSIZE_TYPE_DISCRETE;
  answer.discrete = {mode.width, mode.height};
  return 0;
}

int Device::list_rates(v4l2_frmivalenum& answer) {
  for (const auto& mode : control().modes()) {
    if (mode.fourcc != answer.pixel_format || mode.width != answer.width || mode.height != answer.height)
      continue;
    if (answer.index >= mode.rates.size() && !control().is("endless")) return EINVAL;
    answer.type = V4L2_FRMIVAL_TYPE_DISCRETE;
    answer.discrete = {1, mode.rates[answer.index % mode.rates.size()]};
    return 0;
  }
  return EINVAL;
}

int Device::get_format(v4l2_format& answer) const {
  if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return EINVAL;
  auto& pix = answer.fmt.pix;
  pix = {};
  pix.width = mode_.width;
  pix.height = mode_.height;
  pix.pixelformat = mode_.fourcc;
  pix.field = V4L2_FIELD_NONE;
  pix.bytesperline = mode_.fourcc == V4L2_PIX_FMT_MJPEG ? 0 : mode_.width * 2;
  pix.sizeimage = static_cast<uint32_t>(image_size());
  pix.colorspace = V4L2_COLORSPACE_SRGB;
  return 0;
}

// The nearest mode of the format, or of the camera's first where it has not the one that is asked for.
int Device::set_format(v4l2_format& answer) {
  if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return EINVAL;
  if (held_by_another() || !buffers_.empty()) return EBUSY;
  const auto modes = control().modes();
  const auto& wanted = answer.fmt.pix;
  const bool known =
      std::any_of(modes.begin(), modes.end(), [&](const Mode& m) { return m.fourcc == wanted.pixelformat; });
  const uint32_t fourcc = known ? wanted.pixelformat : modes.front().fourcc;
  uint32_t nearest = UINT32_MAX;
  for (const auto& mode : modes) {
    const uint32_t off = distance(mode.width, wanted.width) + distance(mode.height, wanted.height);
    if (mode.fourcc != fourcc || off >= nearest) continue;
    nearest = off;
    mode_ = mode;
  }
  rate_ = mode_.rates.front();
  return get_format(answer);
}

int Device::get_rate(v4l2_streamparm& answer) const {
  if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return EINVAL;
  answer.parm.capture = {};
  answer.parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
  answer.parm.capture.timeperframe = {1, rate_};
  return 0;
}

int Device::set_rate(v4l2_streamparm& answer) {
  if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return EINVAL;
  if (held_by_another() || streaming_) return EBUSY;
  const auto& wanted = answer.parm.capture.timeperframe;
  const uint32_t rate = wanted.numerator > 0 ? wanted.denominator / wanted.numerator : rate_;
  rate_ = *std::min_element(mode_.rates.begin(), mode_.rates.end(),
                            [rate](uint32_t a, uint32_t b) { return distance(a, rate) < distance(b, rate); });
  return get_rate(answer);
}

int Device::take_buffers(v4l2_requestbuffers& answer) {
  if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE || answer.memory != V4L2_MEMORY_MMAP) return EINVAL;
  if (held_by_another()) return EBUSY;
  stream(false);
  answer.count = std::min(answer.count, kMaxBuffers);
  buffers_.assign(answer.count, {});
  for (auto& buffer : buffers_) buffer.memory.resize(image_size());
  buffers_held_by = answer.count > 0 ? this : nullptr;
  return 0;
}

int Device::describe_buffer(v4l2_buffer& answer) const {
  if (answer.index >= buffers_.size()) return EINVAL;
  answer.length = static_cast<uint32_t>(image_size());
  answer.m.offset = answer.index << 20;
  answer.flags = buffers_[answer.index].queued ? V4L2_BUF_FLAG_QUEUED : 0;
  return 0;
}

void* Device::map(size_t length, int64_t offset) {
  const auto index = static_cast<size_t>(offset >> 20);
  if (index >= buffers_.size() || length > buffers_[index].memory.size()) return nullptr;
  return buffers_[index].memory.data();
}

bool Device::owns(const void* at) const {
  return std::any_of(buffers_.begin(), buffers_.end(),
                     [at](const Buffer& b) { return b.memory.data() == at; });
}

int Device::queue_buffer(v4l2_buffer& answer) {
  if (answer.index >= buffers_.size() || buffers_[answer.index].queued) return EINVAL;
  buffers_[answer.index].queued = true;
  queue_.push_back(answer.index);
  return 0;
}

int Device::stream(bool on) {
  if (on && held_by_another()) return EBUSY;
  if (on && queue_.empty()) return EINVAL;
  if (on) load_jpegs();
  streaming_ = on;
  next_at_ = monotonic_ns() + kSecond / rate_;
  if (on) return 0;
  queue_.clear();
  for (auto& buffer : buffers_) buffer.queued = false;
  return 0;
}

int64_t Device::until_ready() {
  if (!streaming_ || queue_.empty() || control().is("stall")) return -1;
  return std::max<int64_t>(0, next_at_ - monotonic_ns());
}

int Device::give_picture(v4l2_buffer& answer) {
  if (!streaming_) return EINVAL;
  if (until_ready() != 0) return EAGAIN;
  const int64_t interval = kSecond / rate_, at = monotonic_ns();
  if (at - next_at_ > kMaxBuffers * interval) next_at_ = at;  // nobody took them: they were not kept
  auto& buffer = buffers_[queue_.front()];
  answer = {};
  answer.index = queue_.front();
  answer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  answer.memory = V4L2_MEMORY_MMAP;
  answer.length = static_cast<uint32_t>(buffer.memory.size());
  answer.m.offset = answer.index << 20;
  answer.bytesused = static_cast<uint32_t>(paint(buffer.memory));
  answer.flags = V4L2_BUF_FLAG_DONE | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  answer.sequence = sequence_++;
  stamp(answer, next_at_);
  next_at_ += interval;
  buffer.queued = false;
  queue_.pop_front();
  return 0;
}

void Device::stamp(v4l2_buffer& answer, int64_t taken_at) const {
  const std::string kind = control_.value("timestamp", "driver");
  int64_t ns = taken_at - static_cast<int64_t>(control_.number("delay_ms")) * 1'000'000;
  if (kind == "zero") ns = 0;
  if (kind == "realtime") ns = clock_ns(CLOCK_REALTIME);
  answer.timestamp.tv_sec = ns / kSecond;
  answer.timestamp.tv_usec = ns % kSecond / 1000;
}

// YUYV: the left half red, the right half blue, or black. MJPG: the folder's files, one after the other.
size_t Device::paint(Bytes& to) {
  if (control_.value("pictures", "") != pictures_folder_) load_jpegs();
  if (mode_.fourcc == V4L2_PIX_FMT_MJPEG) {
    if (jpegs_.empty()) return 0;
    const Bytes& jpeg = jpegs_[sequence_ % jpegs_.size()];
    const size_t size = std::min(jpeg.size(), to.size());
    const size_t padding = std::min(control_.number("padding"), to.size() - size);
    std::memcpy(to.data(), jpeg.data(), size);
    std::memset(to.data() + size, 0, padding);
    return size + padding;
  }
  static constexpr uint8_t kRed[4] = {81, 90, 81, 240}, kBlue[4] = {41, 240, 41, 110},
                           kBlack[4] = {16, 128, 16, 128};
  const bool black = control_.is("black");
  for (size_t i = 0, row = size_t{mode_.width} * 2; i + 4 <= image_size(); i += 4)
    std::memcpy(to.data() + i, black ? kBlack : i % row < row / 2 ? kRed : kBlue, 4);
  return image_size();
}

void Device::load_jpegs() {
  pictures_folder_ = control().value("pictures", "");
  jpegs_.clear();
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(pictures_folder_, ignored))
    files.push_back(file.path());
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    jpegs_.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
}

}  // namespace fake_camera

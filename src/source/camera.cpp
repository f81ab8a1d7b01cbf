// Part of the module glimt_videoio: a camera, through every trouble until it is interrupted.
//
// While it runs nothing but interrupt() ends it: a camera that was pulled out, taken, or is silent is opened
// anew, at first after 100 ms, then less and less often, at last every 2 s. Only at the very start an absent or
// busy camera is an error.
#include <cmath>
#include <opencv2/core/utils/logger.hpp>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "source/camera_device.hpp"
#include "source/camera_watch.hpp"
#include "source/video_device.hpp"

namespace glimt::source {
namespace {

constexpr auto kLookUp = std::chrono::milliseconds(50);  // how soon interrupt() is noticed

SourceState state_of(VideoDevice::State state) {
  switch (state) {
    case VideoDevice::State::gone:
      return SourceState::gone;
    case VideoDevice::State::busy:
      return SourceState::busy;
    case VideoDevice::State::forbidden:
      return SourceState::forbidden;
    default:
      return SourceState::broken;
  }
}

bool offers_jpeg(const VideoDevice& device) {
  for (const auto& format : device.formats) {
    if (format.fourcc == "MJPG") return true;
  }
  return false;
}

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

void say_what_is_refused(const CameraRequest& asked, const CameraDevice::Granted& granted) {
  const auto refused = [&](const std::string& wanted, const std::string& given) {
    log::warning("{} does not give {} but {}; `glimt doctor` lists what it can", asked.name, wanted, given);
  };
  if (asked.fourcc && *asked.fourcc != granted.fourcc)
    refused(fourcc_text(*asked.fourcc), fourcc_text(granted.fourcc));
  if (asked.size && *asked.size != std::pair{granted.width, granted.height})
    refused(size_text(asked.size->first, asked.size->second), size_text(granted.width, granted.height));
  if (asked.fps && granted.fps > 0 && std::abs(*asked.fps - granted.fps) > 0.5)
    refused(fmt::format("{:g} fps", *asked.fps), fmt::format("{:g} fps", granted.fps));
}

struct Opened {
  std::unique_ptr<CameraDevice> device;  // empty where it did not open
  SourceState state = SourceState::broken;
  Error error;
  std::string card;
};

// Asked first, because OpenCV does not say why a camera does not open.
Opened open_device(const CameraRequest& request) {
  const auto found = inspect_video_device(request.device);
  if (found.trouble) return {nullptr, state_of(found.state), *found.trouble, {}};
  auto device = CameraDevice::open(request, !request.pixels && offers_jpeg(found));
  if (!device) return {nullptr, SourceState::broken, device.error(), {}};
  return {std::move(*device), SourceState::flowing, {}, found.card};
}

class CameraSource final : public FrameSource {
 public:
  CameraSource(CameraRequest request, Opened opened) : request_(std::move(request)), watch_(request_.name) {
    const auto& granted = opened.device->granted();
    description_ = fmt::format("{} ({}), {} {}", request_.name, opened.card, fourcc_text(granted.fourcc),
                               size_text(granted.width, granted.height));
    if (granted.fps > 0) description_ += fmt::format(" at {:g} fps", granted.fps);
    if (granted.encoded && !request_.pixels) description_ += ", passed on as it is";
    encoded_ = granted.encoded && !request_.pixels;
    use(std::move(opened.device));
  }

  Result<std::optional<Picture>> read() override {
    while (!interrupted()) {
      if (!device_ && !reopen()) continue;
      if (look_for_black_) look_for_black();
      const auto ready = device_->wait(kLookUp);
      if (!ready) {
        lose(open_trouble());
      } else if (!*ready) {
        look_at_silence();
      } else if (auto picture = take()) {
        return picture;
      }
    }
    return std::optional<Picture>();
  }

  void interrupt() override {
    MutexLock lock(m_);
    interrupted_ = true;
    interrupted_changed_.notify_all();
  }
  Traits traits() const override { return {description_, false, encoded_}; }
  SourceStats stats() const override {
    MutexLock lock(m_);
    return watch_.stats(now());
  }

 private:
  bool interrupted() const {
    MutexLock lock(m_);
    return interrupted_;
  }

  void use(std::unique_ptr<CameraDevice> device) {
    device_ = std::move(device);
    look_for_black_ = false;
    if (granted_ != device_->granted()) say_what_is_refused(request_, device_->granted());
    granted_ = device_->granted();
    MutexLock lock(m_);
    watch_.opened(granted_.fps, now());
  }

  // False where it is still in trouble, or was interrupted.
  bool reopen() {
    {
      MutexLock lock(m_);
      while (!interrupted_ && now() < watch_.next_attempt())
        interrupted_changed_.wait_until(m_, watch_.next_attempt());
      if (interrupted_) return false;
    }
    auto opened = open_device(request_);
    if (!opened.device) {
      lose(opened.state);
      return false;
    }
    use(std::move(opened.device));
    return true;
  }

  void lose(SourceState why) {
    device_.reset();
    MutexLock lock(m_);
    watch_.failed(why, now());
  }

  // Why a camera that was open is lost: asked once it is closed, or we would be the program that keeps it busy.
  SourceState open_trouble() {
    device_.reset();
    return state_of(inspect_video_device(request_.device).state);
  }

  void look_at_silence() {
    const Instant at = now();
    MutexLock lock(m_);
    watch_.nothing(at);
    if (!watch_.wants_reopening(at)) return;
    device_.reset();
    watch_.failed(watch_.stats(at).state, at);
  }

  std::optional<Picture> take() {
    auto picture = device_->take();
    const Instant by_driver = device_->captured_at(), at = now();
    MutexLock lock(m_);
    if (!picture) {
      watch_.refused(at);
      return picture;
    }
    const Instant captured_at = watch_.captured_at(by_driver, at);
    watch_.picture(captured_at, at);
    look_for_black_ = watch_.wants_brightness(at);
    if (auto* frame = std::get_if<media::Frame>(&*picture)) {
      frame->stamps.captured_at = captured_at;
      frame->number = Sequence(number_++);
    } else {
      std::get<Ref<media::AccessUnit>>(*picture)->info.stamps.captured_at = captured_at;
    }
    return picture;
  }

  // At the picture that was handed on before, while the next one is not there yet: nobody waits for it.
  void look_for_black() {
    look_for_black_ = false;
    const double mean = device_->brightness();
    MutexLock lock(m_);
    watch_.brightness(mean, now());
  }

  const CameraRequest request_;
  std::string description_;
  bool encoded_ = false;
  std::unique_ptr<CameraDevice> device_;  // empty between two openings
  CameraDevice::Granted granted_;         // at the last opening
  uint32_t number_ = 0;
  bool look_for_black_ = false;

  mutable Mutex m_;
  Condition interrupted_changed_;
  bool interrupted_ GLIMT_GUARDED_BY(m_) = false;
  CameraWatch watch_ GLIMT_GUARDED_BY(m_);
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_camera(const Url& url, const SourceOptions& options) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // what matters is said by us
  auto request = parse_camera(url, options);
  if (!request) return request.error();
  auto opened = open_device(*request);
  if (!opened.device) return opened.error;
  return std::unique_ptr<FrameSource>(std::make_unique<CameraSource>(std::move(*request), std::move(opened)));
}

}  // namespace glimt::source

extern "C" __attribute__((visibility("default"))) decltype(&glimt::source::open_camera) glimt_open_camera;
decltype(&glimt::source::open_camera) glimt_open_camera = &glimt::source::open_camera;

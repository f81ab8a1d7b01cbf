#include "hub/source_reader.hpp"

#include <filesystem>

#include "base/log.hpp"
#include "source/camera_request.hpp"

namespace glimt::hub {
namespace {

// What gave pictures for so long worked: when it is lost, it is tried again soon.
constexpr auto kWorkedFor = std::chrono::seconds(1);

std::string why(source::SourceState state) {
  using source::SourceState;
  switch (state) {
    case SourceState::flowing:
      return "";
    case SourceState::black:
      return "the camera's pictures are black; is its cover closed?";
    case SourceState::stalled:
      return "the camera gives no pictures; it is opened anew, or plug it in again";
    case SourceState::damaged:
      return "the camera's pictures are damaged; try another cable or port, or a smaller size";
    case SourceState::gone:
      return "the camera is gone; plug it in again";
    case SourceState::busy:
      return "the camera is taken by another program; end that one";
    case SourceState::forbidden:
      return "this user may not open the camera; add it to the group 'video'";
    case SourceState::broken:
      return "the camera does not work; see `glimt doctor`";
  }
  return "";
}

void set_captured_at(source::Picture& picture, Instant at) {
  if (auto* frame = std::get_if<media::Frame>(&picture)) {
    frame->stamps.captured_at = at;
  } else {
    std::get<Ref<media::AccessUnit>>(picture)->info.stamps.captured_at = at;
  }
}

}  // namespace

std::string device_of(const SourceReader::Choice& choice) {
  const auto url = Url::parse(choice.source);
  if (!url || url->scheme != "camera") return {};
  const auto request = source::parse_camera(*url, {});
  if (!request) return {};
  std::error_code ignored;  // /dev/v4l/by-id/… is a link
  const auto device = std::filesystem::weakly_canonical(request->device, ignored);
  return ignored ? request->device : device.string();
}

SourceReader::SourceReader(Choice choice, Taker& taker, const Options& options)
    : choice_(std::move(choice)),
      device_(device_of(choice_)),
      max_frame_bytes_(options.max_frame_bytes),
      taker_(taker),
      fit_(options.max_frame_bytes),
      back_off_(options.seed),
      paused_(options.paused),
      thread_("glimt-capture", [this] { run(); }) {}

void SourceReader::pause(bool paused) {
  MutexLock lock(m_);
  paused_ = paused;
  if (paused && source_ && !patient_) {
    interrupted_ = true;
    source_->interrupt();
  }
  if (!paused) retry_at_ = {};
  changed_.notify_all();
}

void SourceReader::stop() {
  MutexLock lock(m_);
  stopped_ = true;
  if (source_) {
    interrupted_ = true;
    source_->interrupt();
  }
  changed_.notify_all();
}

StreamEngine::SourceStatus SourceReader::status() const {
  MutexLock lock(m_);
  auto status = status_;
  if (source_) {
    const auto told = source_->stats();
    status.reopened += told.reopened;
    if (told.state != source::SourceState::flowing) {
      status.state = StreamState::trouble;
      status.why = why(told.state);
    }
  }
  if (paused_) {
    status.state = StreamState::paused;
    status.why.clear();
  }
  return status;
}

void SourceReader::run() {
  while (wait_until_wanted()) {
    if (const auto opened = open(); !opened) {
      note_trouble(opened.error());
      continue;
    }
    read_on();
    close();
    MutexLock lock(m_);
    if (status_.state == StreamState::ended) break;
  }
  left_ = true;
  taker_.has_left(*this);
}

// False where it was stopped.
bool SourceReader::wait_until_wanted() {
  MutexLock lock(m_);
  while (!stopped_ && (paused_ || now() < retry_at_)) {
    if (paused_) {
      changed_.wait(m_);
    } else {
      changed_.wait_until(m_, retry_at_);
    }
  }
  return !stopped_;
}

Result<void> SourceReader::open() {
  const auto url = Url::parse(choice_.source);
  if (!url) return url.error();
  source::SourceOptions options;
  options.format = choice_.format;
  options.filter = choice_.filter;
  options.loop = choice_.loop;
  options.pixels = taker_.wants_pixels();
  options.max_frame_bytes = max_frame_bytes_;
  auto filter = pipeline::FilterStage::open(options);
  if (!filter) return filter.error();
  auto source = source::open_source(*url, options);
  if (!source) return source.error();
  filter_ = std::move(*filter);
  MutexLock lock(m_);
  source_ = std::move(*source);
  const auto traits = source_->traits();
  patient_ = traits.patient;
  status_.description = traits.description;
  interrupted_ = false;
  return {};
}

void SourceReader::close() {
  std::unique_ptr<source::FrameSource> closed;  // outside the lock: a driver may take its time
  {
    MutexLock lock(m_);
    status_.reopened += source_->stats().reopened;
    if (status_.state == StreamState::flowing) status_.state = StreamState::opening;
    closed = std::move(source_);
  }
  filter_.reset();
}

void SourceReader::read_on() {
  while (may_read()) {
    auto picture = source_->read();
    if (!picture) {
      note_lost(picture.error());
      return;
    }
    if (!*picture) {
      note_end();
      return;
    }
    note_flowing();
    hand_on(std::move(**picture));
  }
}

bool SourceReader::may_read() {
  MutexLock lock(m_);
  while (!stopped_ && paused_ && patient_) changed_.wait(m_);
  return !stopped_ && !paused_;
}

// Made smaller before the filter: what that draws or tells is of the picture that is sent.
void SourceReader::hand_on(source::Picture picture) {
  auto fitted = fit_.apply(std::move(picture), taker_.fit());
  if (!fitted) return;
  if (filter_) fitted = filter_->apply(std::move(*fitted));
  if (!fitted) return;
  if (patient_ && !std::exchange(met_receiver_, true)) {
    taker_.wait_for_receiver(*this);
    set_captured_at(*fitted, now());  // it stands for the moment at which it goes out
  }
  taker_.take(*this, std::move(*fitted), patient_);
}

void SourceReader::note_flowing() {
  MutexLock lock(m_);
  if (status_.state == StreamState::flowing) return;
  status_.state = StreamState::flowing;
  status_.why.clear();
  if (std::exchange(lost_, false)) ++status_.reopened;
  flowing_since_ = now();
}

void SourceReader::note_end() {
  MutexLock lock(m_);
  if (!interrupted_) status_.state = StreamState::ended;
}

void SourceReader::note_lost(const Error& why) {
  {
    MutexLock lock(m_);
    const bool flowed = status_.state == StreamState::flowing;
    lost_ |= flowed;
    if (flowed && now() - flowing_since_ >= kWorkedFor) back_off_.reset();
  }
  note_trouble(why);
}

void SourceReader::note_trouble(const Error& why) {
  MutexLock lock(m_);
  if (why.message != status_.why) log::warning("{}; tried again until it works", why.message);
  status_.state = StreamState::trouble;
  status_.why = why.message;
  retry_at_ = now() + back_off_.next();
}

}  // namespace glimt::hub

#include "glimt/frame.hpp"

#include "api/mat_frame.hpp"

namespace glimt {

Frame::Frame(media::Frame frame) : frame_(std::make_unique<media::Frame>(std::move(frame))) {
  // libjpeg's planes have room beyond the picture's edges; a Mat of i420 has not.
  if (frame_->format == PixelFormat::i420 && !frame_->is_packed()) {
    media::BufferPool once;
    *frame_ = media::clone(once, *frame_);
  }
  mat_ = mat_over(*frame_);
}
Frame::~Frame() = default;
Frame::Frame(Frame&&) noexcept = default;
Frame& Frame::operator=(Frame&&) noexcept = default;
Frame::Frame(const Frame& other) : frame_(std::make_unique<media::Frame>(*other.frame_)), mat_(other.mat_) {}
Frame& Frame::operator=(const Frame& other) {
  if (this != &other) *this = Frame(other);
  return *this;
}

cv::Mat Frame::writable() {
  // One count is this frame's, one its Mat's: more of either, and somebody else looks at these pixels.
  const bool alone = !frame_->read_only && mat_.u && mat_.u->refcount == 1 && frame_->owner->refs() == 2;
  return alone ? mat_ : mat_.clone();
}

int Frame::width() const { return frame_->width; }
int Frame::height() const { return frame_->height; }
uint32_t Frame::number() const { return frame_->number.value(); }
Frame::Instant Frame::captured_at() const { return frame_->stamps.captured_or_arrived(); }
Frame::Instant Frame::decoded_at() const { return frame_->stamps.decoded_at; }
std::chrono::nanoseconds Frame::age() const { return now() - captured_at(); }
double Frame::integrity() const { return 1 - static_cast<double>(frame_->missing.count()) / frame_->strips; }
std::vector<bool> Frame::strip_map() const {
  std::vector<bool> map(static_cast<size_t>(frame_->strips));
  for (size_t i = 0; i < map.size(); ++i) map[i] = !frame_->missing[i];
  return map;
}
std::span<const uint8_t> Frame::metadata() const { return frame_->metadata; }

}  // namespace glimt

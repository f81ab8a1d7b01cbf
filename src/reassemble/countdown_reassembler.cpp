#include "reassemble/countdown_reassembler.hpp"

#include <algorithm>
#include <cstring>

namespace glimt::reassemble {
namespace {

// A segment that begins like this begins a picture: entropy-coded data writes FF 00 for FF.
bool begins_picture(Bytes segment) {
  return segment.size() >= 3 && segment[0] == 0xFF && segment[1] == 0xD8 && segment[2] == 0xFF;
}

bool ends_picture(Bytes picture) {
  return picture.size() >= 2 && picture[picture.size() - 2] == 0xFF && picture.back() == 0xD9;
}

// The true end follows the false one at once: it left the sender with the rest of its picture.
constexpr Duration kHeldFor = std::chrono::milliseconds(5);
constexpr Duration kTailsComeWithin = std::chrono::seconds(1);

}  // namespace

std::optional<CountdownReassembler::Picture> CountdownReassembler::push(const Datagram& datagram) {
  const auto parsed = wire::parse_countdown(datagram.bytes);
  const bool begins = parsed && begins_picture(parsed->segment);
  if (!follow(datagram, begins)) {
    ++counters_.stray;
    return {};
  }
  if (!parsed) {
    refuse();
    return {};
  }
  if (held_ && refutes_held(*parsed, begins)) return {};
  if (begins) return begin(datagram, *parsed);
  if (in_hand_ && continues(datagram, parsed->left)) return append(datagram, *parsed);
  if (in_hand_) give_up_in_hand(datagram, parsed->left == 1);
  out_of_place(*parsed);
  return {};
}

std::optional<CountdownReassembler::Picture> CountdownReassembler::settled(Instant now) {
  if (held_ && now >= held_until_) released_ = std::exchange(held_, std::nullopt);
  if (released_) ++counters_.whole;
  return std::exchange(released_, std::nullopt);
}

// A second end says that one of the two was another picture's; anything else, that there is none to come.
bool CountdownReassembler::refutes_held(const wire::CountdownDatagram& datagram, bool begins) {
  const bool second_end = !begins && datagram.left == 1;
  if (second_end) {
    ++counters_.lost;
    held_.reset();
    newest_ = echo_of(datagram);
  } else {
    released_ = std::exchange(held_, std::nullopt);
  }
  return second_end;
}

// Late ends fit in front of the true one: of a picture that was given up before its end came, or of one that has ended
// and whose datagrams come again. Where the pictures are alike from the beginning on, so are their ends.
bool CountdownReassembler::is_in_doubt(const Datagram& datagram) const {
  if (datagram.granted == Duration::max() || in_hand_->segments == 1) return false;
  if (tail_missed_at_ != Instant{} && datagram.arrived_at - tail_missed_at_ < kTailsComeWithin) return true;
  for (size_t i = 0; i < former_.size(); ++i) {
    if (former_[i].last == newest_ && !(former_[i].first == in_hand_->first)) return true;
  }
  return false;
}

void CountdownReassembler::give_up_in_hand(const Datagram& datagram, bool ends_it) {
  tail_missed_at_ = ends_it ? Instant{} : datagram.arrived_at;
}

// Only a beginning makes a sender the followed one: bytes of anybody else cannot keep it from being heard.
bool CountdownReassembler::follow(const Datagram& datagram, bool begins) {
  if (followed_ != datagram.from) {
    if (!begins || (followed_ && datagram.arrived_at - last_heard_ < kFollowedFor)) return false;
    if (std::exchange(in_hand_, std::nullopt)) ++counters_.lost;
    released_ = std::exchange(held_, std::nullopt);
    followed_ = datagram.from;
    newest_ = {};
    former_.clear();
    tail_missed_at_ = {};
    missed_first_ = 0;
    begun_at_ = {};
    intervals_.clear();
  }
  return true;
}

CountdownReassembler::Echo CountdownReassembler::echo_of(const wire::CountdownDatagram& datagram) {
  Echo echo{datagram.left, datagram.segment.size()};
  const size_t n = std::min(echo.end.size(), echo.size);
  std::memcpy(echo.end.data(), datagram.segment.data() + echo.size - n, n);
  return echo;
}

// Where as many datagrams are lost as a picture has, the counters of one picture's front and the next one's end fit
// together. The kernel says when it has dropped some; what the network has lost takes the time of a whole picture.
bool CountdownReassembler::continues(const Datagram& datagram, uint8_t left) const {
  if (left + 1 != in_hand_->left || datagram.kernel_drops != in_hand_->kernel_drops) return false;
  return datagram.arrived_at - in_hand_->newest_at < std::max(datagram.granted, longest_gap());
}

// Segments of one picture follow each other within half the time from picture to picture, even where they fill the link.
// Before the second picture no rhythm is known, and no more than what is granted.
Duration CountdownReassembler::longest_gap() const {
  if (intervals_.empty()) return Duration::zero();
  Duration shortest = intervals_[0];
  for (size_t i = 1; i < intervals_.size(); ++i) shortest = std::min(shortest, intervals_[i]);
  return shortest * 3 / 4;
}

void CountdownReassembler::note_beginning(Instant at) {
  if (begun_at_ != Instant{}) intervals_.push_newest(at - begun_at_);
  begun_at_ = at;
}

std::optional<CountdownReassembler::Picture> CountdownReassembler::begin(
    const Datagram& datagram, const wire::CountdownDatagram& first) {
  const Echo echo = echo_of(first);
  const bool again = in_hand_ && echo == newest_;
  if (in_hand_) ++(again ? counters_.repeated : counters_.lost);
  if (in_hand_ && !again) give_up_in_hand(datagram, false);
  if (!again) note_beginning(datagram.arrived_at);
  in_hand_.reset();
  last_heard_ = datagram.arrived_at;
  newest_ = echo;
  missed_first_ = 0;
  const size_t size = first.segment.size();
  if (std::max(size, (first.left - size_t{1}) * size + 1) > options_.max_picture_bytes) {
    refuse();
    return {};
  }
  in_hand_ = Assembly{.buffer = buffers_.take(),
                      .segment_bytes = size,
                      .segments = first.left,
                      .left = static_cast<uint8_t>(first.left + 1),
                      .first = echo,
                      .kernel_drops = datagram.kernel_drops,
                      .first_at = datagram.arrived_at,
                      .newest_at = datagram.arrived_at};
  return append(datagram, first);
}

// Senders cut in equal pieces: a shorter one in the middle is a torn picture.
std::optional<CountdownReassembler::Picture> CountdownReassembler::append(
    const Datagram& datagram, const wire::CountdownDatagram& next) {
  Assembly& a = *in_hand_;
  const size_t size = next.segment.size();
  const bool fits = next.left == 1 ? size <= a.segment_bytes : size == a.segment_bytes;
  newest_ = echo_of(next);
  if (!fits || a.size + size > options_.max_picture_bytes) {
    refuse();
    return {};
  }
  last_heard_ = datagram.arrived_at;
  if (a.buffer->capacity() < a.size + size)
    a.buffer->reserve(std::min(std::max(a.size + size, 2 * a.size), a.segments * a.segment_bytes), a.size);
  std::memcpy(a.buffer->data() + a.size, next.segment.data(), size);
  a.size += size;
  a.left = next.left;
  a.newest_at = datagram.arrived_at;
  return next.left == 1 ? finish(datagram) : std::nullopt;
}

std::optional<CountdownReassembler::Picture> CountdownReassembler::finish(const Datagram& datagram) {
  Picture picture{std::move(in_hand_->buffer), in_hand_->size, {}, in_hand_->first_at};
  const auto scan = ends_picture(picture.bytes()) ? media::scan_jpeg(picture.bytes()) : media::JpegScan{};
  if (scan.state != media::JpegScan::State::whole || scan.layout.size != picture.size) {
    refuse();
    return {};
  }
  picture.layout = scan.layout;
  const bool doubt = is_in_doubt(datagram);
  former_.push_newest({in_hand_->first, newest_});
  tail_missed_at_ = {};
  in_hand_.reset();
  if (!doubt) {
    ++counters_.whole;
    return picture;
  }
  held_ = std::move(picture);
  held_until_ = datagram.arrived_at + kHeldFor;
  return {};
}

// Neither a beginning nor what the picture in hand was waiting for.
void CountdownReassembler::out_of_place(const wire::CountdownDatagram& datagram) {
  const Echo former = std::exchange(newest_, echo_of(datagram));
  const bool had_picture = in_hand_.has_value();
  in_hand_.reset();
  if (newest_ == former) {
    ++counters_.repeated;
    return;
  }
  if (!had_picture && datagram.left <= missed_first_ && datagram.left >= missed_last_) {
    ++counters_.late;
    return;
  }
  missed_first_ = 0;
  if (had_picture) ++counters_.lost;
  if (datagram.left >= former.left) {
    ++counters_.lost;  // of a picture whose beginning never came
  } else if (had_picture && datagram.left + 1 < former.left) {
    missed_first_ = static_cast<uint8_t>(former.left - 1);
    missed_last_ = static_cast<uint8_t>(datagram.left + 1);
  }
}

void CountdownReassembler::refuse() {
  in_hand_.reset();
  ++counters_.refused;
}

}  // namespace glimt::reassemble

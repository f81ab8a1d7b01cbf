// Frame: a picture that was received, with its times and metadata.
//
//   mat()       for reading: BGR (CV_8UC3), grey (CV_8UC1), BGRA (CV_8UC4), the same of CV_16U and CV_32F; i420
//               as one CV_8UC1 of height * 3 / 2 rows. It keeps the pixels alive by itself and may outlive the
//               frame. Do not write into it: others may look at the same memory. A picture that came in shared
//               memory (unix://) is mapped read-only: a write into it ends this program with SIGSEGV, and harms
//               nobody else
//   writable()  a Mat of one's own; copies only where the picture is shared, and then once
//   units       times are points of this machine's steady clock
//   errors      none
//   threads     a value: one thread at a time; copies share the pixels
//   memory      the receiver's pool, or the sender's where it came in shared memory; held until the last Frame and
//               Mat are gone. Two of the sender's at a time, what is kept beyond them is copied
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <span>
#include <vector>

namespace glimt {

namespace media {
struct Frame;
}

class Frame {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Frame(media::Frame frame);
  ~Frame();
  Frame(Frame&&) noexcept;
  Frame& operator=(Frame&&) noexcept;
  Frame(const Frame&);
  Frame& operator=(const Frame&);

  const cv::Mat& mat() const { return mat_; }
  cv::Mat writable();

  int width() const;   // pixels
  int height() const;  // pixels
  // Counts up by one for each frame of the stream; a gap is a frame that was not received.
  uint32_t number() const;
  // By this machine's clock; between machines as good as SubscriberStats::clock says. Its arrival where the
  // sender's wire carries no time (?wire=countdown, pickle-q).
  Instant captured_at() const;
  Instant decoded_at() const;
  // captured_at() to now.
  std::chrono::nanoseconds age() const;
  // Over links that lose packets: the share of the picture's strips that came, 1 where it is whole. What did not come in
  // time is what stood there in the picture before.
  double integrity() const;
  // Its strips from the top, each true where it came.
  std::vector<bool> strip_map() const;
  // The publisher's bytes that ride with the frame, at most 64 KB.
  std::span<const uint8_t> metadata() const;

 private:
  std::unique_ptr<media::Frame> frame_;
  cv::Mat mat_;
};

}  // namespace glimt

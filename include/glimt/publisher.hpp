// Publisher: sends pictures to any number of subscribers.
//
//   auto out = glimt::Publisher::open("udp://10.0.0.5:5000");
//   *out << mat;
//
//   input    cv::Mat with 1 (grey), 3 (BGR) or 4 (BGRA) channels of 8 bits, where it travels as Codec::raw also of
//            16 bits or float (CV_16U, CV_32F); any size from 1x1; size and kind may change from one to the next.
//            It is copied once, unless it is moved in and has no other owner; over unix:// it is copied once, into
//            shared memory, unless it came from borrow()
//   output   access units at each address; an address that listens ("udp://:5000") serves any number of
//            subscribers
//   errors   open, add and play: with the cure. publish: invalid_argument for a Mat it cannot carry
//   threads  thread-safe; publish() does not block: a picture that finds the encoder busy waits, and a newer
//            one takes its place
//   memory   two pictures; over unix:// PublisherOptions::slots pictures at most, or two for each receiver and two more
#pragma once

#include <chrono>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glimt/error.hpp"
#include "glimt/options.hpp"
#include "glimt/stats.hpp"

namespace glimt {

class Publisher {
 public:
  static Result<Publisher> open(std::string_view url, const PublisherOptions& options = {});
  static Result<Publisher> open(const std::vector<std::string>& urls, const PublisherOptions& options = {});
  // Throws Exception where open() returns an error.
  explicit Publisher(std::string_view url, const PublisherOptions& options = {});
  // Says good-bye to all subscribers.
  ~Publisher();
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;

  // `captured_at` is now where it is not given. `metadata`: up to 64 KB that arrive with the picture
  // or not at all.
  struct Extras {
    std::chrono::steady_clock::time_point captured_at{};
    std::span<const uint8_t> metadata;
  };
  Result<void> publish(const cv::Mat& mat, const Extras& extras);
  // Where it came from borrow(), nothing is copied: it has no other owner then, and is the receivers'.
  Result<void> publish(cv::Mat&& mat, const Extras& extras);
  Result<void> publish(const cv::Mat& mat) { return publish(mat, Extras{}); }
  Result<void> publish(cv::Mat&& mat) { return publish(std::move(mat), Extras{}); }
  // A Mat to draw, capture or decode into (CV_8UC3 and so on), to be moved into publish(). Over unix:// its pixels lie
  // where the receivers will read them; not initialized. invalid_argument for what cannot be carried.
  //
  //   cv::Mat mat = out.borrow(720, 1280, CV_8UC3).value();
  //   camera.read(mat);
  //   out.publish(std::move(mat));
  Result<cv::Mat> borrow(int rows, int cols, int type);
  // Throws Exception where publish() returns an error.
  Publisher& operator<<(const cv::Mat& mat);

  // Plays a source that the library opens itself, as `glimt send SOURCE` does: "0", "clip.mp4", "photo.png",
  // "test:", "rtsp://…", "-". It is read on a thread of its own; one plays at a time. A file or pipe waits for
  // its first receiver.
  Result<void> play(std::string_view source, const SourceOptions& options = {});
  // True once what was played has ended, false where it still plays after `timeout`; the error where the
  // source was lost.
  Result<bool> wait(std::chrono::nanoseconds timeout);
  // Ends what is played. After it returns none of its pictures comes any more.
  void stop();

  // Destinations come and go while the stream runs.
  Result<uint32_t> add(std::string_view url);
  bool remove(uint32_t id);

  PublisherStats stats();
  // Sends what is queued, for at most two seconds, and tells subscribers that the stream has ended.
  void finish();

 private:
  class Impl;
  explicit Publisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace glimt

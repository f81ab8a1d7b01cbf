#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "sink/frame_sink.hpp"

namespace glimt::sink {
namespace {

class StandardOutput final : public FrameSink {
 public:
  explicit StandardOutput(const SinkOptions& options) : stop_(options.stop), codec_(options.codec) {}

  Result<Next> put(const media::Frame& frame) override {
    if (width_ != 0 && (frame.width != width_ || frame.height != height_ || frame.format != format_)) {
      return Error{ErrorKind::unsupported,
                   "the picture changed to " + std::to_string(frame.width) + "x" +
                       std::to_string(frame.height) +
                       ", which a reader of raw frames cannot notice; start again, or use --format mjpeg"};
    }
    width_ = frame.width;
    height_ = frame.height;
    format_ = frame.format;
    const size_t size = media::packed_size(frame.format, frame.width, frame.height);
    if (frame.is_packed()) return write_all({frame.planes[0].data, size});
    packed_.resize(size);
    media::copy_packed(frame, packed_.data());
    return write_all(packed_);
  }

  Result<Next> put_unit(const media::AccessUnit& unit) override {
    if (codec_ && unit.info.codec != *codec_) {
      const auto wanted = std::string(to_string(*codec_));
      return Error{ErrorKind::unsupported, "the sender sends " + std::string(to_string(unit.info.codec)) +
                                               ", not " + wanted + "; start it with --codec " + wanted +
                                               ", or take pixels with --format bgr24"};
    }
    for (const auto& strip : unit.strips) {
      if (auto written = write_all(strip.bytes); !written || *written == Next::end) return written;
    }
    return Next::more;
  }

 private:
  // A write that blocks is interrupted by the signal that asks to stop, and every second after it (main.cpp).
  Result<Next> write_all(Bytes bytes) {
    while (!bytes.empty()) {
      if (gave_up()) return Next::end;
      const ssize_t n = write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (n >= 0) {
        bytes = bytes.subspan(static_cast<size_t>(n));
      } else if (errno == EPIPE) {
        return Next::end;  // as with `head`: the reader has seen enough
      } else if (errno == EAGAIN) {
        pollfd room{STDOUT_FILENO, POLLOUT, 0};
        poll(&room, 1, 100);
      } else if (errno != EINTR) {
        return Error{ErrorKind::disconnected, std::string("standard output: ") + std::strerror(errno)};
      }
    }
    return Next::more;
  }

  // Asked to stop, and the reader has had a second to take the rest of the frame.
  bool gave_up() {
    if (!stop_ || !*stop_) return false;
    if (give_up_at_ == Instant{}) give_up_at_ = now() + std::chrono::milliseconds(900);
    return now() >= give_up_at_;
  }

  const std::atomic<bool>* const stop_;
  const std::optional<Codec> codec_;
  Instant give_up_at_{};
  int width_ = 0, height_ = 0;
  PixelFormat format_ = PixelFormat::bgr24;
  std::vector<uint8_t> packed_;
};

}  // namespace

std::unique_ptr<FrameSink> make_standard_output(const SinkOptions& options) {
  return std::make_unique<StandardOutput>(options);
}

}  // namespace glimt::sink

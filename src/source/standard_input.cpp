#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "media/jpeg_layout.hpp"
#include "source/frame_source.hpp"
#include "source/jpeg_unit.hpp"

namespace glimt::source {
namespace {

constexpr int kPollMs = 50;  // how soon interrupt() is noticed
constexpr size_t kChunk = 256 * 1024;

// Bytes from standard input; a read that would block waits, and looks up now and then.
class Input {
 public:
  // Bytes read; 0 at the end or when interrupted.
  Result<size_t> read_some(uint8_t* to, size_t room) {
    while (!stopped_) {
      pollfd waiting{STDIN_FILENO, POLLIN, 0};
      if (poll(&waiting, 1, kPollMs) == 0) continue;
      const ssize_t n = ::read(STDIN_FILENO, to, room);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR && errno != EAGAIN) {
        return Error{ErrorKind::disconnected, std::string("standard input: ") + std::strerror(errno)};
      }
    }
    return size_t{0};
  }
  Result<size_t> read_all(uint8_t* to, size_t size) {
    size_t done = 0;
    while (done < size) {
      const auto n = read_some(to + done, size - done);
      if (!n) return n.error();
      if (*n == 0) break;
      done += *n;
    }
    return done;
  }
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  std::atomic<bool> stopped_{false};
};

class RawInput final : public FrameSource {
 public:
  RawInput(PixelFormat format, int width, int height) : format_(format), width_(width), height_(height) {}

  Result<std::optional<Picture>> read() override {
    auto frame = media::make_frame(buffers_, format_, width_, height_);
    const size_t size = media::packed_size(format_, width_, height_);
    const auto got = input_.read_all(frame.planes[0].data, size);
    if (!got) return got.error();
    if (*got < size) {
      if (*got == 0 || input_.stopped()) return std::optional<Picture>();
      return Error{ErrorKind::malformed,
                   "standard input ended " + std::to_string(size - *got) +
                       " bytes short of a whole frame; are --format and --size those of the writer?"};
    }
    frame.stamps.captured_at = now();
    frame.number = Sequence(number_++);
    return std::optional<Picture>(std::move(frame));
  }
  void interrupt() override { input_.stop(); }
  Traits traits() const override {
    return {"standard input, " + std::string(to_string(format_)) + " " + std::to_string(width_) + "x" +
                std::to_string(height_),
            true, false};
  }

 private:
  const PixelFormat format_;
  const int width_, height_;
  Input input_;
  uint32_t number_ = 0;
  media::BufferPool buffers_;
};

// JPEGs one after the other, each passed on as it is.
class MjpegInput final : public FrameSource {
 public:
  explicit MjpegInput(size_t max_bytes) : max_bytes_(max_bytes) { buffer_ = buffers_.take(); }

  Result<std::optional<Picture>> read() override {
    size_t scanned = 0;
    while (true) {
      const auto scan = media::scan_jpeg({buffer_->data(), filled_}, scanned);
      if (scan.state == media::JpegScan::State::whole) return cut(scan.layout);
      if (scan.state == media::JpegScan::State::malformed) {
        return Error{ErrorKind::malformed,
                     "standard input is no MJPEG: a picture does not begin where the last one ended"};
      }
      if (filled_ >= max_bytes_) {
        return Error{ErrorKind::exhausted,
                     "a JPEG on standard input is over " + std::to_string(max_bytes_) + " bytes"};
      }
      buffer_->reserve(filled_ + kChunk, filled_);
      const auto got = input_.read_some(buffer_->data() + filled_, buffer_->capacity() - filled_);
      if (!got) return got.error();
      if (*got == 0) {
        if (filled_ == 0 || input_.stopped()) return std::optional<Picture>();
        return Error{ErrorKind::malformed, "standard input ended within a JPEG"};
      }
      filled_ += *got;
    }
  }
  void interrupt() override { input_.stop(); }
  Traits traits() const override { return {"standard input, mjpeg", true, true}; }

 private:
  // The JPEG at the front becomes an access unit; what was read beyond it moves to a buffer of its own.
  Result<std::optional<Picture>> cut(const media::JpegLayout& layout) {
    if (!is_sendable(layout)) {
      return Error{ErrorKind::unsupported, "standard input: a JPEG with " +
                                               std::to_string(layout.components) +
                                               " components; send grey or colour pictures"};
    }
    auto next = buffers_.take();
    next->reserve(filled_ - layout.size + kChunk);
    std::memcpy(next->data(), buffer_->data() + layout.size, filled_ - layout.size);
    auto unit = make_jpeg_unit(units_, layout, {buffer_, {buffer_->data(), layout.size}, 0}, now());
    filled_ -= layout.size;
    buffer_ = std::move(next);
    return std::optional<Picture>(std::move(unit));
  }

  const size_t max_bytes_;
  Input input_;
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_;
  Ref<media::Buffer> buffer_;
  size_t filled_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_standard_input(const SourceOptions& options) {
  if (options.format == "mjpeg") {
    return std::unique_ptr<FrameSource>(std::make_unique<MjpegInput>(options.max_frame_bytes));
  }
  const auto format = parse_pixel_format(options.format.empty() ? "bgr24" : options.format);
  if (!format) return Error{ErrorKind::unsupported, format.error().message + ", mjpeg"};
  if (!options.size) {
    return Error{ErrorKind::invalid_argument,
                 "raw frames on standard input need their size, as in --format bgr24 --size 1280x720"};
  }
  const auto [width, height] = *options.size;
  if (auto fits = media::check_size(*format, width, height, options.max_frame_bytes); !fits)
    return fits.error();
  return std::unique_ptr<FrameSource>(std::make_unique<RawInput>(*format, width, height));
}

}  // namespace glimt::source

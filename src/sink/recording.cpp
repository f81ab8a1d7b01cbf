// The module glimt_libav: recordings through libavformat.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

#include "sink/muxer.hpp"

namespace glimt::sink {
namespace {

constexpr int kBufferBytes = 256 * 1024;
constexpr int kMp4TicksPerSecond = 90'000;

struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

std::string iso_time(std::chrono::system_clock::time_point at) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = us / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + n, sizeof text - n, ".%06dZ", static_cast<int>(us % 1'000'000));
  return text;
}

class LibavMuxer final : public Muxer {
 public:
  explicit LibavMuxer(int fd) : fd_(fd), packet_(av_packet_alloc()) {}
  ~LibavMuxer() override {
    avformat_free_context(context_);
    if (io_) av_freep(&io_->buffer);
    avio_context_free(&io_);
  }

  Result<void> open(const MuxerOptions& options) {
    mp4_ = options.container == Container::mp4;
    if (!packet_ ||
        avformat_alloc_output_context2(&context_, nullptr, mp4_ ? "mp4" : "matroska", nullptr) < 0) {
      return Error{ErrorKind::unsupported,
                   "this build of libavformat writes no such files; use the other of .mkv and .mp4"};
    }
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
    io_ = avio_alloc_context(buffer, kBufferBytes, 1, this, nullptr, &LibavMuxer::write_bytes,
                             &LibavMuxer::seek);
    stream_ = avformat_new_stream(context_, nullptr);
    context_->pb = io_;
    context_->flags |= AVFMT_FLAG_CUSTOM_IO;
    context_->flush_packets = 0;
    if (!describe(options)) return Error{ErrorKind::exhausted, "no memory"};
    AVDictionary* how = nullptr;
    if (mp4_) {
      av_dict_set(&how, "movflags", "empty_moov+default_base_moof+frag_custom", 0);
      av_dict_set_int(&how, "video_track_timescale", kMp4TicksPerSecond, 0);
    } else {
      av_dict_set_int(&how, "write_crc32", 0, 0);  // a third of all the work, and no reader needs it
    }
    const int header = avformat_write_header(context_, &how);
    av_dict_free(&how);
    return header < 0 ? lost(header) : flush();
  }

  Result<void> write(Bytes picture, Duration at, bool key) override {
    const int64_t ticks = av_rescale_q(at.count(), {1, 1'000'000'000}, stream_->time_base);
    const int64_t before = std::exchange(last_, std::max(last_ + 1, ticks));
    // Otherwise a fragment would begin where the one before it is thought to end.
    if (mp4_) av_opt_set(context_->priv_data, "movflags", "+frag_discont", 0);
    av_packet_unref(packet_.get());
    packet_->data = const_cast<uint8_t*>(picture.data());  // both muxers copy it
    packet_->size = static_cast<int>(picture.size());
    packet_->pts = packet_->dts = last_;
    packet_->duration =
        before < 0 ? 1 : last_ - before;  // as good a guess as any: the next one says how long it stood
    packet_->flags = key ? AV_PKT_FLAG_KEY : 0;
    return judge(av_write_frame(context_, packet_.get()));
  }

  // Ends the cluster or fragment, and empties the buffer.
  Result<void> flush() override {
    const int ended = av_write_frame(context_, nullptr);
    avio_flush(io_);
    return judge(ended);
  }

  Result<void> finish() override {
    const int ended = av_write_trailer(context_);
    avio_flush(io_);
    return judge(ended);
  }

 private:
  bool describe(const MuxerOptions& options) {
    auto& picture = *stream_->codecpar;
    picture.codec_type = AVMEDIA_TYPE_VIDEO;
    picture.codec_id = options.codec == Codec::h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_MJPEG;
    if (const auto& sets = options.parameter_sets; !sets.empty()) {
      picture.extradata = static_cast<uint8_t*>(av_mallocz(sets.size() + AV_INPUT_BUFFER_PADDING_SIZE));
      if (!picture.extradata) return false;
      std::copy(sets.begin(), sets.end(), picture.extradata);
      picture.extradata_size = static_cast<int>(sets.size());
    }
    picture.width = options.width;
    picture.height = options.height;
    stream_->time_base = {1, kMp4TicksPerSecond};
    av_dict_set(&context_->metadata, "creation_time", iso_time(options.began).c_str(), 0);
    return true;
  }

  Result<void> judge(int code) { return code < 0 || io_->error < 0 ? lost(code) : Result<void>(); }
  Error lost(int code) const {
    if (errno_ != 0) return {ErrorKind::unavailable, file_trouble(errno_)};
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof text);
    return {ErrorKind::unavailable, text};
  }

  static int write_bytes(void* self, uint8_t* bytes, int size) {
    auto& muxer = *static_cast<LibavMuxer*>(self);
    for (int done = 0; done < size;) {
      const ssize_t n = ::write(muxer.fd_, bytes + done, static_cast<size_t>(size - done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        muxer.errno_ = errno;
        return AVERROR(errno);
      }
      done += static_cast<int>(n);
    }
    return size;
  }
  static int64_t seek(void* self, int64_t offset, int whence) {
    const int fd = static_cast<LibavMuxer*>(self)->fd_;
    if (whence == AVSEEK_SIZE) return AVERROR(ENOSYS);
    const off_t at = lseek(fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
  }

  const int fd_;
  const std::unique_ptr<AVPacket, FreePacket> packet_;
  AVIOContext* io_ = nullptr;
  AVFormatContext* context_ = nullptr;
  AVStream* stream_ = nullptr;
  bool mp4_ = false;
  int64_t last_ = -1;
  int errno_ = 0;
};

}  // namespace

Result<std::unique_ptr<Muxer>> open_libav_muxer(int fd, const MuxerOptions& options) {
  auto muxer = std::make_unique<LibavMuxer>(fd);
  if (auto opened = muxer->open(options); !opened) return opened.error();
  return std::unique_ptr<Muxer>(std::move(muxer));
}

}  // namespace glimt::sink

extern "C" __attribute__((visibility("default"))) decltype(&glimt::sink::open_libav_muxer) glimt_open_muxer;
decltype(&glimt::sink::open_libav_muxer) glimt_open_muxer = &glimt::sink::open_libav_muxer;

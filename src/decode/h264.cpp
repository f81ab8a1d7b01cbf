// The module glimt_h264, decoder: libavcodec's, one access unit in, one picture out, before the next goes in.
//
// Nothing is concealed: after an access unit that is missing or does not decode cleanly there is no picture until the
// next key frame. A slice that is cut off right behind a macroblock looks clean to libavcodec: that units come as they were
// sent is for the wire to say, by its lengths and checksums.
#include <algorithm>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <thread>
#include <vector>

extern "C" {
#include <libavutil/frame.h>
}

#include "decode/decoder.hpp"
#include "media/h264_layout.hpp"
#include "media/libav.hpp"

namespace glimt::decode {
namespace {

using media::libav::Context, media::libav::Packet, media::libav::Picture, media::libav::kQuiet;

constexpr unsigned kMostThreads = 4;
constexpr int kMostReferences = 4;  // pictures that a decoder keeps; more only takes memory here

int even(int side) { return (side + 1) / 2 * 2; }

Error malformed(const std::string& what) { return {ErrorKind::malformed, "an H.264 picture that " + what}; }

class H264Decoder final : public Decoder {
 public:
  explicit H264Decoder(const DecoderOptions& options)
      : options_(options), packet_(av_packet_alloc()), picture_(av_frame_alloc()) {}

  Result<void> begin(const media::UnitInfo& info) override {
    strips_.assign(static_cast<size_t>(std::max(info.strips, 1)), {});
    info_ = {info.format, info.width, info.height, info.key, info.number};
    const PixelFormat own = media::channels(info.format) == 1 && info.format != PixelFormat::i420
                                ? PixelFormat::gray8
                                : PixelFormat::bgr24;
    format_ = options_.format.value_or(own);
    if (media::bytes_per_sample(format_) > 1) format_ = own;
    for (const PixelFormat taken : {format_, PixelFormat::i420}) {
      if (auto fits = media::check_size(taken, info.width, info.height, options_.max_frame_bytes); !fits)
        return lost({ErrorKind::exhausted, fits.error().message});
    }
    if (!info.key && (!decoded_ || info.number != *decoded_ + 1))
      return lost({ErrorKind::unavailable, "an H.264 picture that depends on one that is missing"});
    return {};
  }

  Result<void> strip(const media::Strip& strip) override {
    const auto index = static_cast<size_t>(strip.index);
    if (index >= strips_.size() || strips_[index].owner) return lost(malformed("has a strip too many"));
    strips_[index] = strip;
    return {};
  }

  Result<media::Frame> end() override {
    if (auto whole = collect(); !whole) return lost(whole.error());
    if (auto decoded = decode(); !decoded) return lost(decoded.error());
    auto frame = convert();
    av_frame_unref(picture_.get());
    decoded_ = info_.number;
    return frame;
  }

 private:
  struct Expected {
    PixelFormat format = PixelFormat::bgr24;
    int width = 0, height = 0;
    bool key = true;
    Sequence number;
  };

  Error lost(const Error& why) {
    if (decoded_ && context_) avcodec_flush_buffers(context_.get());
    decoded_.reset();
    strips_.clear();
    return why;
  }

  // The strips in order, with the room behind them that libavcodec asks for.
  Result<void> collect() {
    size_t size = 0;
    for (const auto& strip : strips_) size += strip.bytes.size();
    bytes_.resize(size + AV_INPUT_BUFFER_PADDING_SIZE);
    size_t at = 0;
    for (const auto& strip : strips_) {
      if (!strip.owner) return malformed("is not whole");
      std::copy(strip.bytes.begin(), strip.bytes.end(), bytes_.begin() + static_cast<ptrdiff_t>(at));
      at += strip.bytes.size();
    }
    std::fill(bytes_.begin() + static_cast<ptrdiff_t>(at), bytes_.end(), uint8_t{0});
    strips_.clear();
    const auto layout = media::scan_h264(Bytes(bytes_).first(size));
    if (layout.slices == 0) return malformed("has no slices");
    if (info_.key && !layout.is_key()) return malformed("is announced as a key frame and is none");
    packet_->data = bytes_.data();
    packet_->size = static_cast<int>(size);
    return {};
  }

  Result<void> open() {
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    if (codec) context_.reset(avcodec_alloc_context3(codec));
    if (!context_ || !packet_ || !picture_)
      return Error{ErrorKind::unsupported,
                   "this build of libavcodec decodes no H.264; install libavcodec-extra"};
    auto& c = *context_;
    c.opaque = this;
    c.flags |= AV_CODEC_FLAG_LOW_DELAY;
    c.thread_type = FF_THREAD_SLICE;
    c.thread_count = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads));
    c.error_concealment = 0;
    c.err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
    c.log_level_offset = kQuiet;
    c.get_format = &choose_format;
    if (avcodec_open2(&c, codec, nullptr) >= 0) return {};
    context_.reset();
    return Error{ErrorKind::unsupported, "libavcodec's decoder of H.264 does not open"};
  }

  // Asked before memory is taken for a picture: its size must be what was announced.
  static AVPixelFormat choose_format(AVCodecContext* context, const AVPixelFormat* offered) {
    const auto& expected = static_cast<H264Decoder*>(context->opaque)->info_;
    if (!is_as_announced(expected, context->width, context->height)) return AV_PIX_FMT_NONE;
    for (; *offered != AV_PIX_FMT_NONE; ++offered) {
      if (*offered == AV_PIX_FMT_YUV420P) return *offered;
    }
    return AV_PIX_FMT_NONE;
  }
  static bool is_as_announced(const Expected& e, int width, int height) {
    return width == even(e.width) && height == even(e.height);
  }

  Result<void> decode() {
    if (!context_) {
      if (auto opened = open(); !opened) return opened;
    }
    int code = avcodec_send_packet(context_.get(), packet_.get());
    if (code >= 0) code = avcodec_receive_frame(context_.get(), picture_.get());
    const auto& p = *picture_;
    if (code < 0) return malformed("does not decode cleanly");
    const bool clean = p.decode_error_flags == 0 && (p.flags & AV_FRAME_FLAG_CORRUPT) == 0;
    if (clean && p.format == AV_PIX_FMT_YUV420P && is_as_announced(info_, p.width, p.height) &&
        context_->refs <= kMostReferences)
      return {};
    av_frame_unref(picture_.get());
    return malformed("is not what its descriptor says, or not whole");
  }

  // In the wanted format; BT.601 in limited range, as it was encoded.
  media::Frame convert() {
    auto frame = media::make_frame(buffers_, format_, info_.width, info_.height);
    if (format_ == PixelFormat::i420) {
      copy_planes(frame);
      return frame;
    }
    const cv::Mat luma(picture_->height, picture_->width, CV_8UC1, picture_->data[0],
                       static_cast<size_t>(picture_->linesize[0]));
    const cv::Rect shown(0, 0, info_.width, info_.height);
    const int type = format_ == PixelFormat::gray8   ? CV_8UC1
                     : format_ == PixelFormat::bgr24 ? CV_8UC3
                                                     : CV_8UC4;
    cv::Mat target(info_.height, info_.width, type, frame.planes[0].data, frame.planes[0].stride);
    if (format_ == PixelFormat::gray8) {
      luma(shown).convertTo(target, CV_8U, 255 / 219.0, -16 * 255 / 219.0);
      return frame;
    }
    const auto planes = media::make_frame(buffers_, PixelFormat::i420, picture_->width, picture_->height);
    copy_planes(planes);
    const cv::Mat packed(planes.height * 3 / 2, planes.width, CV_8UC1, planes.planes[0].data);
    const int code = format_ == PixelFormat::bgr24 ? cv::COLOR_YUV2BGR_I420 : cv::COLOR_YUV2BGRA_I420;
    if (planes.width == info_.width && planes.height == info_.height) {
      cv::cvtColor(packed, target, code);
    } else {
      cv::cvtColor(packed, even_, code);
      even_(shown).copyTo(target);
    }
    return frame;
  }

  void copy_planes(const media::Frame& to) const {
    for (int i = 0; i < 3; ++i) {
      const auto shape = media::plane_shape(PixelFormat::i420, to.width, to.height, i);
      const auto& plane = to.planes[static_cast<size_t>(i)];
      for (int row = 0; row < shape.rows; ++row)
        std::memcpy(plane.data + static_cast<size_t>(row) * plane.stride,
                    picture_->data[i] + ptrdiff_t{row} * picture_->linesize[i],
                    static_cast<size_t>(shape.width_bytes));
    }
  }

  const DecoderOptions options_;
  const Packet packet_;
  const Picture picture_;
  Context context_;
  cv::Mat even_;  // where a side is odd
  Expected info_;
  PixelFormat format_ = PixelFormat::bgr24;
  std::optional<Sequence> decoded_;  // the newest, where what depends on it may follow
  std::vector<media::Strip> strips_;
  std::vector<uint8_t> bytes_;
  media::BufferPool buffers_;
};

}  // namespace

std::unique_ptr<Decoder> make_h264_decoder(const DecoderOptions& options) {
  return std::make_unique<H264Decoder>(options);
}

}  // namespace glimt::decode

extern "C" __attribute__((
    visibility("default"))) decltype(&glimt::decode::make_h264_decoder) glimt_make_h264_decoder;
decltype(&glimt::decode::make_h264_decoder) glimt_make_h264_decoder = &glimt::decode::make_h264_decoder;

// The module glimt_h264, encoders: libavcodec's, one picture in, one access unit out.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <thread>

extern "C" {
#include <libavutil/hwcontext.h>
#include <libavutil/opt.h>
}

#include "encode/encoder.hpp"
#include "encode/h264_capabilities.hpp"
#include "encode/h264_picture.hpp"
#include "media/h264_layout.hpp"
#include "media/libav.hpp"

namespace glimt::encode {
namespace {

using media::libav::Context, media::libav::Packet, media::libav::Picture, media::libav::kQuiet;

constexpr std::array kKnown{"libx264", "libopenh264", "h264_v4l2m2m", "h264_vaapi", "h264_nvenc"};
// The encoder's own clock ticks once a picture; what it thinks of as a second is this many, whatever the camera does.
constexpr int kNominalRate = 30;
constexpr double kBitsPerPixel = 0.25;
constexpr double kLeastShare = 8000;  // bits a picture: less is below what headers and a flat picture need
// Recordings begin and are searched at key frames; receivers ask for theirs.
constexpr auto kKeyEvery = std::chrono::seconds(5);
// The band that is encoded afresh passes over the whole picture in so many.
constexpr int kRefreshPictures = 2 * kNominalRate;
constexpr unsigned kMostSlices = 4;
constexpr int kSliceRows = 64;  // at least; shorter ones cost more bits than they save time

std::string reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(code, text, sizeof text);
  return text;
}

// How often pictures come, by their capture times.
class Rate {
 public:
  void note(Instant captured_at) {
    const auto since = std::chrono::duration<double>(captured_at - std::exchange(last_, captured_at)).count();
    if (since > 0 && since < 1) interval_ += (since - interval_) / 8;
  }
  double per_second() const { return 1 / interval_; }

 private:
  Instant last_{};
  double interval_ = 1.0 / kNominalRate;
};

class LibavEncoder final : public Encoder {
 public:
  LibavEncoder(const AVCodec* codec, const EncoderOptions& options)
      : codec_(codec), options_(options), name_(codec->name) {}

  void force_key() override { key_wanted_ = true; }

  Result<void> encode(const media::Frame& given, media::StripSink& sink) override {
    if (media::bytes_per_sample(given.format) > 1) {
      return Error{ErrorKind::unsupported, "H.264 has 8 bits a sample here, this picture is " +
                                               std::string(to_string(given.format)) +
                                               "; send it with --codec raw"};
    }
    rate_.note(given.stamps.captured_at);
    const media::Frame frame = encodable(given, pictures_);
    if (!context_ || context_->width != frame.width || context_->height != frame.height) {
      if (auto opened = open(frame.width, frame.height); !opened) return opened;
    } else {
      follow_rate();
    }
    const bool due = !options_.intra_refresh && given.stamps.captured_at - key_at_ >= kKeyEvery;
    auto done = put(frame, key_wanted_ || due);
    if (done) done = emit(given, sink);
    if (!done) context_.reset();
    return done;
  }

 private:
  bool is(const char* name) const { return std::strcmp(name_, name) == 0; }
  Error broken(const std::string& what, int code) const {
    return {ErrorKind::unavailable, std::string(name_) + ": " + what + (code < 0 ? ": " + reason(code) : "") +
                                        "; name another with encoder=, `glimt doctor` says which work"};
  }

  // Bits of a picture.
  double share(double per_second) const {
    const double pixels = static_cast<double>(context_->width) * context_->height;
    return std::max(kLeastShare,
                    options_.bitrate_bps ? *options_.bitrate_bps / per_second : pixels * kBitsPerPixel);
  }
  void set_share(double per_second) {
    used_rate_ = per_second;
    const double bits = share(per_second);
    context_->rc_max_rate = std::llround(bits * kNominalRate);
    context_->rc_buffer_size = static_cast<int>(std::min(std::ceil(bits), 2e9));
    if (!is("libx264")) context_->bit_rate = context_->rc_max_rate;
  }
  void follow_rate() {
    const double now = rate_.per_second();
    if (now > used_rate_ * 1.25 || now < used_rate_ * 0.8) set_share(now);
  }

  Result<void> open(int width, int height) {
    context_.reset(avcodec_alloc_context3(codec_));
    packet_.reset(av_packet_alloc());
    if (!context_ || !packet_) return broken("no memory", 0);
    auto& c = *context_;
    c.width = width;
    c.height = height;
    c.time_base = {1, kNominalRate};
    c.framerate = {kNominalRate, 1};
    c.pix_fmt = AV_PIX_FMT_YUV420P;
    c.color_range = AVCOL_RANGE_MPEG;
    c.colorspace = AVCOL_SPC_SMPTE170M;
    c.color_primaries = AVCOL_PRI_SMPTE170M;
    c.color_trc = AVCOL_TRC_SMPTE170M;
    c.max_b_frames = 0;
    c.gop_size = options_.intra_refresh ? kRefreshPictures : 1 << 28;
    c.log_level_offset = kQuiet;
    c.thread_type = FF_THREAD_SLICE;
    c.thread_count =
        std::clamp<int>(height / kSliceRows, 1,
                        static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, kMostSlices)));
    set_share(rate_.per_second());
    set_private_options();
    if (options_.intra_refresh && av_opt_set(c.priv_data, "intra-refresh", "1", 0) < 0) {
      context_.reset();
      return Error{ErrorKind::unsupported,
                   std::string(name_) + " has no intra refresh; leave it out, or use encoder=libx264"};
    }
    if (auto memory = open_device(); !memory) return memory;
    if (const int code = avcodec_open2(&c, codec_, nullptr); code < 0) {
      context_.reset();
      return broken("does not open for " + std::to_string(width) + "x" + std::to_string(height), code);
    }
    key_wanted_ = true;
    picture_number_ = 0;
    return {};
  }

  // What is not there under that name is left as it is.
  void set(const char* name, const char* value) { av_opt_set(context_->priv_data, name, value, 0); }
  void set_private_options() {
    if (is("libx264")) {
      set("preset", "ultrafast");
      set("tune", "zerolatency");
      av_opt_set_double(context_->priv_data, "crf", 51 - 0.35 * options_.quality, 0);
    } else if (is("h264_nvenc")) {
      set("preset", "p1");
      set("tune", "ull");
      set("zerolatency", "1");
      set("delay", "0");
    } else if (is("h264_vaapi")) {
      set("async_depth", "1");
    } else if (is("libopenh264")) {
      set("allow_skip_frames", "0");
    }
    set("forced-idr", "1");
  }

  // VA-API takes pictures in the graphics card's memory.
  Result<void> open_device() {
    if (!is("h264_vaapi")) return {};
    AVBufferRef* device = nullptr;
    int code = av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, nullptr, nullptr, 0);
    if (code >= 0) {
      context_->hw_frames_ctx = av_hwframe_ctx_alloc(device);
      auto& frames = *reinterpret_cast<AVHWFramesContext*>(context_->hw_frames_ctx->data);
      frames.format = context_->pix_fmt = AV_PIX_FMT_VAAPI;
      frames.sw_format = AV_PIX_FMT_YUV420P;
      frames.width = context_->width;
      frames.height = context_->height;
      frames.initial_pool_size = 4;
      code = av_hwframe_ctx_init(context_->hw_frames_ctx);
    }
    av_buffer_unref(&device);
    if (code >= 0) return {};
    context_.reset();
    return broken("no graphics card answers", code);
  }

  Result<void> put(const media::Frame& frame, bool key) {
    Picture picture(av_frame_alloc());
    if (!picture) return broken("no memory", 0);
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = frame.width;
    picture->height = frame.height;
    lend(frame, *picture);
    if (context_->hw_frames_ctx) {
      Picture there(av_frame_alloc());
      int code = av_hwframe_get_buffer(context_->hw_frames_ctx, there.get(), 0);
      if (code >= 0) code = av_hwframe_transfer_data(there.get(), picture.get(), 0);
      if (code < 0) return broken("the graphics card takes no picture", code);
      picture = std::move(there);
    }
    picture->pts = picture_number_++;
    picture->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    const int code = avcodec_send_frame(context_.get(), picture.get());
    return code < 0 ? broken("takes no picture", code) : Result<void>();
  }

  // The encoder looks at the planes where they are.
  static void lend(const media::Frame& frame, AVFrame& to) {
    auto* owner = new Ref<Shared>(frame.owner);
    to.buf[0] = av_buffer_create(
        frame.planes[0].data, frame.planes[0].stride * static_cast<size_t>(frame.height),
        [](void* held, uint8_t*) { delete static_cast<Ref<Shared>*>(held); }, owner, AV_BUFFER_FLAG_READONLY);
    for (size_t p = 0; p < 3; ++p) {
      to.data[p] = frame.planes[p].data;
      to.linesize[p] = static_cast<int>(frame.planes[p].stride);
    }
  }

  Result<void> emit(const media::Frame& frame, media::StripSink& sink) {
    av_packet_unref(packet_.get());
    const int code = avcodec_receive_packet(context_.get(), packet_.get());
    if (code == AVERROR(EAGAIN)) return broken("holds pictures back", 0);
    if (code < 0) return broken("gives no picture", code);
    const Bytes encoded{packet_->data, static_cast<size_t>(packet_->size)};
    const auto layout = media::scan_h264(encoded);
    const bool key = layout.slices > 0 && layout.slices == layout.idr_slices;
    if (key_wanted_ && key) key_wanted_ = false;
    if (key) key_at_ = frame.stamps.captured_at;
    auto unit = units_.take();
    unit->clear();
    describe(frame, Codec::h264, unit->info);
    unit->info.key = key;
    // Some say their parameters once, beside the stream.
    Bytes head{context_->extradata, static_cast<size_t>(context_->extradata_size)};
    if (!key || layout.has_parameters || !media::scan_h264(head).has_parameters) head = {};
    auto buffer = buffers_.take();
    buffer->reserve(head.size() + encoded.size());
    if (!head.empty()) std::memcpy(buffer->data(), head.data(), head.size());
    std::memcpy(buffer->data() + head.size(), encoded.data(), encoded.size());
    sink.begin(unit);
    sink.strip(unit, {buffer, {buffer->data(), head.size() + encoded.size()}, 0});
    sink.end(unit);
    return {};
  }

  const AVCodec* const codec_;
  const EncoderOptions options_;
  const char* const name_;
  Context context_;
  Packet packet_;
  Rate rate_;
  double used_rate_ = kNominalRate;
  bool key_wanted_ = true;
  Instant key_at_{};
  int64_t picture_number_ = 0;
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_, pictures_;
};

struct Nowhere final : media::StripSink {
  void begin(const Ref<media::AccessUnit>&) override {}
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>&) override {}
  void abandon(const Ref<media::AccessUnit>&) override {}
};

// Opened, and a first picture went through.
Result<std::unique_ptr<Encoder>> open_one(const char* name, const EncoderOptions& options) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  if (!codec) {
    return Error{
        ErrorKind::unavailable,
        std::string(name) + ": this build of libavcodec does not have it; `glimt doctor` says which work"};
  }
  auto encoder = std::make_unique<LibavEncoder>(codec, options);
  media::BufferPool pool;
  auto trial = media::make_frame(pool, PixelFormat::i420, 320, 240);
  std::memset(trial.planes[0].data, 128, media::packed_size(trial.format, trial.width, trial.height));
  Nowhere nowhere;
  if (auto works = encoder->encode(trial, nowhere); !works) return works.error();
  encoder->force_key();
  return std::unique_ptr<Encoder>(std::move(encoder));
}

}  // namespace

Result<std::unique_ptr<Encoder>> open_h264_encoder(const EncoderOptions& options) {
  std::string known, trouble;
  for (const char* name : kKnown) {
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (!options.encoder.empty() && options.encoder != name) continue;
    auto encoder = open_one(name, options);
    if (encoder || options.encoder == name) return encoder;
    trouble += (trouble.empty() ? "" : "; ") + encoder.error().message;
  }
  if (!options.encoder.empty())
    return Error{ErrorKind::invalid_argument, "unknown encoder '" + options.encoder + "'; known: " + known};
  return Error{
      ErrorKind::unavailable,
      "no encoder of H.264 works here; install libavcodec with libx264, or use codec=jpeg (" + trouble + ")"};
}

std::vector<H264Encoder> try_h264_encoders() {
  std::vector<H264Encoder> all;
  for (const char* name : kKnown) {
    const auto encoder = open_one(name, {});
    all.push_back({name, encoder ? "" : encoder.error().message});
  }
  return all;
}

}  // namespace glimt::encode

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::encode::open_h264_encoder) glimt_open_h264_encoder =
    &glimt::encode::open_h264_encoder;
__attribute__((visibility("default"))) decltype(&glimt::encode::try_h264_encoders) glimt_try_h264_encoders =
    &glimt::encode::try_h264_encoders;
}

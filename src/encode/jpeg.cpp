#include <algorithm>
#include <array>
#include <atomic>

#include "base/machine.hpp"
#include "base/worker_pool.hpp"
#include "encode/jpeg_strip.hpp"
#include "media/jpeg_strips.hpp"

namespace glimt::encode {
namespace {

constexpr int kMostSide = 65500;  // libjpeg's

// Strips leave in the order of their index, whoever has encoded them: each worker that is done hands on what has its turn.
class InOrder {
 public:
  // Before the workers begin. `begun` is told of the first strip, `sink` of all.
  void begin(const Ref<media::AccessUnit>& unit, int strips) {
    MutexLock lock(m_);
    unit_ = unit;
    next_ = 0;
    last_ = strips - 1;
    for (auto& strip : ready_) strip = {};
  }
  void ready(media::Strip strip, media::StripSink& sink) {
    {
      MutexLock lock(m_);
      const auto index = static_cast<size_t>(strip.index);
      ready_[index] = std::move(strip);
      if (std::exchange(handing_on_, true)) return;
    }
    while (const auto next = take_next()) {
      if (next->index == 0) {
        unit_->info.stamps.encoded_at = now();
        sink.begin(unit_);
      }
      sink.strip(unit_, *next);
    }
  }
  // Once no worker is at work any more.
  bool any_handed_on() const { return next_ > 0; }
  bool all_handed_on() const { return next_ > last_; }
  void let_go() { unit_ = {}; }

 private:
  std::optional<media::Strip> take_next() {
    MutexLock lock(m_);
    if (next_ > last_ || !ready_[static_cast<size_t>(next_)].owner) {
      handing_on_ = false;
      return std::nullopt;
    }
    return std::exchange(ready_[static_cast<size_t>(next_++)], {});
  }

  Ref<media::AccessUnit> unit_;
  Mutex m_;
  std::array<media::Strip, media::kMaxStrips> ready_;
  int next_ = 0, last_ = 0;
  bool handing_on_ = false;
};

class JpegEncoder final : public Encoder {
 public:
  explicit JpegEncoder(const EncoderOptions& options)
      : options_(options),
        workers_(options.workers > 0 ? options.workers
                                     : std::min(static_cast<int>(usable_cores()), kMostWorkers)),
        coders_(static_cast<size_t>(workers_)),
        pool_("glimt-encode", static_cast<size_t>(workers_ - 1), media::kMaxStrips,
              [this](size_t item, size_t worker) { encode_strip(static_cast<int>(item), coders_[worker]); }) {
  }

  Result<void> encode(const media::Frame& frame, media::StripSink& sink) override {
    if (media::bytes_per_sample(frame.format) > 1) {
      return Error{ErrorKind::unsupported, "JPEG has 8 bits a sample, this picture is " +
                                               std::string(to_string(frame.format)) +
                                               "; send it with --codec raw"};
    }
    if (frame.width > kMostSide || frame.height > kMostSide) {
      return Error{ErrorKind::unsupported,
                   "this picture cannot be JPEG: a side is at most " + std::to_string(kMostSide) + " pixels"};
    }
    const int wanted = options_.strips > 0 ? options_.strips : media::strips_worth(frame.width, frame.height);
    plan_ = plan_jpeg(frame, options_.quality, options_.chroma, wanted);
    frame_ = &frame;
    sink_ = &sink;
    failed_ = nullptr;
    const auto unit = units_.take();
    unit->clear();
    describe(frame, Codec::jpeg, unit->info);
    unit->info.strips = plan_.strips;
    in_order_.begin(unit, plan_.strips);
    if (plan_.strips == 1) {
      encode_strip(0, coders_.back());
    } else {
      for (int i = 0; i < plan_.strips; ++i) pool_.add(static_cast<size_t>(i));
      pool_.help();
    }
    return end(unit, sink);
  }

 private:
  void encode_strip(int index, JpegStripEncoder& coder) {
    auto buffer = buffers_.take();
    const Bytes bytes = coder.encode(*frame_, plan_, index, *buffer);
    if (bytes.empty()) {
      failed_ = &coder;
    } else {
      in_order_.ready({buffer, bytes, index}, *sink_);
    }
  }

  Result<void> end(const Ref<media::AccessUnit>& unit, media::StripSink& sink) {
    const bool any = in_order_.any_handed_on();
    const bool all = in_order_.all_handed_on();
    in_order_.let_go();
    if (all) {
      sink.end(unit);
      return {};
    }
    if (any) sink.abandon(unit);
    const JpegStripEncoder* coder = failed_;
    return Error{ErrorKind::unsupported,
                 std::string("this picture cannot be JPEG: ") + (coder ? coder->error() : "")};
  }

  const EncoderOptions options_;
  const int workers_;
  std::vector<JpegStripEncoder> coders_;  // one each worker; the last is the caller's
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_{2 * media::kMaxStrips};

  // of the picture in work
  const media::Frame* frame_ = nullptr;
  media::StripSink* sink_ = nullptr;
  JpegPlan plan_;
  InOrder in_order_;
  std::atomic<const JpegStripEncoder*> failed_{nullptr};

  WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace

std::unique_ptr<Encoder> make_jpeg_encoder(const EncoderOptions& options) {
  return std::make_unique<JpegEncoder>(options);
}

}  // namespace glimt::encode

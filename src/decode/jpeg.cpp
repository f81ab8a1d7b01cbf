#include <algorithm>
#include <atomic>
#include <bitset>
#include <cstring>

#include "base/machine.hpp"
#include "base/worker_pool.hpp"
#include "decode/decoder.hpp"
#include "decode/jpeg_reader.hpp"
#include "media/jpeg_strips.hpp"

namespace glimt::decode {
namespace {

constexpr std::array<uint8_t, 2> kEndOfPicture{0xFF, media::kEoi};

Error malformed(const std::string& why) {
  return {ErrorKind::malformed, "a JPEG that does not decode cleanly: " + why};
}

// What one worker needs for one strip after the other.
struct Worker {
  JpegReader reader;
  std::vector<uint8_t> headers;
  media::Buffer renumbered;
};

// libjpeg counts restart markers from 0 in each picture, and a strip is one to it.
Bytes renumber(Bytes entropy, media::Buffer& to) {
  to.reserve(entropy.size());
  std::memcpy(to.data(), entropy.data(), entropy.size());
  const Bytes copy(to.data(), entropy.size());
  uint8_t number = 0;
  for (size_t at = media::find_jpeg_marker(copy, 0, true); at < copy.size();
       at = media::find_jpeg_marker(copy, at + 2, true)) {
    to.data()[at + 1] = static_cast<uint8_t>(media::kRst0 + number);
    number = static_cast<uint8_t>((number + 1) % 8);
  }
  return copy;
}

class JpegDecoder final : public Decoder {
 public:
  explicit JpegDecoder(const DecoderOptions& options)
      : options_(options),
        threads_(options.workers > 0 ? options.workers
                                     : std::min(static_cast<int>(usable_cores()), kMostWorkers)),
        workers_(static_cast<size_t>(threads_) + 1),
        pool_("glimt-decode", static_cast<size_t>(threads_), media::kMaxStrips,
              [this](size_t item, size_t worker) { read_strip(static_cast<int>(item), workers_[worker]); }) {}

  Result<void> begin(const media::UnitInfo& info) override {
    forget();
    strips_ = info.strips;
    width_ = info.width;
    height_ = info.height;
    const auto fits = media::check_size(options_.format.value_or(PixelFormat::bgr24), width_, height_,
                                        options_.max_frame_bytes);
    return fits ? fits : Error{ErrorKind::exhausted, fits.error().message};
  }

  Result<void> strip(const media::Strip& strip) override {
    if (strips_ == 1) return whole(strip);
    const auto index = static_cast<size_t>(strip.index);
    if (strip.index < 0 || strip.index >= strips_ || come_[index]) return malformed("a strip that is none");
    come_[index] = true;
    given_[index] = strip;
    if (index == 0) {
      if (auto begun = read_first(strip.bytes); !begun) return begun;
      for (int i = 0; i < strips_; ++i) {
        if (come_[static_cast<size_t>(i)]) add(i);
      }
    } else if (!frame_.empty()) {
      add(strip.index);
    }
    return failed_ ? malformed(reason()) : Result<void>();
  }

  Result<media::Frame> end() override {
    pool_.wait();
    const bool all = !frame_.empty() && come_.count() == static_cast<size_t>(strips_);
    media::Frame frame = std::move(frame_);
    if (failed_) return malformed(reason());
    if (!all) return malformed("strips are missing");
    forget();
    return frame;
  }

 private:
  void forget() {
    pool_.drop();
    for (auto& strip : given_) strip = {};
    come_.reset();
    frame_ = {};
    failed_ = false;
  }

  // A JPEG in one piece; one with restart markers is taken apart here.
  Result<void> whole(const media::Strip& strip) {
    if (come_[0]) return malformed("a strip that is none");
    if (threads_ > 1 && cut(strip.bytes)) return take_apart(strip);
    come_[0] = true;
    JpegReader& reader = workers_.back().reader;
    if (!reader.open({strip.bytes})) return malformed(reader.error());
    if (auto chosen = choose_frame(reader); !chosen) return chosen;
    if (reader.read(frame_, 0, options_.scale)) return {};
    frame_ = {};
    return malformed(reader.error());
  }

  bool cut(Bytes jpeg) {
    const auto scan = media::scan_jpeg(jpeg);
    return scan.state == media::JpegScan::State::whole &&
           cutter_.cut(jpeg.first(scan.layout.size), scan.layout, media::strips_worth(width_, height_));
  }

  Result<void> take_apart(const media::Strip& whole) {
    const auto& strips = cutter_.strips();
    strips_ = static_cast<int>(strips.size());
    for (int i = 0; i < strips_; ++i) {
      if (auto taken = strip({whole.owner, strips[static_cast<size_t>(i)], i}); !taken) return taken;
    }
    return {};
  }

  // The first strip says what the others are.
  Result<void> read_first(Bytes strip) {
    const auto layout = media::read_jpeg_headers(strip);
    const auto segments = layout ? media::count_segments(strip.subspan(layout->entropy_at), 0) : std::nullopt;
    const auto plan = segments ? media::strips_of(*layout, *segments) : std::nullopt;
    if (!plan || plan->count != strips_) return malformed("strips that do not fit together");
    layout_ = *layout;
    plan_ = *plan;
    headers_ = strip.first(layout->entropy_at);
    Worker& own = workers_.back();
    if (!media::make_strip_headers(headers_, layout->height, own.headers))
      return malformed("headers that do not suit strips");
    if (!own.reader.open({own.headers})) return malformed(own.reader.error());
    const auto chosen = choose_frame(own.reader);
    own.reader.give_up();
    return chosen;
  }

  // Where the frame will lie.
  Result<void> choose_frame(JpegReader& reader) {
    if (reader.width() != width_ || reader.height() != height_ ||
        (reader.components() != 1 && reader.components() != 3)) {
      reader.give_up();
      return Error{ErrorKind::malformed, "a JPEG that is not what its descriptor says"};
    }
    const auto own = reader.components() == 1 ? PixelFormat::gray8 : PixelFormat::bgr24;
    PixelFormat format = options_.format.value_or(own);
    if (media::bytes_per_sample(format) > 1) format = own;
    // Scaled down, libjpeg's chroma planes are larger than half.
    if (format == PixelFormat::i420 && (!reader.is_420() || options_.scale > 1)) format = own;
    frame_ = format == PixelFormat::i420
                 ? make_block_aligned_i420()
                 : media::make_frame(buffers_, format, scaled(width_), scaled(height_));
    return {};
  }

  int scaled(int side) const { return (side + options_.scale - 1) / options_.scale; }

  // libjpeg writes whole blocks: planes with room beyond the picture's right and lower edge.
  media::Frame make_block_aligned_i420() {
    const auto wide = static_cast<size_t>(media::round_up_to_mcu(width_));
    const auto high = static_cast<size_t>(media::round_up_to_mcu(height_));
    auto buffer = buffers_.take();
    buffer->reserve(wide * high * 3 / 2);
    media::Frame frame;
    frame.format = PixelFormat::i420;
    frame.width = width_;
    frame.height = height_;
    frame.planes[0] = {buffer->data(), wide};
    frame.planes[1] = {buffer->data() + wide * high, wide / 2};
    frame.planes[2] = {buffer->data() + wide * high * 5 / 4, wide / 2};
    frame.owner = std::move(buffer);
    return frame;
  }

  void add(int index) {
    if (threads_ > 1) {
      pool_.add(static_cast<size_t>(index));
    } else {
      read_strip(index, workers_.back());
    }
  }

  void read_strip(int index, Worker& worker) {
    if (failed_) return;
    const auto entropy = media::entropy_of(given_[static_cast<size_t>(index)].bytes, index, layout_, plan_);
    if (!entropy) return fail("restart markers that are not where they belong");
    const int first_row = index * plan_.rows;
    const int rows = std::min(plan_.rows, height_ - first_row);
    if (!media::make_strip_headers(headers_, rows, worker.headers))
      return fail("headers that do not suit strips");
    const bool counts_on = static_cast<size_t>(index) * plan_.segments % 8 != 0 && plan_.segments > 1;
    const Bytes bytes = counts_on ? renumber(*entropy, worker.renumbered) : *entropy;
    const bool read = worker.reader.open({worker.headers, bytes, kEndOfPicture}) &&
                      worker.reader.read(frame_, first_row / options_.scale, options_.scale);
    if (!read) fail(worker.reader.error());
  }

  void fail(const std::string& why) {
    MutexLock lock(m_);
    if (!failed_.exchange(true)) reason_ = why;
  }
  std::string reason() {
    MutexLock lock(m_);
    return reason_;
  }

  const DecoderOptions options_;
  const int threads_;
  std::vector<Worker> workers_;  // one each thread of the pool; the last is the caller's
  media::BufferPool buffers_;
  media::JpegCutter cutter_;

  // of the picture in work; what workers read of it stands while they work
  int strips_ = 0, width_ = 0, height_ = 0;
  std::bitset<media::kMaxStrips> come_;
  std::array<media::Strip, media::kMaxStrips> given_;
  Bytes headers_;
  media::JpegLayout layout_;
  media::JpegStrips plan_;
  media::Frame frame_;
  std::atomic<bool> failed_{false};
  Mutex m_;
  std::string reason_ GLIMT_GUARDED_BY(m_);

  WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace

std::unique_ptr<Decoder> make_jpeg_decoder(const DecoderOptions& options) {
  return std::make_unique<JpegDecoder>(options);
}

}  // namespace glimt::decode

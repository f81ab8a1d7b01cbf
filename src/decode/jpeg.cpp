#include <algorithm>
#include <atomic>
#include <bitset>
#include <cstring>

#include "base/machine.hpp"
#include "base/pool.hpp"
#include "base/worker_pool.hpp"
#include "decode/decoder.hpp"
#include "decode/jpeg_reader.hpp"
#include "media/jpeg_strips.hpp"

namespace glimt::decode {
namespace {

constexpr std::array<uint8_t, 2> kEndOfPicture{0xFF, media::kEoi};

Error nothing_before() {
  return {ErrorKind::unavailable, "a strip is missing, and no picture before has it"};
}

Error malformed(const std::string& why) {
  return {ErrorKind::malformed, "a JPEG that does not decode cleanly: " + why};
}

// What one worker needs for one strip after the other.
struct Worker {
  JpegReader reader;
  std::vector<uint8_t> headers;
  media::Buffer renumbered;
};

// What the first strip of a picture says of all of them.
struct Head : Shared {
  std::vector<uint8_t> headers;  // of its own, at most kMaxStripHeaders: it may outlive its picture by many
  media::JpegLayout layout;
  media::JpegStrips plan;
};

// What a picture is decoded from, strip by strip: its own bytes, or those of a picture before.
struct Origins {
  struct Origin {
    media::Strip strip;
    Ref<Head> head;
  };
  int count = 0, width = 0, height = 0;
  std::array<Origin, media::kMaxStrips> strips;

  void clear() {
    for (int i = 0; i < count; ++i) strips[static_cast<size_t>(i)] = {};
    count = 0;
  }
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
    own_.count = std::clamp(info.strips, 1, media::kMaxStrips);
    own_.width = info.width;
    own_.height = info.height;
    const auto fits = media::check_size(options_.format.value_or(PixelFormat::bgr24), info.width, info.height,
                                        options_.max_frame_bytes);
    return fits ? fits : Error{ErrorKind::exhausted, fits.error().message};
  }

  Result<void> strip(const media::Strip& strip) override {
    if (own_.count == 1) return whole(strip);
    const auto index = static_cast<size_t>(strip.index);
    if (strip.index < 0 || strip.index >= own_.count || come_[index])
      return malformed("a strip that is none");
    come_[index] = !strip.headers_only;
    own_.strips[index].strip = strip;
    if (index == 0) {
      if (auto begun = read_first(strip); !begun) return begun;
      for (int i = 0; i < own_.count; ++i) {
        if (come_[static_cast<size_t>(i)]) add(i, head_);
      }
    } else if (!frame_.empty()) {
      add(strip.index, head_);
    }
    return failed_ ? malformed(reason()) : Result<void>();
  }

  // From its bytes: its pixels were handed out, and are no longer ours. They are copied, so that a strip which is missing again
  // and again does not keep all of a picture's bytes for its own.
  Result<void> conceal(int strip) override {
    const auto index = static_cast<size_t>(strip);
    if (frame_.empty() || strip < 0 || strip >= own_.count || come_[index] || !is_as_before(index))
      return nothing_before();
    const Bytes former = before_.strips[index].strip.bytes;
    concealed_bytes_ += former.size();
    if (concealed_bytes_ > options_.max_frame_bytes) return nothing_before();
    auto copy = copies_.take();
    copy->reserve(former.size());
    std::memcpy(copy->data(), former.data(), former.size());
    const Bytes bytes(copy->data(), former.size());
    own_.strips[index].strip = {std::move(copy), bytes, strip};
    come_[index] = true;
    add(strip, before_.strips[index].head);
    return failed_ ? malformed(reason()) : Result<void>();
  }

  Result<media::Frame> end() override {
    pool_.wait();
    const bool all = !frame_.empty() && come_.count() == static_cast<size_t>(own_.count);
    media::Frame frame = std::move(frame_);
    if (failed_) return malformed(reason());
    if (!all) return malformed("strips are missing");
    std::swap(own_, before_);
    forget();
    return frame;
  }

 private:
  void forget() {
    pool_.drop();
    own_.clear();
    head_ = {};
    concealed_bytes_ = 0;
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
           cutter_.cut(jpeg.first(scan.layout.size), scan.layout,
                       media::strips_worth(own_.width, own_.height));
  }

  Result<void> take_apart(const media::Strip& whole) {
    const auto& strips = cutter_.strips();
    own_.count = static_cast<int>(strips.size());
    for (int i = 0; i < own_.count; ++i) {
      if (auto taken = strip({whole.owner, strips[static_cast<size_t>(i)], i}); !taken) return taken;
    }
    return {};
  }

  // The first strip says what the others are.
  Result<void> read_first(const media::Strip& strip) {
    if (strip.headers_only && !before_.strips[0].head) return nothing_before();
    const auto layout = media::read_jpeg_headers(strip.bytes);
    const auto segments = layout ? segments_of(strip, *layout) : std::nullopt;
    const auto plan = segments ? media::strips_of(*layout, *segments) : std::nullopt;
    if (!plan || plan->count != own_.count) return malformed("strips that do not fit together");
    head_ = heads_.take();
    head_->layout = *layout;
    head_->plan = *plan;
    if (!media::make_strip_headers(strip.bytes.first(layout->entropy_at), layout->height, head_->headers))
      return malformed("headers that do not suit strips");
    Worker& own = workers_.back();
    if (!own.reader.open({head_->headers})) return malformed(own.reader.error());
    const auto chosen = choose_frame(own.reader);
    own.reader.give_up();
    return chosen;
  }

  // Where the first strip is cut off the picture before tells: without one it cannot be shown at all.
  std::optional<size_t> segments_of(const media::Strip& first, const media::JpegLayout& layout) const {
    return first.headers_only ? before_.strips[0].head->plan.segments
                              : media::count_segments(first.bytes.subspan(layout.entropy_at), 0);
  }

  bool is_as_before(size_t index) const {
    const auto& head = before_.strips[index].head;
    return head && head_ && before_.count == own_.count && before_.width == own_.width &&
           before_.height == own_.height && head->plan.rows == head_->plan.rows &&
           head->layout.components == head_->layout.components && head->layout.is_420 == head_->layout.is_420;
  }

  // Where the frame will lie.
  Result<void> choose_frame(JpegReader& reader) {
    if (reader.width() != own_.width || reader.height() != own_.height ||
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
                 : media::make_frame(buffers_, format, scaled(own_.width), scaled(own_.height));
    return {};
  }

  int scaled(int side) const { return (side + options_.scale - 1) / options_.scale; }

  // libjpeg writes whole blocks: planes with room beyond the picture's right and lower edge.
  media::Frame make_block_aligned_i420() {
    const auto wide = static_cast<size_t>(media::round_up_to_mcu(own_.width));
    const auto high = static_cast<size_t>(media::round_up_to_mcu(own_.height));
    auto buffer = buffers_.take();
    buffer->reserve(wide * high * 3 / 2);
    media::Frame frame;
    frame.format = PixelFormat::i420;
    frame.width = own_.width;
    frame.height = own_.height;
    frame.planes[0] = {buffer->data(), wide};
    frame.planes[1] = {buffer->data() + wide * high, wide / 2};
    frame.planes[2] = {buffer->data() + wide * high * 5 / 4, wide / 2};
    frame.owner = std::move(buffer);
    return frame;
  }

  void add(int index, const Ref<Head>& head) {
    own_.strips[static_cast<size_t>(index)].head = head;
    if (threads_ > 1) {
      pool_.add(static_cast<size_t>(index));
    } else {
      read_strip(index, workers_.back());
    }
  }

  void read_strip(int index, Worker& worker) {
    if (failed_) return;
    const auto& origin = own_.strips[static_cast<size_t>(index)];
    const auto& plan = origin.head->plan;
    const auto entropy = media::entropy_of(origin.strip.bytes, index, origin.head->layout, plan);
    if (!entropy) return fail("restart markers that are not where they belong");
    const int first_row = index * plan.rows;
    const int rows = std::min(plan.rows, own_.height - first_row);
    if (!media::make_strip_headers(origin.head->headers, rows, worker.headers))
      return fail("headers that do not suit strips");
    const bool counts_on = static_cast<size_t>(index) * plan.segments % 8 != 0 && plan.segments > 1;
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
  Pool<Head> heads_{4};
  media::BufferPool copies_{4};
  size_t concealed_bytes_ = 0;
  Origins before_;  // of the last picture that was whole, or made so

  // of the picture in work; what workers read of it stands while they work
  Origins own_;
  std::bitset<media::kMaxStrips> come_;
  Ref<Head> head_;
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

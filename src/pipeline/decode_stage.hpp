// DecodeStage: strips from the network thread to pictures for a reader, on a thread of its own.
//
//   latest   a whole newer unit takes the place of an older one; one picture waits for the reader, the newest
//            wins
//   every    in order; the decode thread waits for the reader, and the sender for what taken_units() says
//   Units that depend on each other are all decoded, in either mode; those that a newer one has overtaken are not
//   shown. One that does not decode costs all up to the next key frame, which wants_key() asks for.
//
//   input    begin, strip…, end or abandon from the network thread
//   output   frames, or whole access units where they were asked for
//   threads  the StripSink is bound to the network thread; the rest is thread-safe
//   memory   kMaxUnits units, one picture in the decoder, one (latest) or two (every) waiting
#pragma once

#include <atomic>
#include <functional>

#include "base/histogram.hpp"
#include "base/queue.hpp"
#include "base/ring.hpp"
#include "base/thread.hpp"
#include "decode/decoder.hpp"
#include "filter/convert.hpp"
#include "filter/scale.hpp"

namespace glimt::pipeline {

// Either a frame or, where they were asked for, an access unit.
struct Received {
  media::Frame frame;
  Ref<media::AccessUnit> unit;

  const media::Stamps& stamps() const { return unit ? unit->info.stamps : frame.stamps; }
};

class DecodeStage final : public media::StripSink {
 public:
  static constexpr size_t kMaxUnits = 32;

  struct Options {
    Mode mode = Mode::latest;
    std::optional<PixelFormat> format;
    size_t max_frame_bytes = size_t{64} << 20;
    bool access_units = false;  // hand out encoded units, from the start
    int workers = 0;            // as decode::DecoderOptions has them
    int scale = 1;
  };
  struct Counters {
    uint64_t frames = 0;
    uint64_t dropped = 0;
    uint64_t refused = 0;    // pictures that did not decode cleanly
    uint64_t concealed = 0;  // of `frames`: with strips of the picture before
    std::string strip_map;   // of the newest of those, from the top: 1 its own, 0 not
  };

  // `on_taken`: a unit has left for the reader or was given up, or a key frame is wanted; called on any thread.
  DecodeStage(const Options& options, std::function<void()> on_taken);
  ~DecodeStage() override;

  void begin(const Ref<media::AccessUnit>& unit) override;
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override;
  void end(const Ref<media::AccessUnit>& unit) override;
  void abandon(const Ref<media::AccessUnit>& unit) override;

  // Empty where none came in time, or the stage was closed.
  std::optional<Received> read(Instant deadline);
  // A picture that needed no decoding, and reached the reader another way.
  void note_received(const media::Frame& frame);
  // A reader comes back from read() with nothing, once.
  void wake_reader() { ready_.wake(); }
  bool hands_out_units() const { return access_units_; }
  // When the reader has shown a picture that read() gave out.
  void note_shown(const Received& shown, Instant at);

  // Units that ended and have since left for the reader or were given up.
  uint64_t taken_units() const { return taken_units_.load(); }
  // From here on encoded units are handed out.
  void stop_decoding() { access_units_ = true; }
  // Nothing can be decoded before the next key frame.
  bool wants_key() const { return wants_key_.load(); }
  // A unit waits for the decoder or is in it.
  bool busy() const;
  // How long the oldest whole unit has waited for the decoder.
  Duration oldest_wait(Instant now) const;
  Counters counters() const;
  // Times since the last call, and of all.
  void stage_times(StageTimes& interval, StageTimes& total);
  // Readers come back at once; after it returns the decode thread has ended.
  void close();

 private:
  struct Entry {
    Ref<media::AccessUnit> unit;
    size_t decoded = 0;  // strips given to the decoder
    bool begun = false, whole = false, abandoned = false, refused = false;
  };
  struct Histograms {
    Histogram captured_encoded, encoded_sent, sent_arrived, arrived_whole, whole_decoded, captured_decoded,
        decoded_shown;
    void add(const media::Stamps& stamps, bool clock_known);
    StageTimes times() const;
  };
  struct Work {
    Ref<media::AccessUnit> unit;
    media::Strip strip;
    bool begins = false, has_strip = false, ends = false;
  };

  void decode_loop();
  bool next_work(Work& work) GLIMT_REQUIRES(m_);
  void drop_overtaken() GLIMT_REQUIRES(m_);
  bool drop_dependent() GLIMT_REQUIRES(m_);
  bool is_shown(const media::UnitInfo& info);
  bool follows(const media::UnitInfo& info);
  void want_key();
  Entry* find(const Ref<media::AccessUnit>& unit) GLIMT_REQUIRES(m_);
  void pop_front() GLIMT_REQUIRES(m_);
  Result<void> decode(const Work& work);
  Result<void> choose_decoder(Codec codec);
  void finish(Work work);
  void count(const Received& received, const media::UnitInfo& info);
  void deliver(Received received);
  void refuse(const Work& work, const Error& why);
  void count_taken(uint64_t units);
  int scaled(int side) const { return (side + options_.scale - 1) / options_.scale; }

  const Options options_;
  const std::function<void()> on_taken_;
  std::atomic<uint64_t> taken_units_{0};
  std::atomic<bool> access_units_;
  std::atomic<bool> wants_key_{false};
  Queue<Received> ready_;

  // bound to the decode thread
  std::optional<Codec> codec_;
  std::unique_ptr<decode::Decoder> decoder_;
  filter::Converter converter_;
  filter::Scaler scaler_;
  std::optional<Sequence> handed_out_;  // the newest unit, where encoded ones were asked for
  std::optional<int64_t> shown_captured_us_;

  mutable Mutex m_;
  Condition changed_;
  Ring<Entry> units_ GLIMT_GUARDED_BY(m_){kMaxUnits};
  bool decoding_ GLIMT_GUARDED_BY(m_) = false;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;
  Counters counters_ GLIMT_GUARDED_BY(m_);
  Histograms interval_ GLIMT_GUARDED_BY(m_), total_ GLIMT_GUARDED_BY(m_);

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::pipeline

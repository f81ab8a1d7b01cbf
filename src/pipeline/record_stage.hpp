// RecordStage: whole access units as they came, from the network thread to a recording, on a thread of its own.
//
//   Neither a slow window nor a slow disk touches the other: where the disk does not keep up, the newest unit
//   is left out and counted, so that what waits stays in one piece.
//
//   input    begin, strip…, end or abandon from the network thread; the strips are shared, not copied
//   output   each whole unit to the sink, in the order in which they became whole
//   errors   none; units left out are counted as not recorded and said once
//   threads  the StripSink is bound to the network thread; counters() is thread-safe. finish() blocks as the
//            disk does
//   memory   kMaxUnits units and kMaxBytes of them, and one that is being written
#pragma once

#include <vector>

#include "base/ring.hpp"
#include "base/thread.hpp"
#include "sink/recorder.hpp"

namespace glimt::pipeline {

class RecordStage final : public media::StripSink {
 public:
  static constexpr size_t kMaxUnits = 256;
  static constexpr size_t kMaxBytes = size_t{64} << 20;

  explicit RecordStage(std::unique_ptr<sink::UnitSink> sink);
  ~RecordStage() override;

  void begin(const Ref<media::AccessUnit>& unit) override;
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override;
  void end(const Ref<media::AccessUnit>& unit) override;
  void abandon(const Ref<media::AccessUnit>& unit) override;

  // Hands on what waits, and finishes the recording; after it returns the thread has ended.
  void finish();
  sink::RecordingCounters counters() const;

 private:
  // The strips of a unit that others take apart as they decode it, collected anew.
  struct Growing {
    Ref<media::AccessUnit> unit, copy;
  };

  Growing* find(const Ref<media::AccessUnit>& unit);
  void push(Ref<media::AccessUnit> unit);
  void record_loop();

  const std::unique_ptr<sink::UnitSink> sink_;

  // bound to the network thread
  Pool<media::AccessUnit> units_{kMaxUnits};
  std::vector<Growing> growing_;

  mutable Mutex m_;
  Condition changed_;
  Ring<Ref<media::AccessUnit>> waiting_ GLIMT_GUARDED_BY(m_){kMaxUnits};
  size_t waiting_bytes_ GLIMT_GUARDED_BY(m_) = 0;
  uint64_t left_out_ GLIMT_GUARDED_BY(m_) = 0;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::pipeline

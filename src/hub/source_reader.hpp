// SourceReader: one source from its opening to its end, on a thread of its own: opened again after trouble, let go while paused.
//
//   input    what to open; pause
//   output   pictures, as they are wanted, to a Taker; state
//   errors   none: a source that does not open or is lost is told in status() and tried again, with back-off
//   threads  thread-safe; the source is opened, read and closed on the reader's thread. The destructor waits until it is closed
//   memory   the source's, the filter's and the fit's
#pragma once

#include "base/thread.hpp"
#include "hub/back_off.hpp"
#include "hub/picture_fit.hpp"
#include "hub/stream_engine.hpp"
#include "pipeline/filter_stage.hpp"

namespace glimt::hub {

class SourceReader {
 public:
  struct Choice {
    std::string source, format, filter;
    bool loop = false;
    bool operator==(const Choice&) const = default;
  };
  // Called on the reader's thread.
  class Taker {
   public:
    virtual ~Taker() = default;
    // As things stand: how a source is opened, and what its next picture is to be like.
    virtual bool wants_pixels() = 0;
    virtual Fit fit() = 0;
    // A source that can wait has its first picture: comes back once there is somebody for it, or the reader was stopped.
    virtual void wait_for_receiver(SourceReader& from) = 0;
    virtual void take(SourceReader& from, source::Picture picture, bool patient) = 0;
    // Its source is closed, and nothing else will come of it.
    virtual void has_left(SourceReader& from) = 0;
  };
  struct Options {
    size_t max_frame_bytes = 0;
    uint64_t seed = 0;  // of the back-off
    bool paused = false;
  };
  // `taker` outlives it.
  SourceReader(Choice choice, Taker& taker, const Options& options);
  ~SourceReader() { stop(); }

  // A live source is closed and opened again; one that can wait stays open and goes on where it was.
  void pause(bool paused);
  // Does not wait. After it returns at most one further picture comes.
  void stop();
  const std::atomic<bool>& stopped() const { return stopped_; }
  // Has ended, or was stopped and is closed.
  bool left() const { return left_; }
  const Choice& choice() const { return choice_; }
  // Of a camera, whatever it is called; empty for others.
  const std::string& device() const { return device_; }
  StreamEngine::SourceStatus status() const;  // without width and height

 private:
  void run();
  bool wait_until_wanted();
  Result<void> open();
  void close();
  void read_on();
  bool may_read();
  void hand_on(source::Picture picture);
  void note_flowing();
  void note_end();
  void note_lost(const Error& why);
  void note_trouble(const Error& why);

  const Choice choice_;
  const std::string device_;
  const size_t max_frame_bytes_;
  Taker& taker_;
  std::atomic<bool> stopped_{false}, left_{false};

  // bound to the reader's thread
  PictureFit fit_;
  std::unique_ptr<pipeline::FilterStage> filter_;  // empty where there is none
  BackOff back_off_;
  bool met_receiver_ = false;
  Instant flowing_since_{};

  mutable Mutex m_;
  Condition changed_;
  std::unique_ptr<source::FrameSource> source_;  // changed by the reader's thread only, under m_
  bool patient_ = false;                         // likewise
  bool paused_ GLIMT_GUARDED_BY(m_);
  bool interrupted_ GLIMT_GUARDED_BY(m_) = false;  // the source that is open: it ends because we said so
  bool lost_ GLIMT_GUARDED_BY(m_) = false;         // gave pictures, and does not any more
  Instant retry_at_ GLIMT_GUARDED_BY(m_){};
  StreamEngine::SourceStatus status_ GLIMT_GUARDED_BY(m_);

  Thread thread_;  // last: it uses all of the above
};

// The device of a camera that is chosen so; empty where it is none.
std::string device_of(const SourceReader::Choice& choice);

}  // namespace glimt::hub

// Faces: looks for faces beside the stream and draws them, or writes them into the metadata.
//
//   The detector has a thread of its own, "glimt-detect", that runs only where no other wants the processor, and rests
//   three times as long as a look took: a core that two threads share, and the cache, would tell the stream of more. It
//   is given the picture that passes, never an older one; the stream waits for neither. Boxes are those of the newest
//   picture that was looked at, and vanish where no other confirms them for a second.
//
//   It holds the passing picture only until it has a grey copy (the detector's thread makes it). A picture that is drawn into
//   meanwhile, or that is shared with others, is copied first: cheaper for the stream than a grey copy of its own.
//
//   input    pictures of any format; encoded ones are decoded on the detector's thread
//   output   pictures with green frames, or with boxes (glimt/boxes.hpp) as their metadata, none where there are none
//   errors   none; a picture that the detector cannot take is said once
//   threads  thread-compatible; the destructor waits for the detector to finish its picture
//   memory   two pictures, one of them grey
#pragma once

#include <atomic>
#include <string>

#include "base/mutex.hpp"
#include "base/queue.hpp"
#include "base/thread.hpp"
#include "filter/convert.hpp"
#include "filter/face_detector.hpp"
#include "filter/frame_filter.hpp"

namespace glimt::filter {

class Faces final : public FrameFilter {
 public:
  Faces(std::unique_ptr<FaceDetector> detector, bool draws, DecodeUnit decode);
  ~Faces() override;

  bool draws() const override { return draws_; }
  media::Frame apply(media::Frame frame) override;
  void annotate(media::AccessUnit& unit) override;

 private:
  // What is looked at: a frame, or a unit that is decoded first.
  struct Look {
    media::Frame frame;
    Ref<media::AccessUnit> unit;
  };
  struct Found {
    std::vector<Box> boxes;
    std::vector<uint8_t> metadata;
    int width = 0, height = 0;  // of the picture
    Instant until{};            // captured later, a picture does not show them
  };

  void detect_loop();
  Result<Found> look_at(Look look);
  Result<media::Frame> pixels_of(Look look);
  // True where the detector has nothing to look at, and has rested: it is to be given the picture.
  bool wants_a_look(Instant captured_at) { return captured_at >= rested_at_.load() && idle_.exchange(false); }
  // What holds for a picture; nothing where no face does.
  std::shared_ptr<const Found> found_for(int width, int height, Instant captured_at) const;

  const bool draws_;
  const DecodeUnit decode_;
  media::BufferPool copies_;
  Pool<media::AccessUnit> units_;
  std::atomic<bool> idle_{false};
  std::atomic<Instant> rested_at_{Instant{}};
  Queue<Look> looks_{1};

  // bound to the detector's thread
  const std::unique_ptr<FaceDetector> detector_;
  Converter converter_;

  mutable Mutex m_;
  std::shared_ptr<const Found> found_ GLIMT_GUARDED_BY(m_);

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::filter

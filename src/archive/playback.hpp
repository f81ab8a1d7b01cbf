// Playback: one request in work, on a thread of its own, so that disk and decoder hold up nobody else.
//
//   input    what is to be done; it puts pieces of the answer and looks whether they are still wanted
//   output   the pieces in order, for the network thread, which is woken for each
//   errors   none of its own
//   threads  put, stopped and while_reading are the work's; take, done and abandon the network thread's.
//            on_change is called on the playback's thread; the destructor waits for that to end
//   memory   kMaxPieces, each a picture or a run of a file: where they are full the work waits
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "base/gather.hpp"
#include "base/pool.hpp"
#include "base/queue.hpp"
#include "base/thread.hpp"
#include "source/frame_source.hpp"

namespace glimt::archive {

struct Piece {
  std::vector<uint8_t> head;
  Ref<Shared> owner;
  Bytes body;
  std::vector<uint8_t> tail;

  size_t size() const { return head.size() + body.size() + tail.size(); }
  // At most `most` bytes from `at` on; views into the piece.
  Gather slice(size_t at, size_t most) const;
};

class Playback {
 public:
  static constexpr size_t kMaxPieces = 4;
  using Work = std::function<void(Playback&)>;

  Playback(Work work, std::function<void()> on_change);
  ~Playback();

  // False where nobody wants it any more: the work ends then.
  bool put(Piece piece);
  bool stopped() const { return pieces_.closed(); }
  // A source that is being read is interrupted when the playback is abandoned.
  void while_reading(source::FrameSource& source, const std::function<void()>& read);

  std::optional<Piece> take() { return pieces_.try_take(); }
  // Nothing more is put, and the thread is at its end.
  bool done() const { return done_; }
  // It broke off in the middle.
  bool failed() const { return failed_; }
  // The answer is not wanted any more. Does not wait.
  void abandon();

 private:
  const std::function<void()> on_change_;
  Queue<Piece> pieces_{kMaxPieces};
  std::atomic<bool> done_{false}, failed_{false};

  Mutex m_;
  source::FrameSource* source_ GLIMT_GUARDED_BY(m_) = nullptr;

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::archive

// SharedInlet: pictures that a sender on this machine hands over in shared memory, straight to whoever reads.
//
//   A picture is on loan until its last Frame is gone. With two on loan a further one is copied and returned at once, so
//   that a program may keep as many as it likes. What came before the channel ended can still be read.
//
//   input    one end of a frame channel from the network thread
//   output   frames over read-only memory
//   errors   a sender that breaks the rules is hung up on, counted and said once
//   threads  attach and close: any thread; read: any threads, each waits for itself
//   memory   what the sender has made, at most ten times max_frame_bytes; copies beyond two pictures on loan
#pragma once

#include <functional>
#include <optional>

#include "base/mutex.hpp"
#include "media/frame.hpp"
#include "transport/frame_channel.hpp"
#include "transport/shared_memory.hpp"

namespace glimt::pipeline {

class SharedInlet {
 public:
  struct Options {
    Mode mode = Mode::latest;
    size_t max_frame_bytes = size_t{64} << 20;
  };
  struct Counters {
    uint64_t skipped = 0;  // left out by the sender
    uint64_t dropped = 0;  // in favour of a newer one
    uint64_t refused = 0;
  };

  explicit SharedInlet(const Options& options);
  ~SharedInlet();

  // Takes the place of what was there. `same_clock`: the sender's times are of this machine's clock.
  void attach(UniqueFd channel, bool same_clock);
  // Pictures come this way, or may.
  bool attached() const;
  // Empty where none came in time, or the channel has ended.
  std::optional<media::Frame> read(Instant deadline);
  // Readers come back at once, and every later one.
  void close();
  Counters counters() const;

 private:
  struct Memory;
  struct Waiting;
  struct Channel;
  class Loan;

  std::shared_ptr<Channel> current() const;
  std::optional<media::Frame> next(Channel& channel);
  void receive(Channel& channel);
  void take_in(Channel& channel, const transport::FrameChannel::Message& message);
  void add_memory(Channel& channel, const wire::SharedSlot& slot, const UniqueFd& fd);
  void add_frame(Channel& channel, const wire::SharedFrame& frame);
  void ask_for_newer(Channel& channel);
  void give_back_oldest(Channel& channel);
  media::Frame borrow(Channel& channel, const Waiting& waiting);
  // The sender does not keep to the rules: nothing more is taken from it.
  void refuse(Channel& channel, const std::string& why);
  void complain(const std::string& why);

  const Options options_;
  const UniqueFd wake_;
  std::atomic<bool> closed_{false};
  Pool<Loan> loans_;
  media::BufferPool copies_;

  mutable Mutex m_;
  std::shared_ptr<Channel> channel_ GLIMT_GUARDED_BY(m_);
  Counters counted_ GLIMT_GUARDED_BY(m_);
  std::string last_complaint_ GLIMT_GUARDED_BY(m_);
};

}  // namespace glimt::pipeline

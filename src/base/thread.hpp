// Thread: a named std::thread that is joined when it goes out of scope. Signals stay with the main thread.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace glimt {

class Thread {
 public:
  Thread() = default;
  // At most 15 characters of the name show in `top -H`.
  Thread(std::string name, std::function<void()> body);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) {
    join();
    thread_ = std::move(other.thread_);
    return *this;
  }
  ~Thread() { join(); }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

// The calling thread works in short bursts: it asks for short time slices, so that from Linux 6.12 on it need not wait for
// the end of another's slice (3 ms) when it wakes up on a busy processor. Older kernels take no notice.
void ask_for_short_slices();

// The calling thread, and those that it starts, run from now on only where no other wants the processor. There is no way back.
void yield_to_all_others();

}  // namespace glimt

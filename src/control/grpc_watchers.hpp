// Watchers: calls that are told again and again, on one thread of their own: nobody else waits for them, however slowly they read.
//
//   input    the hub's journal and states
//   output   to each watcher one message at a time; what comes meanwhile is read when that is gone
//   threads  thread-safe; reactors are called on gRPC's threads and only leave word
//   memory   of each watcher one message
#pragma once

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "base/thread.hpp"
#include "control/grpc_values.hpp"

namespace glimt::control {

// What all watchers see in one turn. States are asked for once, however many want them.
class Turn {
 public:
  Turn(hub::Hub& from, bool ends) : hub(from), closing(ends) {}
  std::shared_ptr<const v1::ListStreamsResponse> streams();

  hub::Hub& hub;
  const Instant now = glimt::now();
  const bool closing;  // of hub or service: say so, and end

 private:
  std::shared_ptr<const v1::ListStreamsResponse> streams_;
};

class Watcher {
 public:
  // On the watchers' thread. False once the call is finished: the watcher may be gone then.
  virtual bool step(Turn& turn) = 0;
  // When to step if nothing happens before.
  virtual Instant due() const { return Instant::max(); }

 protected:
  ~Watcher() = default;  // is gRPC's to say
};

class Watchers {
 public:
  Watchers(hub::Hub& hub, int most);
  // After the last call has ended.
  ~Watchers();

  // False where there are as many as may be. gRPC's otherwise, which deletes it.
  bool add(Watcher* watcher);
  void wake();
  // All are told that the service closes, and end; those that come later too.
  void close();
  size_t count() const;

  void count_missed(uint64_t events) { missed_ += events; }
  uint64_t missed() const { return missed_; }

 private:
  // By number: where one was, the next may be allocated before it is taken out.
  struct Entry {
    uint64_t number;
    Watcher* watcher;
  };
  void run();
  void look_for_closing();

  hub::Hub& hub_;
  const size_t most_;
  std::atomic<uint64_t> missed_{0};
  uint64_t wake_id_ = 0;         // of the journal
  uint64_t next_event_ = 1;      // that look_for_closing() reads; of the thread
  bool hub_is_closing_ = false;  // of the thread
  mutable Mutex m_;
  Condition word_;
  std::vector<Entry> watchers_ GLIMT_GUARDED_BY(m_);  // added by anyone, taken out by the thread
  uint64_t next_number_ GLIMT_GUARDED_BY(m_) = 0;
  bool woken_ GLIMT_GUARDED_BY(m_) = false;
  bool closing_ GLIMT_GUARDED_BY(m_) = false;
  bool over_ GLIMT_GUARDED_BY(m_) = false;
  Thread thread_;
};

// What both kinds share: the call, of which one message at most is on its way.
template <class Message>
class WatchCall : public grpc::ServerWriteReactor<Message>, public Watcher {
 public:
  explicit WatchCall(Watchers& watchers) : watchers_(watchers) { this->StartSendInitialMetadata(); }
  void OnWriteDone(bool ok) final {
    if (!ok) broken_ = true;
    writing_ = false;
    watchers_.wake();
  }
  void OnCancel() final {
    broken_ = true;
    watchers_.wake();
  }
  void OnDone() final { delete this; }

 protected:
  bool writing() const { return writing_; }
  bool broken() const { return broken_; }
  void write(const Message* message) {
    writing_ = true;
    this->StartWrite(message);
  }

  Watchers& watchers_;

 private:
  std::atomic<bool> writing_{false}, broken_{false};
};

// Nothing where as many watch as may.
grpc::ServerWriteReactor<v1::Event>* watch_events(Watchers& watchers, hub::Journal& journal, uint64_t from);
// `stream`: this one only; empty: all.
grpc::ServerWriteReactor<v1::ListStreamsResponse>* watch_streams(Watchers& watchers,
                                                                 std::chrono::milliseconds interval,
                                                                 const std::string& stream);
// A watch that ends before it began.
template <class Message>
grpc::ServerWriteReactor<Message>* end_watch(const grpc::Status& status) {
  class Ended final : public grpc::ServerWriteReactor<Message> {
   public:
    explicit Ended(const grpc::Status& why) { this->Finish(why); }
    void OnDone() override { delete this; }
  };
  return new Ended(status);
}

}  // namespace glimt::control

// Watch: reads a stream of messages on the caller's thread, until it ends or `stop` is raised.
//
//   errors   the status with which it ended; CANCELLED where it was stopped
//   threads  bound to its thread
//   memory   one message
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <memory>

namespace glimt::control {

template <class Message>
class Watch {
 public:
  // Both outlive it.
  Watch(grpc::ClientContext& context, const std::atomic<bool>& stop) : context_(context), stop_(stop) {}

  ~Watch() {
    queue_.Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue_.Next(&tag, &ok);) continue;
  }

  // `begin`: the call on a queue, with a tag. `show`: false where no more is wanted.
  template <class Begin, class Show>
  grpc::Status run(const Begin& begin, const Show& show) {
    const std::unique_ptr<grpc::ClientAsyncReader<Message>> reader = begin(&queue_, &begun_);
    Message message;
    grpc::Status status;
    for (bool open = wait(begun_); open;) {
      reader->Read(&message, &read_);
      open = wait(read_);
      if (!open || show(message)) continue;
      context_.TryCancel();
      open = false;
    }
    reader->Finish(&status, &ended_);
    wait(ended_);
    return status;
  }

 private:
  static constexpr std::chrono::milliseconds kLook{50};  // at `stop`

  // Whether what `tag` stands for was done; it is the only one on its way.
  bool wait(const char& tag) {
    for (;;) {
      void* got = nullptr;
      bool ok = false;
      const auto until = std::chrono::system_clock::now() + kLook;
      if (queue_.AsyncNext(&got, &ok, until) == grpc::CompletionQueue::GOT_EVENT) return ok && got == &tag;
      if (stop_) context_.TryCancel();
    }
  }

  grpc::ClientContext& context_;
  const std::atomic<bool>& stop_;
  grpc::CompletionQueue queue_;
  char begun_ = 0, read_ = 0, ended_ = 0;  // tags, by their addresses
};

}  // namespace glimt::control

#include "control/grpc_status.hpp"
#include "control/grpc_watchers.hpp"

namespace glimt::control {
namespace {

Error closing_error() { return {ErrorKind::unavailable, "the hub is closing; call again once it runs"}; }

int64_t wall_clock_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

class EventsCall final : public WatchCall<v1::Event> {
 public:
  EventsCall(Watchers& watchers, hub::Journal& journal, uint64_t from)
      : WatchCall(watchers), journal_(journal), next_(from) {}

  bool step(Turn& turn) override {
    if (writing()) return true;
    if (broken()) {
      Finish(grpc::Status::CANCELLED);
      return false;
    }
    const auto read = journal_.read(next_, 1);
    message_.Clear();
    if (read.missed > 0) return tell_missed(read.missed);
    if (!read.events.empty()) return tell(read.events[0]);
    if (!turn.closing) return true;
    return tell({.time_ms = wall_clock_ms(), .kind = hub::Event::Kind::closing, .text = "control ends"});
  }

 private:
  bool tell_missed(uint64_t missed) {
    message_.set_kind(v1::Event::MISSED);
    message_.set_missed(missed);
    message_.set_unix_time_ms(wall_clock_ms());
    next_ += missed;
    watchers_.count_missed(missed);
    write(&message_);
    return true;
  }

  bool tell(const hub::Event& event) {
    to_proto(event, &message_);
    ++next_;
    if (event.kind != hub::Event::Kind::closing) {
      write(&message_);
      return true;
    }
    StartWriteAndFinish(&message_, {}, to_status(closing_error()));
    return false;
  }

  hub::Journal& journal_;
  uint64_t next_;
  v1::Event message_;
};

class StreamsCall final : public WatchCall<v1::ListStreamsResponse> {
 public:
  StreamsCall(Watchers& watchers, std::chrono::milliseconds interval, std::string stream)
      : WatchCall(watchers), interval_(interval), stream_(std::move(stream)) {}

  // While a message is on its way there is nothing to wait for but its end, which wakes.
  Instant due() const override { return writing() ? Instant::max() : due_; }

  bool step(Turn& turn) override {
    if (writing()) return true;
    if (broken() || turn.closing) {
      Finish(broken() ? grpc::Status::CANCELLED : to_status(closing_error()));
      return false;
    }
    if (turn.now < due_) return true;
    if (auto looked = look(turn); !looked) {
      Finish(to_status(looked.error()));
      return false;
    }
    // Watchers of the same interval are due together, and what they are told is asked for once.
    const auto intervals = turn.now.time_since_epoch() / interval_ + 1;
    due_ = Instant(intervals * interval_);
    write(message_.get());
    return true;
  }

 private:
  Result<void> look(Turn& turn) {
    if (stream_.empty()) {
      message_ = turn.streams();
      return {};
    }
    const auto status = turn.hub.stream(stream_);
    if (!status) return status.error();
    auto message = std::make_shared<v1::ListStreamsResponse>();
    to_proto(*status, message->add_streams());
    message_ = std::move(message);
    return {};
  }

  const std::chrono::milliseconds interval_;
  const std::string stream_;
  std::shared_ptr<const v1::ListStreamsResponse> message_;
  Instant due_{};
};

template <class Call, class... Args>
Call* begin(Watchers& watchers, Args&&... args) {
  auto call = std::make_unique<Call>(watchers, std::forward<Args>(args)...);
  return watchers.add(call.get()) ? call.release() : nullptr;
}

}  // namespace

grpc::ServerWriteReactor<v1::Event>* watch_events(Watchers& watchers, hub::Journal& journal, uint64_t from) {
  return begin<EventsCall>(watchers, journal, from);
}

grpc::ServerWriteReactor<v1::ListStreamsResponse>* watch_streams(Watchers& watchers,
                                                                 std::chrono::milliseconds interval,
                                                                 const std::string& stream) {
  return begin<StreamsCall>(watchers, interval, stream);
}

}  // namespace glimt::control

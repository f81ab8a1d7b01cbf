// UnitFeed: a stream's units from the network thread to the web server's, for one viewer.
//
//   output   units in their order; where nobody takes them, the oldest are left out, which their numbers tell
//   errors   open: those of the hub
//   threads  bound to one thread, but for `wake`, which is called on the network thread and must not block
//   memory   kMostUnits references
#pragma once

#include <deque>

#include "hub/hub.hpp"

namespace glimt::web {

class UnitFeed {
 public:
  static constexpr size_t kMostUnits = 8;

  static Result<std::unique_ptr<UnitFeed>> open(const hub::Hub& hub, const std::string& name,
                                                hub::WatchAs as);
  // Called when there is something to take; at once where there is already. Once.
  void start(std::function<void()> wake);
  // Nothing where nothing has come; an empty Ref once the stream is closed.
  std::optional<Ref<media::AccessUnit>> take();
  void request_key() { watch_->request_key(); }

 private:
  struct Inbox {
    Mutex m;
    std::deque<Ref<media::AccessUnit>> units GLIMT_GUARDED_BY(m);
    std::function<void()> wake GLIMT_GUARDED_BY(m);
    void put(const Ref<media::AccessUnit>& unit);
  };

  UnitFeed() = default;

  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::unique_ptr<hub::UnitWatch> watch_;
};

}  // namespace glimt::web

// UnitWatch: somebody in this process is handed a stream's access units while this lives.
//
//   output   to the callback, on the network thread, which it must not block: each unit once it is whole; first the newest where
//            that decodes alone; an empty Ref once the stream is closed
//   errors   open: unavailable, and those of an encoder
//   threads  thread-compatible; not destroyed by the callback. Once it is destroyed, nothing is called any more
#pragma once

#include "hub/stream_engine.hpp"

namespace glimt::hub {

class UnitWatch {
 public:
  static Result<std::unique_ptr<UnitWatch>> open(std::shared_ptr<StreamEngine> engine, WatchAs as,
                                                 OnUnit on_unit) {
    const auto id = engine->watch(as, std::move(on_unit));
    if (!id) return id.error();
    return std::unique_ptr<UnitWatch>(new UnitWatch(std::move(engine), *id));
  }
  ~UnitWatch() { engine_->unwatch(id_); }
  UnitWatch(const UnitWatch&) = delete;
  UnitWatch& operator=(const UnitWatch&) = delete;

  // A key frame is wanted: the pictures depend on each other, and one was left out.
  void request_key() { engine_->request_key(); }

 private:
  UnitWatch(std::shared_ptr<StreamEngine> engine, uint32_t id) : engine_(std::move(engine)), id_(id) {}

  const std::shared_ptr<StreamEngine> engine_;
  const uint32_t id_;
};

}  // namespace glimt::hub

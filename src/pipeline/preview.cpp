#include "pipeline/preview.hpp"

#include <thread>

#include "base/log.hpp"

namespace glimt::pipeline {

using Next = sink::FrameSink::Next;

void Preview::put(const source::Picture& picture) {
  if (std::holds_alternative<media::Frame>(picture)) {
    waiting_.put(picture);
    return;
  }
  const auto& unit = *std::get<Ref<media::AccessUnit>>(picture);
  auto copy = units_.take();  // the sender will write into the unit; the bytes are shared
  copy->info = unit.info;
  copy->strips = unit.strips;
  waiting_.put(std::move(copy));
}

bool Preview::show(Instant deadline) {
  if (!sink_) {
    std::this_thread::sleep_until(deadline);
    return true;
  }
  const auto next = put_next(deadline);
  if (!next) {
    log::error("{}", next.error().message);
    sink_.reset();
    waiting_.close();
  }
  return !next || *next != Next::end;
}

Result<Next> Preview::put_next(Instant deadline) {
  auto picture = waiting_.take(deadline);
  if (!picture) return sink_->idle();
  auto* frame = std::get_if<media::Frame>(&*picture);
  Result<media::Frame> shown =
      frame ? std::move(*frame) : decoder_.decode(*std::get<Ref<media::AccessUnit>>(*picture));
  if (!shown) return sink_->idle();  // the sender's business, not the window's
  if (!sink_->takes(shown->format)) *shown = converter_.convert(std::move(*shown), PixelFormat::bgr24);
  return sink_->put(*shown);
}

}  // namespace glimt::pipeline

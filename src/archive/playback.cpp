#include "archive/playback.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace glimt::archive {

Gather Piece::slice(size_t at, size_t most) const {
  Gather gather;
  for (const Bytes part : {Bytes(head), body, Bytes(tail)}) {
    const size_t gone = std::min(at, part.size());
    const Bytes rest = part.subspan(gone);
    at -= gone;
    const Bytes taken = rest.first(std::min(rest.size(), most - gather.bytes));
    gather.add(taken);
  }
  return gather;
}

Playback::Playback(Work work, std::function<void()> on_change)
    : on_change_(std::move(on_change)), thread_("glimt-archive", [this, work = std::move(work)] {
        try {
          work(*this);
        } catch (const std::exception& e) {  // of a decoder; the others are not to go down with it
          log::error("a request ended early: {}", e.what());
          failed_ = true;
        }
        done_ = true;
        on_change_();
      }) {}

Playback::~Playback() {
  abandon();
  thread_.join();
}

bool Playback::put(Piece piece) {
  if (!pieces_.put_wait(std::move(piece))) return false;
  on_change_();
  return true;
}

void Playback::while_reading(source::FrameSource& source, const std::function<void()>& read) {
  {
    MutexLock lock(m_);
    source_ = &source;
  }
  if (!stopped()) read();
  MutexLock lock(m_);
  source_ = nullptr;
}

void Playback::abandon() {
  pieces_.close();
  MutexLock lock(m_);
  if (source_) source_->interrupt();
}

}  // namespace glimt::archive

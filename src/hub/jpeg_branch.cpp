#include "hub/jpeg_branch.hpp"

namespace glimt::hub {
namespace {

constexpr uint32_t kOfBranch = 0x8000'0000;  // ids beside those of the stream's own sender

}  // namespace

Result<uint32_t> JpegBranch::watch(OnUnit on_unit) {
  MutexLock lock(m_);
  if (closed_) return Error{ErrorKind::unavailable, "the stream is closed"};
  if (!sender_) {
    auto opened = pipeline::Sender::open({}, {.codec = Codec::jpeg});
    if (!opened) return opened.error();
    sender_ = std::move(*opened);
  }
  const uint32_t id = sender_->watch(std::move(on_unit)) | kOfBranch;
  if (watchers_++ == 0) feed_.branch(sender_);
  return id;
}

bool JpegBranch::unwatch(uint32_t id) {
  if ((id & kOfBranch) == 0) return false;
  std::shared_ptr<pipeline::Sender> left;  // its threads are joined outside the lock
  MutexLock lock(m_);
  if (sender_ && sender_->unwatch(id & ~kOfBranch) && --watchers_ == 0) {
    feed_.branch({});
    left.swap(sender_);
  }
  return true;
}

void JpegBranch::close() {
  std::shared_ptr<pipeline::Sender> left;
  {
    MutexLock lock(m_);
    closed_ = true;
    feed_.branch({});
    left.swap(sender_);
  }
  if (left) left->close(wire::CloseReason::leaving);
}

}  // namespace glimt::hub

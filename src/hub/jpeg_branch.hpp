// JpegBranch: a stream's pictures as JPEG beside what it is encoded in: one more encoder, there while somebody watches it.
//
//   input    pictures of the feed, first the newest; watchers
//   output   units to the watchers, as UnitWatch says
//   errors   watch: unavailable once it is closed, and those of a sender
//   threads  thread-safe
//   memory   as `Sender`, while somebody watches
#pragma once

#include "hub/source_feed.hpp"

namespace glimt::hub {

class JpegBranch {
 public:
  explicit JpegBranch(SourceFeed& feed) : feed_(feed) {}
  ~JpegBranch() { close(); }

  Result<uint32_t> watch(OnUnit on_unit);
  // False where it is none of this branch.
  bool unwatch(uint32_t id);
  void close();

 private:
  SourceFeed& feed_;
  Mutex m_;
  std::shared_ptr<pipeline::Sender> sender_ GLIMT_GUARDED_BY(m_);
  size_t watchers_ GLIMT_GUARDED_BY(m_) = 0;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;
};

}  // namespace glimt::hub

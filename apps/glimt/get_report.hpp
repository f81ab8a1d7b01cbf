// What `glimt get` says: the list, the bar while it runs, and its end.
#pragma once

#include "archive/get.hpp"

namespace glimt::command {

void print_list(const std::vector<wire::ArchiveEntry>& entries);

// At most ten times a second, and at its end.
class GetBar {
 public:
  void show(const archive::GetProgress& progress);
  const archive::GetProgress& last() const { return last_; }

 private:
  archive::GetProgress last_;
  Instant next_{};
};

// "1:02:03" or "2:03"
std::string clock_text(double seconds);
// "12.3 MB"
std::string size_text(uint64_t bytes);

}  // namespace glimt::command

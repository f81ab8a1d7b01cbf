// Shared memory: pages that one process writes and others look at, behind a descriptor that can be passed on.
//
//   The writer seals them: nobody can cut them off or let them grow under the other's feet, and nobody who gets the
//   descriptor can write. A reader checks the seals and the size before it maps, and maps read-only.
//
//   errors   exhausted: no memory or no descriptor left. malformed: what was passed is no such memory
//   threads  values that move; thread-compatible
//   memory   the size, in whole pages, present at once
#pragma once

#include "base/bytes.hpp"
#include "base/unique_fd.hpp"
#include "glimt/error.hpp"

namespace glimt::transport {

class Mapping {
 public:
  Mapping() = default;
  Mapping(void* at, size_t size) : at_(at), size_(size) {}
  Mapping(Mapping&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping();

  uint8_t* data() const { return static_cast<uint8_t*>(at_); }
  size_t size() const { return size_; }

 private:
  void* at_ = nullptr;
  size_t size_ = 0;
};

struct SharedMemory {
  Mapping mapping;  // to write
  UniqueFd fd;      // to pass on
};

Result<SharedMemory> make_shared_memory(size_t bytes);
// `fd` is not needed any more once it returns. `bytes`: as the sender says, and as the caller's limits allow.
Result<Mapping> map_shared_memory(int fd, uint64_t bytes);

}  // namespace glimt::transport

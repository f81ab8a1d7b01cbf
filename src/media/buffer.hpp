// Buffer: reference-counted bytes that keep their capacity between uses; taken from a Pool<Buffer>.
//
//   output   memory aligned to 64 bytes, not zeroed; pointers live until the next reserve()
//   errors   std::bad_alloc; callers check sizes from outside against their limits first
//   threads  thread-compatible
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/bytes.hpp"
#include "base/pool.hpp"

namespace glimt::media {

class Buffer : public Shared {
 public:
  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t capacity() const { return capacity_; }

  // Makes room for `size` bytes; the first `keep` of what is there stay.
  void reserve(size_t size, size_t keep = 0) {
    if (size <= capacity_) return;
    size = (size + kAlign - 1) / kAlign * kAlign;
    std::unique_ptr<uint8_t[], Free> grown(static_cast<uint8_t*>(std::aligned_alloc(kAlign, size)));
    if (!grown) throw std::bad_alloc();
    if (keep > 0) std::memcpy(grown.get(), bytes_.get(), keep);
    bytes_ = std::move(grown);
    capacity_ = size;
  }

 private:
  static constexpr size_t kAlign = 64;
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t[], Free> bytes_;
  size_t capacity_ = 0;
};

using BufferPool = Pool<Buffer>;

}  // namespace glimt::media

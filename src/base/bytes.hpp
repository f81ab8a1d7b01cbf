// ByteReader and ByteWriter: little-endian values in and out of a bounded run of bytes.
//
//   input    a view that outlives the reader or writer
//   output   values; a read or write past the end yields zeros or nothing and clears ok(), for good
//   errors   ok(): asked once, after the last access
//   threads  thread-compatible
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace glimt {

using Bytes = std::span<const uint8_t>;

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(integer(1)); }
  uint16_t u16() { return static_cast<uint16_t>(integer(2)); }
  uint32_t u32() { return static_cast<uint32_t>(integer(4)); }
  uint64_t u64() { return integer(8); }
  Bytes take(size_t n) {
    if (n > left()) {
      ok_ = false;
      at_ = bytes_.size();
      return {};
    }
    at_ += n;
    return bytes_.subspan(at_ - n, n);
  }
  Bytes rest() { return take(left()); }
  size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  uint64_t integer(size_t n) {
    const Bytes b = take(n);
    uint64_t value = 0;
    for (size_t i = b.size(); i-- > 0;) value = value << 8 | b[i];
    return value;
  }

  Bytes bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> bytes) : bytes_(bytes) {}

  void u8(uint8_t v) { integer(v, 1); }
  void u16(uint16_t v) { integer(v, 2); }
  void u32(uint32_t v) { integer(v, 4); }
  void u64(uint64_t v) { integer(v, 8); }
  void put(Bytes b) {
    if (b.size() > bytes_.size() - at_) {
      ok_ = false;
      return;
    }
    if (!b.empty()) std::memcpy(bytes_.data() + at_, b.data(), b.size());
    at_ += b.size();
  }
  void zeros(size_t n) {
    for (size_t i = 0; i < n; ++i) u8(0);
  }
  size_t size() const { return at_; }
  bool ok() const { return ok_; }
  Bytes written() const { return bytes_.first(at_); }

 private:
  void integer(uint64_t v, size_t n) {
    if (n > bytes_.size() - at_) {
      ok_ = false;
      return;
    }
    for (size_t i = 0; i < n; ++i) bytes_[at_ + i] = static_cast<uint8_t>(v >> (8 * i));
    at_ += n;
  }

  std::span<uint8_t> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace glimt

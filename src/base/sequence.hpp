// Sequence: a 32-bit number that wraps around, compared by which of two is ahead by less
// than half the circle.
//
//   threads  plain value
#pragma once

#include <cstdint>

namespace glimt {

class Sequence {
 public:
  constexpr Sequence() = default;
  constexpr explicit Sequence(uint32_t value) : value_(value) {}

  constexpr uint32_t value() const { return value_; }
  constexpr Sequence& operator++() {
    ++value_;
    return *this;
  }
  constexpr Sequence operator+(uint32_t n) const { return Sequence(value_ + n); }
  constexpr Sequence operator-(uint32_t n) const { return Sequence(value_ - n); }
  // How far this is ahead of `other`; negative if behind.
  constexpr int32_t operator-(Sequence other) const { return static_cast<int32_t>(value_ - other.value_); }
  constexpr bool operator==(const Sequence&) const = default;
  constexpr bool operator<(Sequence other) const { return *this - other < 0; }
  constexpr bool operator>(Sequence other) const { return other < *this; }
  constexpr bool operator<=(Sequence other) const { return !(other < *this); }
  constexpr bool operator>=(Sequence other) const { return !(*this < other); }

 private:
  uint32_t value_ = 0;
};

}  // namespace glimt

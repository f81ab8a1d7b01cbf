// Gather: one datagram as a few runs of bytes that lie apart, so that it is put together by the kernel
// and not by us.
//
//   output   views; whoever fills it says how long they live
//   threads  plain value
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace glimt {

struct Gather {
  static constexpr size_t kMaxParts = 4;
  std::array<Bytes, kMaxParts> parts;
  size_t count = 0;
  size_t bytes = 0;

  void add(Bytes part) {
    if (part.empty()) return;
    parts[count++] = part;
    bytes += part.size();
  }
  static Gather of(Bytes whole) {
    Gather g;
    g.add(whole);
    return g;
  }
};

}  // namespace glimt

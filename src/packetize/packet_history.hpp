// PacketHistory: the units that were last sent on a stream, once for all its receivers.
//
//   input    units in the order of their frames
//   output   the newest unit, which may still grow, for a receiver that joins, where it is a key frame; a unit by its
//            frame, for repair
//   threads  thread-compatible
//   memory   at most max_units, and at most max_bytes of payload beyond the newest unit
#pragma once

#include <optional>

#include "base/ring.hpp"
#include "packetize/symbol_unit.hpp"

namespace glimt::packetize {

class PacketHistory {
 public:
  struct Options {
    // More serves repair over longer round trips; each unit holds its encoded bytes.
    size_t max_units = 32;
    size_t max_bytes = size_t{16} << 20;
  };

  explicit PacketHistory(Options options) : options_(options), units_(options.max_units) {}

  void push(Ref<SymbolUnit> unit);
  // Empty where there is none.
  Ref<SymbolUnit> find(Sequence frame) const;
  // Of those that were not given up, where it is a key frame: an older one is an old picture.
  Ref<SymbolUnit> newest_key() const;
  void clear() { units_.clear(); }

 private:
  const Options options_;
  Ring<Ref<SymbolUnit>> units_;
};

}  // namespace glimt::packetize

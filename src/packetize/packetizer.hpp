// Packetizer: cuts an access unit into what a wire carries at once, strip by strip, once a stream.
//
//   input    begin, strips in the order of their index, end
//   output   a SymbolUnit that grows with each strip, or with its end where the wire must know the whole first
//   errors   unsupported or exhausted where the wire cannot carry the picture: the unit is abandoned
//   threads  thread-compatible; reads no clock
//   memory   one SymbolUnit a frame in flight, reused once warm
#pragma once

#include <compare>
#include <memory>

#include "packetize/symbol_unit.hpp"
#include "wire/wire_format.hpp"

namespace glimt::packetize {

class Packetizer {
 public:
  struct Options {
    wire::WireFormat wire = wire::WireFormat::native;
    // native: bytes of a symbol, with its 4 bytes of prefix.
    size_t symbol_bytes = 0;
    auto operator<=>(const Options&) const = default;
  };

  virtual ~Packetizer() = default;
  // `discontinuity`: the stream begins, or begins anew.
  virtual Ref<SymbolUnit> begin(const Ref<media::AccessUnit>& unit, bool discontinuity) = 0;
  virtual Result<void> add(SymbolUnit& to, const media::Strip& strip) = 0;
  virtual Result<void> end(SymbolUnit& unit) = 0;
};

std::unique_ptr<Packetizer> make_packetizer(const Packetizer::Options& options);

std::unique_ptr<Packetizer> make_countdown_packetizer();
std::unique_ptr<Packetizer> make_pickle_packetizer();

// What every packetizer begins with.
void begin_symbol_unit(SymbolUnit& to, const Ref<media::AccessUnit>& unit);

}  // namespace glimt::packetize

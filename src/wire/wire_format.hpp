// Wire format: what `?wire=` names: Glimt's own, or that of a program that was there before.
//
//   threads  plain values
#pragma once

#include <string_view>

#include "glimt/error.hpp"

namespace glimt::wire {

enum class WireFormat {
  native,
  countdown,  // a JPEG in datagrams, each with the number of those still to come
  pickle_q,   // pickled arrays, one after the other, each behind 8 bytes of length
  pickle_i,   // the same on request, behind 4 bytes of length
};

std::string_view to_string(WireFormat format);
Result<WireFormat> parse_wire_format(std::string_view text);

}  // namespace glimt::wire

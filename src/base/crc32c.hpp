// CRC32C (Castagnoli, as in RFC 3720), continued from `seed`: crc32c(b, crc32c(a)) is the CRC of
// a and then b.
//
//   threads  thread-safe
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace glimt {

uint32_t crc32c(Bytes bytes, uint32_t seed = 0);

}  // namespace glimt

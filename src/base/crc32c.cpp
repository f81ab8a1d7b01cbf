#include "base/crc32c.hpp"

#include <isa-l/crc.h>

namespace glimt {

uint32_t crc32c(Bytes bytes, uint32_t seed) {
  // ISA-L leaves the inversion at both ends to the caller and takes the buffer as non-const
  // without writing to it.
  return ~crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(bytes.size()), ~seed);
}

}  // namespace glimt

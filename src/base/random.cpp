#include "base/random.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace glimt {

uint64_t random_u64() {
  uint64_t value = 0;
  if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();  // cannot happen for 8 bytes
  return value;
}

uint32_t random_session_number() {
  uint32_t value = 0;
  while (value == 0) value = static_cast<uint32_t>(random_u64());
  return value;
}

}  // namespace glimt

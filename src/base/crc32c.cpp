#include "base/crc32c.hpp"

#include <isa-l/crc.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace glimt {
namespace {

// ISA-L's AVX-512 code returns with the upper halves of the vector registers in use. Whatever SSE instruction comes next would
// have to wait for its result, to keep them: 0.3 to 0.5 us a packet were seen.
#ifdef __x86_64__
const bool has_avx = __builtin_cpu_supports("avx");

__attribute__((target("avx"))) void zero_upper_halves() { _mm256_zeroupper(); }

void release_vectors() {
  if (has_avx) zero_upper_halves();
}
#else
void release_vectors() {}
#endif

}  // namespace

uint32_t crc32c(Bytes bytes, uint32_t seed) {
  // ISA-L leaves the inversion at both ends to the caller and takes the buffer as non-const
  // without writing to it.
  const uint32_t sum =
      ~crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(bytes.size()), ~seed);
  release_vectors();
  return sum;
}

}  // namespace glimt

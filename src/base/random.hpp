// Numbers from the kernel's generator, for session numbers that a stranger cannot guess.
//
//   threads  thread-safe
#pragma once

#include <cstdint>

namespace glimt {

uint64_t random_u64();
// Never 0: on the wire 0 stands for "no session yet".
uint32_t random_session_number();

}  // namespace glimt

// What packet_path makes the kernel refuse, so that the transport takes its own fallback.
#pragma once

namespace glimt::bench {

struct Refuse {
  bool gso = false;  // a segmented send fails with EIO, as on a path without checksum offload
  bool gro = false;  // UDP_GRO is an unknown option, as before Linux 5.0
};
extern Refuse refuse;  // set before threads start

}  // namespace glimt::bench

// Snapshot of a picture: as a JPEG.
//
//   input    a picture as it went to the sender
//   output   its own bytes where it is a JPEG already; otherwise encoded at quality 90
//   errors   of decoder and encoder
//   threads  thread-safe; takes its time on the caller's thread
//   memory   the JPEG
#pragma once

#include "hub/state.hpp"
#include "source/frame_source.hpp"

namespace glimt::hub {

Result<Snapshot> make_snapshot(const source::Picture& picture, Instant now);

}  // namespace glimt::hub

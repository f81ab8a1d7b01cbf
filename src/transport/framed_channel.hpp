// Framed channels: packets in a run of bytes, each behind its length (u32), over a TCP or a Unix socket.
//
//   errors   a length that cannot be closes the channel
//   threads  bound to the event loop's thread
//   memory   256 KB to receive into, for all channels of one maker; a channel at most one unfinished packet each way
#pragma once

#include <functional>

#include "transport/connections.hpp"

namespace glimt::transport {

using MakeChannel = std::function<std::unique_ptr<Channel>(int fd)>;

MakeChannel framed_channels();

// Unsent bytes that the kernel takes before it says "blocked": two packets. Further frames wait on our side,
// where they can be replaced by newer ones.
inline constexpr int kMaxFramedUnsentBytes = 64 * 1024;

}  // namespace glimt::transport

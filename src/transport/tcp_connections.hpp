// TCP connections, whatever is said on them: listening, connecting again, addresses and socket options.
//
//   errors   open() with the cure
//   threads  bound to the event loop's thread, but for open()
//   memory   the channels'
#pragma once

#include "transport/framed_channel.hpp"

namespace glimt::transport {

// `max_unsent_bytes`: what the kernel takes before it says "blocked".
Result<std::unique_ptr<Transport>> open_tcp_connections(EventLoop& loop, const Address& address,
                                                        int max_unsent_bytes, MakeChannel make_channel);

}  // namespace glimt::transport

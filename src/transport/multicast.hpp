// Multicast: groups of UDP receivers, and by which interface they are reached.
//
//   errors   with the cure: no such interface, no way to the group
//   threads  thread-safe
#pragma once

#include "transport/address.hpp"

namespace glimt::transport {

// A numeric IPv4 or IPv6 address of a group, and no name.
bool is_group(const std::string& host);
bool is_group(const SocketAddress& address);

// With the interface's number in it, where the kernel takes it from there: IPv6.
Result<SocketAddress> with_interface(const Address& address, SocketAddress group);
// Datagrams to the group leave by the interface that `address` names, if any. The kernel's defaults stay: one hop, and a
// copy to this machine's own receivers.
Result<void> send_by_interface(int fd, const Address& address);
// From now on `fd`, which is bound to the group, is given its datagrams: those that come in by the interface that was named, or
// else by the one that the routing table says.
Result<void> join_group(int fd, const Address& address, const SocketAddress& group);

}  // namespace glimt::transport

#include "transport/multicast.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <cerrno>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

namespace glimt::transport {
namespace {

// 0 where none is named.
Result<unsigned> interface_number(const Address& address) {
  if (address.interface.empty()) return 0u;
  const unsigned number = if_nametoindex(address.interface.c_str());
  if (number != 0) return number;
  return Error{ErrorKind::invalid_argument, address.text + ": there is no interface '" + address.interface +
                                                "' on this machine; `ip link` lists those that there are"};
}

Error join_error(const Address& address, int error_number) {
  if (error_number == ENODEV || error_number == EADDRNOTAVAIL) {
    return {ErrorKind::unavailable,
            address.text + ": no route says by which interface to join the group; name one, as in " +
                address.text + "?listen&interface=eth0 (`ip link` lists them)"};
  }
  if (error_number == ENOBUFS) {
    return {ErrorKind::unavailable, address.text +
                                        ": this socket or machine may join no further group; `sysctl "
                                        "net.ipv4.igmp_max_memberships` says how many"};
  }
  return socket_error(address, "join", error_number);
}

bool is_v6(const Address& address) { return address.host.find(':') != std::string::npos; }

}  // namespace

bool is_group(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return IN_MULTICAST(ntohl(v4.s_addr));
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_MULTICAST(&v6);
}

bool is_group(const SocketAddress& a) {
  if (a.family() == AF_INET)
    return IN_MULTICAST(ntohl(reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr.s_addr));
  return IN6_IS_ADDR_MULTICAST(&reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr);
}

Result<SocketAddress> with_interface(const Address& address, SocketAddress group) {
  const auto number = interface_number(address);
  if (!number) return number.error();
  if (group.family() != AF_INET6) return group;
  auto& v6 = reinterpret_cast<sockaddr_in6&>(group.storage);
  const bool needs_one = IN6_IS_ADDR_MC_LINKLOCAL(&v6.sin6_addr) || IN6_IS_ADDR_MC_NODELOCAL(&v6.sin6_addr);
  if (needs_one && *number == 0) {
    return Error{ErrorKind::invalid_argument,
                 address.text +
                     ": each interface has a group of this number; name one, as in "
                     "?interface=eth0 (`ip link` lists them)"};
  }
  v6.sin6_scope_id = *number;
  return group;
}

Result<void> send_by_interface(int fd, const Address& address) {
  const auto number = interface_number(address);
  if (!number) return number.error();
  if (*number == 0) return {};
  const int index = static_cast<int>(*number);
  const ip_mreqn by{.imr_multiaddr = {}, .imr_address = {}, .imr_ifindex = index};
  const bool set = is_v6(address) ? setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) == 0
                                  : setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) == 0;
  if (set) return {};
  return socket_error(address, "choosing the interface", errno);
}

Result<void> join_group(int fd, const Address& address, const SocketAddress& group) {
  const auto number = interface_number(address);
  if (!number) return number.error();
  const int index = static_cast<int>(*number), none = 0;
  // Not what others of this machine have joined by other interfaces.
  setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &none, sizeof none);
  bool joined = false;
  if (group.family() == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &none, sizeof none);
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(group.storage);
    const ipv6_mreq what{v6.sin6_addr, *number};
    joined = setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &what, sizeof what) == 0;
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(group.storage);
    const ip_mreqn what{.imr_multiaddr = v4.sin_addr, .imr_address = {}, .imr_ifindex = index};
    joined = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &what, sizeof what) == 0;
  }
  if (joined) return {};
  return join_error(address, errno);
}

}  // namespace glimt::transport

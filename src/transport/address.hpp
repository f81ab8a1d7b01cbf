// Address: where datagrams go to or come from, as read from a Url; and resolved.
//
//   errors   invalid_argument for a wrong form, unavailable for a name that does not resolve
//   threads  thread-safe; resolve() blocks on DNS and is never called on the network thread
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "glimt/url.hpp"
#include "wire/wire_format.hpp"

namespace glimt::transport {

enum class Role { listen, connect };
enum class Kind { udp, tcp, unix_socket };

struct Address {
  Kind kind = Kind::udp;
  Role role = Role::connect;
  wire::WireFormat wire = wire::WireFormat::native;
  std::string host;  // udp, tcp; empty: every local address
  uint16_t port = 0;
  bool one_way = false;   // udp: nothing ever comes back
  bool group = false;     // udp: the host is a multicast group; then one_way too
  std::string interface;  // by which a group is reached; empty: the routing table chooses
  std::string path;       // unix
  unsigned mode = 0600;   // unix: of the socket file
  // unix: packets behind their length, as over TCP, for those who have no sockets of messages; nothing is shared there.
  bool byte_stream = false;
  std::string text;  // for people, without options

  // `sends`: whether this end is the sender. It listens on a Unix socket unless the options or the wire say otherwise.
  static Result<Address> from_url(const Url& url, bool sends);
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Listening on every address gives an IPv6 address that takes IPv4 too, where the kernel has IPv6. A group's names its
// interface, where it has to.
Result<SocketAddress> resolve(const Address& address);

// A UDP address or a connection, as a value.
struct Peer {
  std::array<uint8_t, 16> ip{};  // IPv4 as ::ffff:a.b.c.d
  uint16_t port = 0;
  uint32_t connection = 0;  // TCP, Unix: counts up, never used twice
  bool operator==(const Peer&) const = default;
};
Peer peer_of(const SocketAddress& address);
// An IPv4 or IPv6 address, and no name.
bool is_numeric(const std::string& host);
SocketAddress socket_address_of(const Peer& peer, int family);
bool is_loopback(const Peer& peer);
std::string to_string(const Peer& peer);

// The error of a bind, connect or listen, with its cure.
Error socket_error(const Address& address, const char* what, int error_number);

}  // namespace glimt::transport

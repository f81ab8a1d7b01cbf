#include "transport/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/unique_fd.hpp"
#include "transport/multicast.hpp"

namespace glimt::transport {
namespace {

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

Result<Address> unix_from_url(const Url& url, bool listens) {
  Address a;
  a.kind = Kind::unix_socket;
  a.role = listens ? Role::listen : Role::connect;
  a.path = url.path;
  a.text = "unix://" + url.path;
  if (a.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return invalid("'" + url.path + "': a Unix socket's path has at most " +
                   std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes; choose a shorter one");
  }
  // `mode` is also latest or every: what begins with a digit is the file's.
  for (const auto& [name, value] : url.options) {
    if (name != "mode" || value.empty() || !std::isdigit(static_cast<unsigned char>(value[0]))) continue;
    char* end = nullptr;
    const auto bits = std::strtoul(value.c_str(), &end, 8);
    if (*end != '\0' || bits > 0777)
      return invalid("'" + value + "' is no file mode; write it in octal, as in mode=660");
    a.mode = static_cast<unsigned>(bits);
  }
  return a;
}

// The wire that the options name, on a socket that can carry it.
Result<wire::WireFormat> wire_of(const Url& url) {
  const auto text = url.find("wire");
  if (!text) return wire::WireFormat::native;
  const auto wire = wire::parse_wire_format(*text);
  if (!wire) return Error{wire.error().kind, "'" + url.text + "': " + wire.error().message};
  const bool pickles = *wire == wire::WireFormat::pickle_q || *wire == wire::WireFormat::pickle_i;
  if (pickles && url.scheme != "tcp")
    return invalid("'" + url.text + "': wire=" + *text + " goes over tcp://");
  if (*wire == wire::WireFormat::countdown && url.scheme == "tcp")
    return invalid("'" + url.text + "': wire=countdown goes over udp:// or unix://");
  return *wire;
}

// In countdown nobody answers: the receiver listens, whatever the socket.
Result<void> check_countdown(const Address& a, const Url& url, bool sends) {
  if (a.wire != wire::WireFormat::countdown || (a.role == Role::connect) == sends) return {};
  return invalid("'" + url.text + "': with wire=countdown the receiver listens and the sender connects; " +
                 (sends ? "name the receiver's host or path" : "add ?listen"));
}

// What the address says of a way without answers.
Result<void> settle_one_way(Address& a, const Url& url, bool sends) {
  const auto refuse = [&url](const std::string& why) { return invalid("'" + url.text + "': " + why); };
  const auto feedback = url.find("feedback");
  if (feedback && *feedback != "on" && *feedback != "off") return refuse("feedback is on or off");
  a.group = is_group(a.host);
  a.one_way = a.group || feedback == "off";
  if (const auto interface = url.find("interface")) {
    if (!a.group)
      return refuse("interface= is for groups, as in udp://239.1.2.3:5000; leave it out, routes choose");
    a.interface = *interface;
  }
  if (!a.one_way) return {};
  if (a.kind != Kind::udp)
    return refuse(a.group ? "a group is reached over udp://" : "feedback=off is for udp://; leave it out");
  if (a.wire != wire::WireFormat::native)
    return refuse("one-way streams and groups are of Glimt's own wire; leave wire= or the other out");
  if (a.group && feedback == "on") return refuse("nothing comes back from a group; leave feedback=on out");
  if (sends && a.role == Role::listen) {
    return refuse(a.group
                      ? "a sender to a group sends and does not listen; leave ?listen out"
                      : "nobody tells a one-way sender where to send; name the receiver's host or a group");
  }
  if (!sends && a.role == Role::connect) {
    return refuse(a.group ? "whoever receives from a group listens there; add ?listen"
                          : "a one-way receiver cannot ask a sender; listen, as in udp://:" +
                                std::to_string(a.port) + "?feedback=off, and have the sender name this host");
  }
  return {};
}

}  // namespace

Result<Address> Address::from_url(const Url& url, bool sends) {
  const bool listen = url.has("listen"), connect = url.has("connect");
  if (listen && connect) return invalid("'" + url.text + "': ?listen and ?connect exclude each other");
  const auto wire = wire_of(url);
  if (!wire) return wire.error();
  if (url.scheme == "unix") {
    const bool listens = sends != (*wire == wire::WireFormat::countdown);
    auto a = unix_from_url(url, listen || (listens && !connect));
    if (!a) return a;
    a->wire = *wire;
    if (const auto socket = url.find("socket")) {
      if (*socket != "stream" && *socket != "message")
        return invalid("'" + url.text + "': socket is message or stream");
      a->byte_stream = *socket == "stream";
      if (a->byte_stream && *wire != wire::WireFormat::native)
        return invalid("'" + url.text +
                       "': socket=stream is of Glimt's own wire; leave wire= or socket= out");
    }
    if (auto roles = check_countdown(*a, url, sends); !roles) return roles.error();
    if (auto way = settle_one_way(*a, url, sends); !way) return way.error();
    return a;
  }
  if (url.has("socket")) return invalid("'" + url.text + "': socket= is for unix://; leave it out");
  if (url.scheme == "glimt") {
    return Error{
        ErrorKind::unsupported,
        "'" + url.text +
            "': a name is where receivers find a stream; give an address here, as in udp://:5000 to listen: "
            "`glimt hub` announces such a stream by its name"};
  }
  if (url.scheme == "http" || url.scheme == "https") {
    return Error{ErrorKind::unsupported, "'" + url.text +
                                             "': a page is a destination of `glimt send` alone; a hub has "
                                             "one of its own, where --listen says"};
  }
  if (url.scheme != "udp" && url.scheme != "tcp") {
    return Error{ErrorKind::unsupported, "'" + url.text + "': unknown scheme '" + url.scheme +
                                             "' for a stream; known: udp, tcp, unix"};
  }
  Address a;
  a.kind = url.scheme == "udp" ? Kind::udp : Kind::tcp;
  a.wire = *wire;
  const bool everywhere = url.host.empty() || url.host == "@" || url.host == "0.0.0.0" || url.host == "::";
  a.host = url.host == "@" ? "" : url.host;
  a.port = url.port;
  a.role = listen || everywhere ? Role::listen : Role::connect;
  const bool v6 = a.host.find(':') != std::string::npos;
  a.text = url.scheme + "://" + (v6 ? "[" + a.host + "]" : a.host) + ":" + std::to_string(a.port);
  if (everywhere && connect) return invalid("'" + url.text + "': whom to connect to? Name a host");
  if (auto roles = check_countdown(a, url, sends); !roles) return roles.error();
  if (auto way = settle_one_way(a, url, sends); !way) return way.error();
  return a;
}

namespace {

bool has_ipv6() { return static_cast<bool>(UniqueFd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0))); }

SocketAddress any_address(uint16_t port) {
  SocketAddress any;
  if (has_ipv6()) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(any.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    any.length = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(any.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    any.length = sizeof v4;
  }
  return any;
}

}  // namespace

Result<SocketAddress> resolve(const Address& address) {
  if (address.host.empty() || address.host == "::") return any_address(address.port);
  addrinfo hints{};
  hints.ai_socktype = address.kind == Kind::udp ? SOCK_DGRAM : SOCK_STREAM;
  // A host may have joined a group before it has an address of that family.
  hints.ai_flags = address.group ? AI_NUMERICHOST : AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  if (failed != 0) {
    return Error{ErrorKind::unavailable, address.text + ": the host's name does not resolve (" +
                                             gai_strerror(failed) +
                                             "); check its spelling, or give its IP address"};
  }
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.length = found->ai_addrlen;
  if (address.group) return with_interface(address, result);
  if (is_group(result)) {
    return invalid(address.text + ": a group is named by its number alone, as in udp://239.1.2.3:" +
                   std::to_string(address.port) + ", and its interface by ?interface=eth0");
  }
  return result;
}

bool is_numeric(const std::string& host) {
  std::array<uint8_t, sizeof(in6_addr)> ignored;
  const std::string bare = host.substr(0, host.find('%'));  // without an IPv6 zone
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, bare.c_str(), ignored.data()) == 1;
}

Peer peer_of(const SocketAddress& address) {
  Peer peer;
  if (address.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    std::memcpy(peer.ip.data(), &v6.sin6_addr, 16);
    peer.port = ntohs(v6.sin6_port);
  } else if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    peer.ip[10] = peer.ip[11] = 0xFF;
    std::memcpy(peer.ip.data() + 12, &v4.sin_addr, 4);
    peer.port = ntohs(v4.sin_port);
  }
  return peer;
}

SocketAddress socket_address_of(const Peer& peer, int family) {
  SocketAddress a;
  if (family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(peer.port);
    std::memcpy(&v6.sin6_addr, peer.ip.data(), 16);
    a.length = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(a.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(peer.port);
    std::memcpy(&v4.sin_addr, peer.ip.data() + 12, 4);
    a.length = sizeof v4;
  }
  return a;
}

namespace {

bool is_v4(const Peer& peer) {
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(kMapped.begin(), kMapped.end(), peer.ip.begin());
}

}  // namespace

bool is_loopback(const Peer& peer) {
  if (is_v4(peer)) return peer.ip[12] == 127;
  return std::all_of(peer.ip.begin(), peer.ip.end() - 1, [](uint8_t b) { return b == 0; }) &&
         peer.ip[15] == 1;
}

std::string to_string(const Peer& peer) {
  if (peer.connection != 0 && peer.port == 0) return "connection " + std::to_string(peer.connection);
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4(peer)) {
    inet_ntop(AF_INET, peer.ip.data() + 12, text, sizeof text);
    return std::string(text) + ":" + std::to_string(peer.port);
  }
  inet_ntop(AF_INET6, peer.ip.data(), text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(peer.port);
}

Error socket_error(const Address& address, const char* what, int error_number) {
  const std::string port = std::to_string(address.port);
  const std::string where = address.text + ": ";
  const char* protocol = address.kind == Kind::udp ? "u" : "t";
  switch (error_number) {
    case EADDRINUSE:
      if (address.kind == Kind::unix_socket) {
        return {ErrorKind::unavailable,
                where + "another program listens there; stop it, or choose another path"};
      }
      return {ErrorKind::unavailable,
              where + "the port is in use; choose another, or find who has it with `ss -l" + protocol +
                  "np sport = :" + port + "`"};
    case EACCES:
    case EPERM:
      if (address.kind != Kind::unix_socket && address.role == Role::connect) {
        return {ErrorKind::invalid_argument,
                where +
                    "permission denied; a broadcast address cannot be reached and a firewall may forbid "
                    "others: name one host"};
      }
      return {
          ErrorKind::unauthenticated,
          where + "permission denied; " +
              (address.kind == Kind::unix_socket
                   ? "the socket belongs to another user: start its sender with ?mode=660 and share a group"
                   : "ports below 1024 need root: choose a higher one")};
    case EPROTOTYPE:
      return {
          ErrorKind::unavailable,
          where +
              "the other end speaks on a socket of another kind; say ?socket=stream at both ends or at none"};
    case EADDRNOTAVAIL:
      return {ErrorKind::invalid_argument,
              where + "this machine has no such address; `ip addr` lists those it has"};
    case ENETUNREACH:
    case EHOSTUNREACH:
      return {ErrorKind::unavailable, where + "there is no route to it; check the address and `ip route`"};
    case ENOENT:
      return {ErrorKind::unavailable,
              where + "there is no such folder or socket; create the folder, or start the sender first"};
    default:
      return {ErrorKind::unavailable, where + what + ": " + std::strerror(error_number)};
  }
}

}  // namespace glimt::transport

#include "transport/capabilities.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/unique_fd.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kSegment = 1200;
constexpr size_t kSegments = 4;
constexpr int kPatienceMs = 250;

sockaddr* as_address(sockaddr_in& a) { return reinterpret_cast<sockaddr*>(&a); }

// A socket on a loopback port that the kernel chose, which is left in `where`.
UniqueFd open_bound(int type, sockaddr_in& where) {
  UniqueFd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  socklen_t size = sizeof where;
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = fd && bind(fd.get(), as_address(where), size) == 0 &&
                     getsockname(fd.get(), as_address(where), &size) == 0;
  return bound ? std::move(fd) : UniqueFd();
}

bool send_in_segments(int fd, sockaddr_in to) {
  std::array<uint8_t, kSegment * kSegments> bytes{};
  iovec vector{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(uint16_t))> control{};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const uint16_t segment = kSegment;
  std::memcpy(CMSG_DATA(c), &segment, sizeof segment);
  return sendmsg(fd, &message, MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
}

// Bytes of the next datagram that came within the patience; 0 where none did.
size_t receive_one(int fd) {
  std::array<uint8_t, kSegment * kSegments> bytes;
  pollfd wait{fd, POLLIN, 0};
  if (poll(&wait, 1, kPatienceMs) != 1) return 0;
  const ssize_t n = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

void try_udp(SocketCapabilities& can) {
  sockaddr_in here{}, there{};
  const UniqueFd receiver = open_bound(SOCK_DGRAM, here), sender = open_bound(SOCK_DGRAM, there);
  if (!receiver || !sender) return;
  const uint8_t one_byte = 0;
  sendto(sender.get(), &one_byte, 1, MSG_DONTWAIT, as_address(here), sizeof here);
  can.udp = receive_one(receiver.get()) == 1;
  if (!can.udp) return;
  can.receive_buffer_bytes = ask_for_buffer(receiver.get(), SO_RCVBUF);
  can.send_buffer_bytes = ask_for_buffer(sender.get(), SO_SNDBUF);
  const int one = 1;
  const bool asked = setsockopt(receiver.get(), SOL_UDP, UDP_GRO, &one, sizeof one) == 0;
  if (!send_in_segments(sender.get(), here)) return;
  const size_t first = receive_one(receiver.get());
  can.gso = first > 0;
  can.gro = asked && first == kSegment * kSegments;
}

bool try_ipv6() {
  const UniqueFd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  return fd && bind(fd.get(), reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
}

}  // namespace

int ask_for_buffer(int fd, int name) {
  setsockopt(fd, SOL_SOCKET, name, &kWantedBufferBytes, sizeof kWantedBufferBytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(fd, SOL_SOCKET, name, &granted, &size);
  return granted / 2;
}

SocketCapabilities try_sockets() {
  SocketCapabilities can;
  try_udp(can);
  can.ipv6 = try_ipv6();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  can.descriptors = limit.rlim_cur;
  can.most_descriptors = limit.rlim_max;
  return can;
}

uint16_t free_port() {
  for (int attempt = 0; attempt < 50; ++attempt) {
    sockaddr_in where{};
    const UniqueFd udp = open_bound(SOCK_DGRAM, where);
    const UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (udp && tcp && bind(tcp.get(), as_address(where), sizeof where) == 0) return ntohs(where.sin_port);
  }
  return 0;
}

}  // namespace glimt::transport

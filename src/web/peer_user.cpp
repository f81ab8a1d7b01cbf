#include "web/peer_user.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/unique_fd.hpp"
#include "transport/address.hpp"

namespace glimt::web {
namespace {

using transport::Peer;

struct Question {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

// Both ends; which of the two a socket is does not matter here.
struct Ends {
  Peer own, peer;
};

std::optional<Ends> ends_of(int socket) {
  transport::SocketAddress own, peer;
  own.length = peer.length = sizeof own.storage;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&own.storage), &own.length) != 0) return std::nullopt;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) != 0) return std::nullopt;
  return Ends{transport::peer_of(own), transport::peer_of(peer)};
}

bool is_v4(const Peer& peer) {
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), peer.ip.begin());
}

// As the other end sees itself: what is remote here is local there.
Question question_of(const Ends& ends) {
  Question question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  auto& body = question.body;
  const bool v4 = is_v4(ends.peer);
  body.sdiag_family = v4 ? AF_INET : AF_INET6;
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = ~0u;
  const size_t skipped = v4 ? 12 : 0;
  std::memcpy(body.id.idiag_src, ends.peer.ip.data() + skipped, 16 - skipped);
  std::memcpy(body.id.idiag_dst, ends.own.ip.data() + skipped, 16 - skipped);
  body.id.idiag_sport = htons(ends.peer.port);
  body.id.idiag_dport = htons(ends.own.port);
  body.id.idiag_cookie[0] = body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

}  // namespace

std::optional<uid_t> user_of_peer(int socket) {
  const auto ends = ends_of(socket);
  if (!ends || !transport::is_loopback(ends->own) || !transport::is_loopback(ends->peer)) return std::nullopt;
  const UniqueFd kernel(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const Question question = question_of(*ends);
  if (!kernel || ::send(kernel.get(), &question, sizeof question, 0) != sizeof question) return std::nullopt;
  struct {
    nlmsghdr header;
    inet_diag_msg body;
    char more[256];
  } answer{};
  const auto n = ::recv(kernel.get(), &answer, sizeof answer, MSG_DONTWAIT);  // it answers within send()
  if (n < static_cast<ssize_t>(sizeof answer.header + sizeof answer.body)) return std::nullopt;
  if (answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  // A socket that its process has closed is nobody's any more, and the kernel says 0 for its user: root's number.
  if (answer.body.idiag_inode == 0) return std::nullopt;
  return answer.body.idiag_uid;
}

}  // namespace glimt::web

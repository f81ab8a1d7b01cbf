#include "web/peer_user.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

namespace glimt::web {
namespace {

UniqueFd listener(sockaddr_in& at) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&at), length), 0);
  EXPECT_EQ(listen(fd.get(), 1), 0);
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &length), 0);
  return fd;
}

bool connect_to(const sockaddr_in& at, const UniqueFd& fd) {
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

TEST(PeerUserTest, OwnProcessIsOfTheOwnUser) {
  sockaddr_in at{};
  const auto listening = listener(at);
  const UniqueFd far(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(connect_to(at, far));
  const UniqueFd near(accept(listening.get(), nullptr, nullptr));
  EXPECT_EQ(user_of_peer(near.get()), geteuid());
  EXPECT_EQ(user_of_peer(far.get()), geteuid());
}

// Only root may become another user; everybody else sees the first test.
TEST(PeerUserTest, OtherUserIsTold) {
  if (geteuid() != 0) return;
  constexpr uid_t kNobody = 65534;
  sockaddr_in at{};
  const auto listening = listener(at);
  const pid_t child = fork();
  if (child == 0) {
    const UniqueFd fd(setuid(kNobody) == 0 ? ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1);
    char end;
    _exit(fd && connect_to(at, fd) && read(fd.get(), &end, 1) == 0 ? 0 : 1);
  }
  UniqueFd near(accept(listening.get(), nullptr, nullptr));
  EXPECT_EQ(user_of_peer(near.get()), kNobody);
  near.reset();
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(PeerUserTest, WhoHasClosedIsNobodyAndNotRoot) {
  sockaddr_in at{};
  const auto listening = listener(at);
  UniqueFd far(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(connect_to(at, far));
  ASSERT_EQ(send(far.get(), "x", 1, 0), 1);
  far.reset();
  const UniqueFd near(accept(listening.get(), nullptr, nullptr));
  EXPECT_EQ(user_of_peer(near.get()), std::nullopt);
  char sent = 0;
  EXPECT_EQ(recv(near.get(), &sent, 1, 0), 1) << "what it had sent is there";
}

TEST(PeerUserTest, WhoHasSaidAllIsStillThere) {
  sockaddr_in at{};
  const auto listening = listener(at);
  const UniqueFd far(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(connect_to(at, far));
  shutdown(far.get(), SHUT_WR);
  const UniqueFd near(accept(listening.get(), nullptr, nullptr));
  EXPECT_EQ(user_of_peer(near.get()), geteuid());
}

TEST(PeerUserTest, WhatIsNoConnectionHasNoPeer) {
  sockaddr_in at{};
  const auto listening = listener(at);
  EXPECT_EQ(user_of_peer(listening.get()), std::nullopt);
  EXPECT_EQ(user_of_peer(-1), std::nullopt);
}

}  // namespace
}  // namespace glimt::web

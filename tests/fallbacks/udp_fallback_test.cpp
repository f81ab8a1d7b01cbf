// UDP on a kernel or card without segmentation offload: what it does then. A program of its own, because it
// stands between the library and two system calls.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

#include "support/loopback.hpp"

namespace {

std::atomic<int> refused_segmented{0};
std::atomic<int> refuse_with{EIO};

}  // namespace

// Refuses every send that asks for segments, as a path without checksum offload does.
extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = reinterpret_cast<decltype(&sendmsg)>(dlsym(RTLD_NEXT, "sendmsg"));
  for (auto* c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(const_cast<msghdr*>(message), c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_SEGMENT) continue;
    ++refused_segmented;
    errno = refuse_with;
    return -1;
  }
  return real(fd, message, flags);
}

// An old kernel: no UDP_GRO.
extern "C" int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  static const auto real = reinterpret_cast<decltype(&setsockopt)>(dlsym(RTLD_NEXT, "setsockopt"));
  if (level == SOL_UDP) {
    errno = ENOPROTOOPT;
    return -1;
  }
  return real(fd, level, name, value, size);
}

namespace glimt::transport {
namespace {

class UdpFallback : public testing::TestWithParam<int> {};

TEST_P(UdpFallback, SendsPacketByPacketForGoodAfterOneRefusal) {
  refuse_with = GetParam();
  refused_segmented = 0;
  RunningLoop net;
  Recorder at_listener, at_connector;
  const auto address = [](const std::string& text) { return *Address::from_url(*Url::parse(text), false); };
  auto listener = std::move(*open_transport(*net.loop, address(own_address("udp") + "?listen")));
  auto connector = std::move(*open_transport(*net.loop, address(own_address("udp"))));
  std::vector<std::vector<uint8_t>> packets;
  for (int i = 0; i < 100; ++i) packets.push_back(pattern(i % 10 == 9 ? 300 : 1200, static_cast<uint8_t>(i)));
  net.do_on([&] {
    listener->start(at_listener);
    connector->start(at_connector);
  });
  ASSERT_TRUE(net.until([&] { return at_connector.connected == 1; }));
  for (int round = 0; round < 2; ++round) {
    net.do_on(
        [&] { EXPECT_EQ(connector->send(at_connector.last_peer, gather(packets)).packets, packets.size()); });
    ASSERT_TRUE(net.until([&] { return at_listener.datagrams.size() == packets.size(); }));
    EXPECT_EQ(at_listener.datagrams, packets);
    net.do_on([&] { at_listener.datagrams.clear(); });
  }
  EXPECT_EQ(refused_segmented, 1);
  EXPECT_FALSE(connector->counters().gso);
  EXPECT_FALSE(listener->counters().gro);
  net.do_on([&] {
    listener.reset();
    connector.reset();
  });
}

INSTANTIATE_TEST_SUITE_P(Errors, UdpFallback, testing::Values(EIO, EINVAL));

}  // namespace
}  // namespace glimt::transport

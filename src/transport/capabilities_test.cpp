#include "transport/capabilities.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <fstream>
#include <string>

#include "base/unique_fd.hpp"

namespace glimt::transport {
namespace {

int kernel_bound(const std::string& name) {
  int bytes = 0;
  std::ifstream("/proc/sys/net/core/" + name) >> bytes;
  return bytes;
}

TEST(Capabilities, AreGrantedWhatTheKernelAllows) {
  const auto can = try_sockets();
  ASSERT_TRUE(can.udp);
  EXPECT_GT(can.receive_buffer_bytes, 0);
  EXPECT_LE(can.receive_buffer_bytes, kWantedBufferBytes);
  if (const int most = kernel_bound("rmem_max"); most > 0) {
    EXPECT_EQ(can.receive_buffer_bytes, std::min(most, kWantedBufferBytes));
  }
  if (const int most = kernel_bound("wmem_max"); most > 0) {
    EXPECT_EQ(can.send_buffer_bytes, std::min(most, kWantedBufferBytes));
  }
}

TEST(Capabilities, OffloadOnReceiptIsOnlySeenWhereThereIsSegmentationOnSend) {
  const auto can = try_sockets();
  EXPECT_TRUE(can.gso || !can.gro);
}

TEST(Capabilities, KnowTheDescriptorsOfThisProcess) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{50, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto can = try_sockets();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(can.descriptors, 50u);
  EXPECT_EQ(can.most_descriptors, before.rlim_max);
}

TEST(Capabilities, WithoutASocketNothingCanBeDone) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto can = try_sockets();
  const auto port = free_port();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(can.udp || can.gso || can.gro || can.ipv6);
  EXPECT_EQ(port, 0);
}

TEST(Capabilities, AFreePortCanBeBound) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(free_port());
  ASSERT_NE(where.sin_port, 0);
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    const UniqueFd fd(socket(AF_INET, type, 0));
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  }
}

}  // namespace
}  // namespace glimt::transport

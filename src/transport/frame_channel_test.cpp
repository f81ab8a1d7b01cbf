#include "transport/frame_channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>
#include <vector>

#include "support/descriptors.hpp"

namespace glimt::transport {
namespace {

using namespace std::chrono_literals;
using test::open_descriptors;

class FrameChannelTest : public testing::Test {
 protected:
  FrameChannelTest()
      : pair_(FrameChannel::make_pair().value()), a_(std::move(pair_.ours)), b_(std::move(pair_.theirs)) {}

  // The number of a RELEASE.
  static uint32_t number_of(const FrameChannel::Message& message) {
    const auto parsed = wire::parse_shared(Bytes(message.bytes).first(message.size));
    return std::get<wire::SharedRelease>(parsed.value()).number.value();
  }
  // Sent as a peer does that keeps to nothing.
  void send_raw(size_t bytes, const std::vector<int>& fds) {
    std::vector<char> data(bytes + 1);
    iovec part{data.data(), bytes};
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      cmsghdr* c = CMSG_FIRSTHDR(&header);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
    }
    ASSERT_EQ(sendmsg(a_.fd(), &header, 0), static_cast<ssize_t>(bytes));
  }

  FrameChannel::Pair pair_;
  FrameChannel a_, b_;
  FrameChannel::Batch batch_;
  bool hung_up_ = false;
};

TEST_F(FrameChannelTest, MessagesComeInOrderAndInBatches) {
  for (uint32_t i = 0; i < 11; ++i) ASSERT_TRUE(a_.send(wire::SharedRelease{Sequence(i)}));
  uint32_t next = 0;
  for (const size_t expected : {size_t{8}, size_t{3}, size_t{0}}) {
    ASSERT_EQ(b_.receive(batch_, hung_up_), expected);
    for (size_t i = 0; i < expected; ++i) EXPECT_EQ(number_of(batch_[i]), next++);
    EXPECT_FALSE(hung_up_);
  }
}

TEST_F(FrameChannelTest, ADescriptorTravelsWithItsMessage) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(a_.send(wire::SharedSlot{3, 4096}, file.get()));
  ASSERT_TRUE(a_.send(wire::SharedHeld{}));
  ASSERT_EQ(b_.receive(batch_, hung_up_), 2u);
  EXPECT_TRUE(batch_[0].fd);
  EXPECT_NE(batch_[0].fd.get(), file.get());
  EXPECT_FALSE(batch_[1].fd);
  EXPECT_EQ(fcntl(batch_[0].fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FrameChannelTest, DescriptorsThatNobodyWantsAreClosed) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const size_t before = open_descriptors();
  for (const size_t count : {size_t{1}, size_t{2}, size_t{3}, size_t{200}}) {
    send_raw(8, std::vector<int>(count, file.get()));
    ASSERT_EQ(b_.receive(batch_, hung_up_), 1u);
    EXPECT_LE(open_descriptors(), before + 1);
    batch_ = {};
    EXPECT_EQ(open_descriptors(), before) << count;
  }
}

TEST_F(FrameChannelTest, AnEmptyMessageIsAHangUpAndLeavesNoDescriptorBehind) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const size_t before = open_descriptors();
  ASSERT_TRUE(a_.send(wire::SharedHeld{}));
  send_raw(0, {file.get()});
  send_raw(8, {file.get()});
  EXPECT_EQ(b_.receive(batch_, hung_up_), 1u);
  EXPECT_TRUE(hung_up_);
  batch_ = {};
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(FrameChannelTest, WhatWasSentBeforeAHangUpIsStillReceived) {
  ASSERT_TRUE(a_.send(wire::SharedRelease{Sequence(1)}));
  a_.shut_down();
  EXPECT_EQ(b_.receive(batch_, hung_up_), 1u);
  EXPECT_EQ(b_.receive(batch_, hung_up_), 0u);
  EXPECT_TRUE(hung_up_);
  EXPECT_FALSE(b_.send(wire::SharedHeld{}));
}

TEST_F(FrameChannelTest, ADescriptorThatIsNoSocketIsAHangUp) {
  const FrameChannel file(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)));
  EXPECT_EQ(file.receive(batch_, hung_up_), 0u);
  EXPECT_TRUE(hung_up_);
  EXPECT_FALSE(file.send(wire::SharedHeld{}));
}

TEST_F(FrameChannelTest, SendDoesNotWaitForRoom) {
  size_t sent = 0;
  while (sent < 1'000'000 && a_.send(wire::SharedHeld{})) ++sent;
  EXPECT_GT(sent, 0u);
  EXPECT_LT(sent, 1'000'000u);
}

TEST_F(FrameChannelTest, WaitEndsWithAMessageAWakeAHangUpOrTheDeadline) {
  const UniqueFd wake(eventfd(0, EFD_CLOEXEC));
  b_.wait(now() + 1ms, wake.get());
  EXPECT_EQ(b_.receive(batch_, hung_up_), 0u);

  std::thread sender([this] { a_.send(wire::SharedHeld{}); });
  b_.wait(Instant::max(), wake.get());
  EXPECT_EQ(b_.receive(batch_, hung_up_), 1u);
  sender.join();

  std::thread waker([&] { eventfd_write(wake.get(), 1); });
  b_.wait(Instant::max(), wake.get());
  waker.join();

  std::thread leaver([this] { a_.shut_down(); });
  b_.wait(Instant::max());
  leaver.join();
  EXPECT_EQ(b_.receive(batch_, hung_up_), 0u);
  EXPECT_TRUE(hung_up_);
}

}  // namespace
}  // namespace glimt::transport

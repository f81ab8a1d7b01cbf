#include "pipeline/shared_inlet.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "support/channel_peer.hpp"
#include "support/descriptors.hpp"

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;
using test::ChannelPeer;
using test::open_descriptors;
using wire::SharedAsk;
using wire::SharedFrame;
using wire::SharedHeld;
using wire::SharedRelease;
using wire::SharedSlot;

constexpr uint16_t kWidth = 64, kHeight = 48;
constexpr size_t kPixels = size_t{kWidth} * kHeight;
constexpr size_t kLimit = 1 << 20;

class SharedInletTest : public testing::Test {
 protected:
  explicit SharedInletTest(Mode mode = Mode::latest) : inlet_({mode, kLimit}) { attach(); }

  void attach() {
    auto pair = transport::FrameChannel::make_pair().value();
    sender_.emplace(std::move(pair.ours));
    inlet_.attach(std::move(pair.theirs), true);
  }
  // Announces memory of a slot and keeps the writer's side of it.
  void announce(uint8_t slot, size_t bytes = kPixels + 4096) {
    memory_[slot] = transport::make_shared_memory(bytes).value();
    ASSERT_TRUE(sender_->channel.send(SharedSlot{slot, bytes}, memory_[slot].fd.get()));
  }
  void hand_over(uint8_t slot, uint32_t number, uint32_t metadata_bytes = 0) {
    std::memset(memory_[slot].mapping.data(), static_cast<int>(number), kPixels);
    send(SharedFrame{slot, PixelFormat::gray8, kWidth, kHeight, Sequence(number), metadata_bytes, 1'000'000,
                     1'000'100});
  }
  void send(const wire::SharedMessage& message) { ASSERT_TRUE(sender_->channel.send(message)); }
  std::optional<media::Frame> read() { return inlet_.read(now()); }
  bool cut_off() {
    EXPECT_FALSE(inlet_.read(now() + 20s));
    return !inlet_.attached() && !sender_->channel.send(SharedHeld{});
  }

  SharedInlet inlet_;
  std::optional<ChannelPeer> sender_;
  std::array<transport::SharedMemory, wire::kMaxSharedSlots> memory_;
};

class SharedInletEveryTest : public SharedInletTest {
 protected:
  SharedInletEveryTest() : SharedInletTest(Mode::every) {}
};

TEST_F(SharedInletTest, APictureIsReadWhereTheSenderPutIt) {
  announce(0);
  std::memcpy(memory_[0].mapping.data() + kPixels, "abc", 3);
  hand_over(0, 7, 3);
  const auto frame = read();
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->read_only);
  EXPECT_EQ(frame->number, Sequence(7));
  EXPECT_EQ(as_text(frame->metadata), "abc");
  EXPECT_EQ(to_us(frame->stamps.captured_at), 1'000'000);
  EXPECT_EQ(frame->planes[0].data[0], 7);
  memory_[0].mapping.data()[0] = 99;
  EXPECT_EQ(frame->planes[0].data[0], 99) << "it is the same memory";
}

TEST_F(SharedInletTest, APictureIsGivenBackWhenItsLastFrameIsGone) {
  announce(0);
  hand_over(0, 7);
  auto frame = read();
  auto copy = frame;
  frame.reset();
  EXPECT_FALSE(sender_->next<SharedRelease>(0s));
  copy.reset();
  EXPECT_EQ(sender_->next<SharedRelease>()->number, Sequence(7));
}

TEST_F(SharedInletTest, WhoKeepsManyKeepsCopiesOfThem) {
  for (uint8_t i = 0; i < 2; ++i) announce(i);
  announce(2);
  std::vector<media::Frame> kept;
  for (uint32_t i = 0; i < 10; ++i) {
    const auto slot = static_cast<uint8_t>(std::min(i, 2u));
    hand_over(slot, 10 + i);
    kept.push_back(read().value());
    EXPECT_EQ(kept.back().read_only, i < 2);
    if (i < 2) continue;
    EXPECT_EQ(sender_->next<SharedRelease>()->number, Sequence(10 + i)) << "a copy was made";
  }
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(kept[i].planes[0].data[kPixels - 1], 10 + i);
}

TEST_F(SharedInletTest, TheNewestOfSeveralIsReadAndTheOthersAreGivenBack) {
  for (uint8_t i = 0; i < 3; ++i) {
    announce(i);
    hand_over(i, i + 1u);
  }
  EXPECT_EQ(read()->number, Sequence(3));
  EXPECT_EQ(sender_->next<SharedRelease>()->number, Sequence(1));
  EXPECT_EQ(sender_->next<SharedRelease>()->number, Sequence(2));
  EXPECT_EQ(inlet_.counters().dropped, 2u);
}

TEST_F(SharedInletTest, WhatIsHeldBackIsAskedForAndWaitedFor) {
  announce(0);
  announce(1);
  hand_over(0, 1);
  send(SharedHeld{});
  std::thread sender([this] {
    EXPECT_TRUE(sender_->next<SharedAsk>());
    hand_over(1, 9);
  });
  const auto frame = read();
  sender.join();
  ASSERT_TRUE(frame);
  // A sender that is too slow to answer is not waited for without end: then it is the one that was here.
  EXPECT_TRUE(frame->number == Sequence(9) || frame->number == Sequence(1));
}

TEST_F(SharedInletTest, ASenderThatHoldsBackForEverIsNotWaitedForForEver) {
  announce(0);
  hand_over(0, 1);
  for (int i = 0; i < 50; ++i) send(SharedHeld{});
  EXPECT_EQ(read()->number, Sequence(1));
}

TEST_F(SharedInletTest, AGapInTheNumbersIsCounted) {
  announce(0);
  hand_over(0, 0xFFFFFFFF);
  ASSERT_TRUE(read());
  hand_over(0, 4);
  ASSERT_TRUE(read());
  EXPECT_EQ(inlet_.counters().skipped, 4u);
}

TEST_F(SharedInletTest, ASlotMayBeGivenOtherMemoryWhilePicturesInItWait) {
  announce(0);
  hand_over(0, 5);
  auto old = std::move(memory_[0]);
  announce(0);
  std::memset(memory_[0].mapping.data(), 66, kPixels);
  const auto frame = read();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->planes[0].data[0], 5);
}

TEST_F(SharedInletTest, ABreachEndsTheChannelAndWhatCameBeforeIsRead) {
  announce(0);
  hand_over(0, 5);
  send(SharedRelease{Sequence(1)});
  EXPECT_EQ(read()->number, Sequence(5));
  EXPECT_TRUE(cut_off());
  EXPECT_EQ(inlet_.counters().refused, 1u);
}

TEST_F(SharedInletTest, RefusesPicturesOutsideOfTheirMemory) {
  const SharedFrame good{0, PixelFormat::gray8, kWidth, kHeight, Sequence(1), 0, 0, 0};
  auto larger = good, with_metadata = good, elsewhere = good;
  larger.height = kHeight + 100;
  with_metadata.metadata_bytes = 4097;
  elsewhere.slot = 1;
  for (const auto& bad : {larger, with_metadata, elsewhere}) {
    attach();
    announce(0);
    send(bad);
    EXPECT_TRUE(cut_off());
  }
  EXPECT_EQ(inlet_.counters().refused, 3u);
}

TEST_F(SharedInletTest, RefusesMemoryThatIsNone) {
  send(SharedSlot{0, 4096});
  EXPECT_TRUE(cut_off());
  attach();
  auto memory = transport::make_shared_memory(4096).value();
  ASSERT_TRUE(sender_->channel.send(SharedSlot{0, 4097}, memory.fd.get()));
  EXPECT_TRUE(cut_off());
}

TEST_F(SharedInletTest, APictureBeyondTheLimitIsGivenBackAndTheStreamGoesOn) {
  announce(0);
  send(SharedFrame{0, PixelFormat::bgr24, 1024, 1024, Sequence(1), 0, 0, 0});
  EXPECT_FALSE(read());
  EXPECT_EQ(sender_->next<SharedRelease>()->number, Sequence(1));
  hand_over(0, 2);
  EXPECT_EQ(read()->number, Sequence(2));
  EXPECT_EQ(inlet_.counters().refused, 1u);
}

TEST_F(SharedInletTest, NoMoreIsMappedThanTenPicturesOfTheLimit) {
  // Each is as large as allowed and waits in the place of the former.
  for (uint32_t i = 1; i <= 15; ++i) {
    announce(0, kLimit + 64 * 1024);
    hand_over(0, i);
  }
  ASSERT_TRUE(read());
  EXPECT_GT(inlet_.counters().refused, 0u) << "beyond the tenth they stay unmapped";
  announce(1);
  hand_over(1, 99);
  EXPECT_EQ(read()->number, Sequence(99)) << "what is read makes room";
}

TEST_F(SharedInletTest, SlotsWithoutEndEndTheChannel) {
  auto memory = transport::make_shared_memory(4096).value();
  const size_t before = open_descriptors();
  bool sent = true;
  for (int i = 0; i < 1000 && sent; ++i) {
    sent = sender_->channel.send(SharedSlot{static_cast<uint8_t>(i % 64), 4096}, memory.fd.get());
    if (i % 50 == 49) read();
  }
  EXPECT_FALSE(sent);
  while (inlet_.attached()) read();
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(SharedInletTest, CloseWakesAReader) {
  std::thread closer([this] { inlet_.close(); });
  EXPECT_FALSE(inlet_.read(Instant::max()));
  closer.join();
  EXPECT_FALSE(inlet_.read(Instant::max())) << "and every later one";
}

TEST_F(SharedInletTest, ANewChannelTakesTheOldOnesPlaceUnderAReader) {
  std::optional<media::Frame> got;
  std::thread reader([&] {
    while (!got) got = inlet_.read(now() + 20s);
  });
  attach();
  announce(0);
  hand_over(0, 3);
  reader.join();
  EXPECT_EQ(got->number, Sequence(3));
}

TEST_F(SharedInletTest, AFrameOutlivesInletAndSender) {
  std::optional<media::Frame> frame;
  {
    SharedInlet other({Mode::latest, kLimit});
    auto pair = transport::FrameChannel::make_pair().value();
    sender_.emplace(std::move(pair.ours));
    other.attach(std::move(pair.theirs), false);
    announce(0);
    hand_over(0, 8);
    frame = other.read(now());
    memory_[0] = {};
    sender_.reset();
  }
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->planes[0].data[kPixels - 1], 8);
  EXPECT_EQ(frame->stamps.captured_at, Instant{}) << "of another clock";
}

TEST_F(SharedInletEveryTest, EachIsReadInOrder) {
  for (uint8_t i = 0; i < 4; ++i) {
    announce(i);
    hand_over(i, i + 1u);
  }
  for (uint32_t i = 1; i <= 4; ++i) EXPECT_EQ(read()->number, Sequence(i));
  EXPECT_EQ(inlet_.counters().dropped, 0u);
}

TEST_F(SharedInletEveryTest, MoreThanItsCreditEndsTheChannel) {
  announce(0);
  for (uint32_t i = 1; i <= 17; ++i) hand_over(0, i);
  for (uint32_t i = 1; i <= 16; ++i) ASSERT_TRUE(read()) << i;
  EXPECT_TRUE(cut_off());
}

}  // namespace
}  // namespace glimt::pipeline

#include "pipeline/shared_stream.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>

#include "support/channel_peer.hpp"

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;
using test::ChannelPeer;
using wire::SharedAsk;
using wire::SharedFrame;
using wire::SharedHeld;
using wire::SharedRelease;
using wire::SharedSlot;

constexpr int kWidth = 64, kHeight = 48;

class SharedStreamTest : public testing::Test {
 protected:
  explicit SharedStreamTest(std::optional<size_t> slots = {})
      : stream_(*loop_, slots), thread_([this] { loop_->run(); }) {}
  ~SharedStreamTest() override {
    loop_->stop();
    thread_.join();
  }

  struct Guest {
    uint32_t id;
    ChannelPeer peer;
  };
  std::unique_ptr<Guest> attach(Mode mode = Mode::latest) {
    std::unique_ptr<Guest> guest;
    loop_->call([&] {
      auto receiver = stream_.attach(mode).value();
      guest.reset(new Guest{receiver.id, ChannelPeer(std::move(receiver.theirs))});
    });
    return guest;
  }
  void detach(const Guest& guest) {
    loop_->call([&] { stream_.detach(guest.id); });
  }
  Result<void> publish(uint8_t shade, std::vector<uint8_t> metadata = {}) {
    auto frame = stream_.borrow(PixelFormat::gray8, kWidth, kHeight);
    if (!frame) return frame.error();
    std::memset(frame->planes[0].data, shade, kWidth * kHeight);
    frame->metadata = std::move(metadata);
    return stream_.publish(*frame);
  }
  template <class Condition>
  bool eventually(Condition condition) {
    for (const Instant deadline = now() + 20s; now() < deadline; std::this_thread::sleep_for(1ms)) {
      if (condition()) return true;
    }
    return false;
  }

  std::unique_ptr<transport::EventLoop> loop_ = transport::EventLoop::create().value();
  SharedStream stream_;
  std::thread thread_;
};

constexpr size_t kFew = 4;
class FewSlots : public SharedStreamTest {
 protected:
  FewSlots() : SharedStreamTest(kFew) {}
};

TEST_F(SharedStreamTest, ThePictureLiesInMemoryThatIsAnnouncedOnce) {
  const auto guest = attach();
  ASSERT_TRUE(publish(7, {1, 2, 3}));
  const auto slot = guest->peer.next<SharedSlot>();
  ASSERT_TRUE(slot);
  const auto memory = transport::map_shared_memory(guest->peer.fd.get(), slot->bytes).value();
  const auto frame = guest->peer.next<SharedFrame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->slot, slot->slot);
  EXPECT_EQ(frame->width, kWidth);
  EXPECT_EQ(frame->height, kHeight);
  EXPECT_EQ(memory.data()[0], 7);
  EXPECT_EQ(memory.data()[kWidth * kHeight - 1], 7);
  ASSERT_EQ(frame->metadata_bytes, 3u);
  EXPECT_EQ(memory.data()[kWidth * kHeight + 2], 3);

  size_t announced = 1;
  for (int i = 0; i < 50; ++i) {
    guest->peer.channel.send(SharedRelease{Sequence(static_cast<uint32_t>(i + 1))});
    ASSERT_TRUE(publish(1));
    guest->peer.gather();
    for (const auto& c : guest->peer.came) announced += std::holds_alternative<SharedSlot>(c.message);
    guest->peer.came.clear();
  }
  EXPECT_LE(announced, 3u) << "of few slots each once";
}

TEST_F(SharedStreamTest, ABorrowedFrameIsNotCopied) {
  auto frame = stream_.borrow(PixelFormat::bgr24, kWidth, kHeight).value();
  const uint8_t* drawn = frame.planes[0].data;
  ASSERT_TRUE(stream_.publish(frame));
  EXPECT_EQ(frame.planes[0].data, drawn);
  EXPECT_EQ(stream_.newest().planes[0].data, drawn);
}

TEST_F(SharedStreamTest, AnothersFrameIsCopiedOnce) {
  media::BufferPool buffers;
  auto frame = media::make_frame(buffers, PixelFormat::gray8, kWidth, kHeight);
  std::memset(frame.planes[0].data, 5, kWidth * kHeight);
  const uint8_t* drawn = frame.planes[0].data;
  ASSERT_TRUE(stream_.publish(frame));
  EXPECT_NE(frame.planes[0].data, drawn);
  EXPECT_EQ(frame.planes[0].data[kWidth * kHeight - 1], 5);
}

TEST_F(SharedStreamTest, BeyondItsCreditAReceiverIsToldOnceThatANewerOneIsHeldBack) {
  const auto guest = attach();
  for (uint8_t i = 1; i <= 10; ++i) ASSERT_TRUE(publish(i));
  guest->peer.gather();
  size_t frames = 0, held = 0;
  for (const auto& c : guest->peer.came) {
    frames += std::holds_alternative<SharedFrame>(c.message);
    held += std::holds_alternative<SharedHeld>(c.message);
  }
  EXPECT_EQ(frames, SharedStream::kCredit);
  EXPECT_EQ(held, 1u);
  EXPECT_EQ(stream_.counters(guest->id).dropped, 10 - SharedStream::kCredit);
}

TEST_F(SharedStreamTest, EachOfManyMayKeepPicturesOfItsOwnAndTheStreamGoesOn) {
  std::vector<std::unique_ptr<Guest>> guests;
  for (uint8_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(publish(i)) << guests.size() << " receivers keep all that they were lent";
    guests.push_back(attach());
  }
  for (uint8_t i = 0; i < 100; ++i) ASSERT_TRUE(publish(i));
  for (const auto& guest : guests) {
    EXPECT_GE(stream_.counters(guest->id).frames, 1u);
    detach(*guest);
  }
}

TEST_F(FewSlots, AreNotExceeded) {
  std::vector<std::unique_ptr<Guest>> guests;
  std::set<uint8_t> slots;
  for (uint8_t i = 0; i < 10; ++i) {
    guests.push_back(attach());
    const bool published = publish(i).has_value();
    EXPECT_TRUE(published || i >= 2) << "with so many slots the second can look at one too";
    for (auto& guest : guests) {
      guest->peer.gather();
      for (const auto& came : guest->peer.came) {
        if (const auto* slot = std::get_if<SharedSlot>(&came.message)) slots.insert(slot->slot);
      }
    }
  }
  EXPECT_LE(slots.size(), kFew);
}

TEST_F(SharedStreamTest, WhoGivesOneBackGetsTheNewestWithoutAFurtherPublish) {
  const auto guest = attach();
  for (uint8_t i = 1; i <= 10; ++i) ASSERT_TRUE(publish(i));
  ASSERT_TRUE(guest->peer.next<SharedHeld>());
  guest->peer.channel.send(SharedRelease{Sequence(1)});
  const auto frame = guest->peer.next<SharedFrame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->number, Sequence(10));
}

TEST_F(SharedStreamTest, WhoAsksGetsTheNewestBeyondItsCredit) {
  const auto guest = attach();
  for (uint8_t i = 1; i <= 10; ++i) ASSERT_TRUE(publish(i));
  ASSERT_TRUE(guest->peer.next<SharedHeld>());
  guest->peer.channel.send(SharedAsk{});
  const auto frame = guest->peer.next<SharedFrame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->number, Sequence(10));
}

TEST_F(SharedStreamTest, WhoJoinsInLatestModeSeesTheLastPicture) {
  ASSERT_TRUE(publish(1));
  ASSERT_TRUE(publish(2));
  const auto latest = attach(), every = attach(Mode::every);
  EXPECT_EQ(latest->peer.next<SharedFrame>()->number, Sequence(2));
  ASSERT_TRUE(publish(3));
  EXPECT_EQ(every->peer.next<SharedFrame>()->number, Sequence(3));
}

TEST_F(SharedStreamTest, EveryWaitsForRoomAndGoesOnWhenOneIsGivenBack) {
  const auto guest = attach(Mode::every);
  for (size_t i = 0; i < SharedStream::kCreditEvery; ++i) {
    EXPECT_TRUE(stream_.wait_for_room(now()));
    ASSERT_TRUE(publish(1));
  }
  EXPECT_FALSE(stream_.wait_for_room(now() + 1ms));
  std::thread reader([&] { guest->peer.channel.send(SharedRelease{Sequence(2)}); });
  EXPECT_TRUE(stream_.wait_for_room(now() + 20s));
  reader.join();
}

TEST_F(SharedStreamTest, AHangUpGivesEverythingBack) {
  for (int round = 0; round < 20; ++round) {
    const auto guest = attach();
    for (uint8_t i = 0; i < 4; ++i) ASSERT_TRUE(publish(i));
  }
  EXPECT_TRUE(eventually([&] { return stream_.is_gone(1) && stream_.is_gone(20); }));
  std::vector<media::Frame> frames;
  for (int i = 0; i < 5; ++i) frames.push_back(stream_.borrow(PixelFormat::gray8, kWidth, kHeight).value());
}

TEST_F(SharedStreamTest, WhatADetachedReceiverHasIsNotWrittenAgain) {
  const auto guest = attach();
  ASSERT_TRUE(publish(9));
  const auto slot = guest->peer.next<SharedSlot>().value();
  const auto memory = transport::map_shared_memory(guest->peer.fd.get(), slot.bytes).value();
  detach(*guest);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(publish(1));
  EXPECT_EQ(memory.data()[0], 9);
  EXPECT_TRUE(stream_.is_gone(guest->id));
}

TEST_F(SharedStreamTest, WhoSendsWhatIsNoMessageIsCutOffAndTheOthersAreNot) {
  const auto honest = attach();
  for (const wire::SharedMessage& bogus :
       {wire::SharedMessage(SharedRelease{Sequence(12345)}), wire::SharedMessage(SharedAsk{}),
        wire::SharedMessage(SharedHeld{}), wire::SharedMessage(SharedSlot{0, 4096}),
        wire::SharedMessage(SharedFrame{0, PixelFormat::gray8, 1, 1, {}, 0, 0, 0})}) {
    const auto hostile = attach();
    for (int i = 0; i < 17; ++i) hostile->peer.channel.send(bogus);
    ASSERT_TRUE(publish(1));
    EXPECT_TRUE(stream_.is_gone(hostile->id)) << bogus.index();
    EXPECT_EQ(stream_.counters(hostile->id).refused, 17u);
    EXPECT_FALSE(stream_.is_gone(honest->id));
    const auto frame = honest->peer.next<SharedFrame>();
    ASSERT_TRUE(frame);
    honest->peer.channel.send(SharedRelease{frame->number});
  }
}

TEST_F(SharedStreamTest, WhoHoardsWhileNoSlotIsLeftIsCutOffAfterItsTime) {
  const auto hoarder = attach(), honest = attach();
  std::vector<media::Frame> held;  // what the program itself keeps
  for (uint8_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(publish(i));
    const auto frame = honest->peer.next<SharedFrame>();
    honest->peer.channel.send(SharedRelease{frame.value().number});
  }
  while (auto frame = stream_.borrow(PixelFormat::gray8, kWidth, kHeight)) held.push_back(std::move(*frame));
  EXPECT_TRUE(eventually([&] { return publish(4).operator bool(); })) << "the stream goes on";
  EXPECT_TRUE(stream_.is_gone(hoarder->id));
  EXPECT_FALSE(stream_.is_gone(honest->id));
}

TEST_F(SharedStreamTest, APictureWithoutASlotIsCountedForEachReceiver) {
  const auto guest = attach();
  ASSERT_TRUE(publish(1));
  std::vector<media::Frame> held;
  while (auto frame = stream_.borrow(PixelFormat::gray8, kWidth, kHeight)) held.push_back(std::move(*frame));
  media::BufferPool buffers;
  auto frame = media::make_frame(buffers, PixelFormat::gray8, kWidth, kHeight);
  const auto published = stream_.publish(frame);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(stream_.counters(guest->id).dropped, 1u);
  held.clear();
  ASSERT_TRUE(publish(2));
  ASSERT_TRUE(guest->peer.next<SharedFrame>());
  EXPECT_EQ(guest->peer.next<SharedFrame>()->number, Sequence(3)) << "a gap tells";
}

}  // namespace
}  // namespace glimt::pipeline

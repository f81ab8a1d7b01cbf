#include "wire/shared_frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "wire/descriptor.hpp"

namespace glimt::wire {
namespace {

std::vector<uint8_t> bytes_of(const SharedMessage& message) {
  std::vector<uint8_t> bytes(kSharedMessageBytes);
  bytes.resize(serialize(bytes, message));
  return bytes;
}

SharedFrame frame() {
  return {63, PixelFormat::bgrf32, 7680, 4320, Sequence(0xFFFFFFFE), 65536, 1'000'000'000'000, -5};
}

bool refused(void (*bend)(SharedFrame&)) {
  SharedFrame bent = frame();
  bend(bent);
  return !parse_shared(bytes_of(bent));
}

TEST(SharedFrameTest, APictureComesBackAsItWas) {
  const auto back = parse_shared(bytes_of(frame()));
  ASSERT_TRUE(back);
  const auto& f = std::get<SharedFrame>(*back);
  EXPECT_EQ(f.slot, 63);
  EXPECT_EQ(f.format, PixelFormat::bgrf32);
  EXPECT_EQ(f.width, 7680);
  EXPECT_EQ(f.height, 4320);
  EXPECT_EQ(f.number, Sequence(0xFFFFFFFE));
  EXPECT_EQ(f.metadata_bytes, 65536u);
  EXPECT_EQ(f.captured_us, 1'000'000'000'000);
  EXPECT_EQ(f.sent_us, -5);
}

TEST(SharedFrameTest, EveryOtherMessageComesBackAsItWas) {
  const auto slot = std::get<SharedSlot>(parse_shared(bytes_of(SharedSlot{5, uint64_t{1} << 40})).value());
  EXPECT_EQ(slot.slot, 5);
  EXPECT_EQ(slot.bytes, uint64_t{1} << 40);
  EXPECT_EQ(std::get<SharedRelease>(parse_shared(bytes_of(SharedRelease{Sequence(77)})).value()).number,
            Sequence(77));
  EXPECT_TRUE(std::holds_alternative<SharedHeld>(parse_shared(bytes_of(SharedHeld{})).value()));
  EXPECT_TRUE(std::holds_alternative<SharedAsk>(parse_shared(bytes_of(SharedAsk{})).value()));
}

TEST(SharedFrameTest, NoMessageIsLongerThanItsBound) {
  for (const SharedMessage& message :
       {SharedMessage(SharedSlot{0, 1}), SharedMessage(frame()), SharedMessage(SharedHeld{}),
        SharedMessage(SharedRelease{}), SharedMessage(SharedAsk{})}) {
    const auto bytes = bytes_of(message);
    EXPECT_GT(bytes.size(), 0u);
    std::vector<uint8_t> short_room(bytes.size() - 1);
    EXPECT_EQ(serialize(short_room, message), 0u);
  }
}

TEST(SharedFrameTest, RefusesWhatIsCutShort) {
  for (const SharedMessage& message :
       {SharedMessage(SharedSlot{0, 1}), SharedMessage(frame()), SharedMessage(SharedHeld{}),
        SharedMessage(SharedRelease{}), SharedMessage(SharedAsk{})}) {
    const auto bytes = bytes_of(message);
    for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_shared(Bytes(bytes).first(size)));
  }
}

TEST(SharedFrameTest, RefusesAPictureOutsideItsRanges) {
  EXPECT_TRUE(refused([](SharedFrame& f) { f.slot = kMaxSharedSlots; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.format = PixelFormat{0}; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.format = PixelFormat{11}; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.width = 0; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.height = 0; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.metadata_bytes = kMaxMetadataBytes + 1; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.captured_us = INT64_MAX; }));
  EXPECT_TRUE(refused([](SharedFrame& f) { f.sent_us = INT64_MIN; }));
}

TEST(SharedFrameTest, RefusesMemoryOfNoBytesAndSlotsThatNobodyHas) {
  EXPECT_FALSE(parse_shared(bytes_of(SharedSlot{0, 0})));
  EXPECT_FALSE(parse_shared(bytes_of(SharedSlot{kMaxSharedSlots, 1})));
}

TEST(SharedFrameTest, RefusesAKindThatIsNone) {
  auto bytes = bytes_of(frame());
  for (const int kind : {0, 6, 255}) {
    bytes[0] = static_cast<uint8_t>(kind);
    EXPECT_FALSE(parse_shared(bytes)) << kind;
  }
}

}  // namespace
}  // namespace glimt::wire

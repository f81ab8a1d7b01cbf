#include "web/live_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/descriptor.hpp"

namespace glimt::web {
namespace {

using testing::ElementsAre;

constexpr size_t kUnitBytes = 16;

media::UnitInfo unit_info(int strips = 1) {
  media::UnitInfo info;
  info.width = 640;
  info.height = 360;
  info.strips = strips;
  info.number = Sequence(0x01020304);
  info.stamps.captured_at = Instant(std::chrono::microseconds(1000));
  return info;
}

std::vector<uint8_t> head_of(const media::UnitInfo& info, bool discontinuity = false) {
  std::vector<uint8_t> head(7, 0xEE);  // whatever stood there
  write_unit_head(info, discontinuity, Instant(std::chrono::microseconds(0x0001020304050607)), head);
  return head;
}

uint16_t integrity_of(const media::UnitInfo& info) {
  const auto head = head_of(info);
  return static_cast<uint16_t>(head[2] | head[3] << 8);
}

uint8_t flags_of(bool key, bool discontinuity) {
  auto info = unit_info();
  info.key = key;
  return head_of(info, discontinuity)[1];
}

// Type, three zero bytes, and what follows.
std::vector<uint8_t> message(uint8_t type, std::vector<uint8_t> body) {
  body.insert(body.begin(), {type, 0, 0, 0});
  return body;
}

TEST(LiveMessages, AUnitSaysWhatItIsInLittleEndian) {
  const auto head = head_of(unit_info());
  const std::vector<uint8_t> front(head.begin(), head.begin() + kUnitBytes);
  EXPECT_THAT(front, ElementsAre(1, 1, 0xFF, 0xFF, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0));
}

TEST(LiveMessages, AUnitTellsAKeyFrameAndAGapBeforeIt) {
  EXPECT_EQ(flags_of(false, false), 0);
  EXPECT_EQ(flags_of(true, false), 1);
  EXPECT_EQ(flags_of(false, true), 2);
  EXPECT_EQ(flags_of(true, true), 3);
}

TEST(LiveMessages, IntegrityIsTheShareOfStripsThatCame) {
  auto info = unit_info(4);
  EXPECT_EQ(integrity_of(info), 65535);
  info.missing.set(3);
  EXPECT_EQ(integrity_of(info), 49151);
  for (size_t strip = 0; strip < 3; ++strip) info.missing.set(strip);
  EXPECT_EQ(integrity_of(info), 0);
  info.strips = 1;  // fewer than are missing
  EXPECT_EQ(integrity_of(info), 0);
}

TEST(LiveMessages, TheDescriptorEndsTheHeadWithItsLengthInFront) {
  auto info = unit_info();
  info.metadata.assign(300, 9);
  const auto head = head_of(info);
  ByteReader behind(Bytes(head).subspan(kUnitBytes));
  const size_t length = behind.u32();
  EXPECT_EQ(length, behind.left());
  const auto descriptor = wire::parse_descriptor(behind.rest());
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->width, 640);
  EXPECT_EQ(descriptor->captured_us, 1000);
  EXPECT_EQ(descriptor->metadata.size(), 300u);
}

TEST(LiveMessages, TakenIsANumberOfFourBytes) {
  const auto parsed = parse_viewer_message(message(3, {0xFE, 0xFF, 0xFF, 0xFF}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<Taken>(*parsed).frame, Sequence(0xFFFFFFFE));
}

TEST(LiveMessages, AClockComesBackAsItWasWritten) {
  const wire::Clock asked{.is_answer = false, .asked_us = 1, .received_us = -2, .answered_us = 1LL << 49};
  std::vector<uint8_t> bytes(99, 0xEE);
  write_clock(asked, bytes);
  EXPECT_EQ(bytes.size(), 32u);
  const auto parsed = parse_viewer_message(bytes);
  ASSERT_TRUE(parsed);
  const auto& clock = std::get<wire::Clock>(*parsed);
  EXPECT_FALSE(clock.is_answer);
  EXPECT_EQ(clock.asked_us, 1);
  EXPECT_EQ(clock.received_us, -2);
  EXPECT_EQ(clock.answered_us, 1LL << 49);
}

TEST(LiveMessages, RefusesWhatBreaksItsFormat) {
  std::vector<uint8_t> of_no_time = message(2, std::vector<uint8_t>(28));
  of_no_time[15] = 0x7F;  // the highest byte of `asked`
  for (const auto& hostile :
       std::vector<std::vector<uint8_t>>{{},
                                         {3},
                                         {3, 0, 0},
                                         message(3, {}),
                                         message(3, {1, 0, 0}),
                                         message(3, {1, 0, 0, 0, 0}),
                                         {3, 1, 0, 0, 1, 0, 0, 0},  // what is to be zero
                                         {3, 0, 1, 0, 1, 0, 0, 0},
                                         {3, 0, 0, 1, 1, 0, 0, 0},
                                         message(0, {1, 0, 0, 0}),
                                         message(1, std::vector<uint8_t>(60)),  // only the server sends units
                                         message(4, {1, 0, 0, 0}),
                                         message(2, std::vector<uint8_t>(27)),
                                         message(2, std::vector<uint8_t>(28, 0xFF)),
                                         of_no_time}) {
    EXPECT_FALSE(parse_viewer_message(hostile)) << testing::PrintToString(hostile);
  }
}

}  // namespace
}  // namespace glimt::web

#include "packetize/symbol_packetizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "wire/descriptor.hpp"

namespace glimt::packetize {
namespace {

// Symbols of 104 bytes: 100 of payload.
class SymbolPacketizerTest : public ::testing::Test {
 protected:
  static constexpr size_t kPayload = 100;

  SymbolPacketizerTest() {
    auto& info = unit_->info;
    info.codec = Codec::raw;
    info.format = PixelFormat::gray8;
    info.width = 640;
    info.height = 480;
    info.number = Sequence(9);
    info.clock_id = 77;
    info.stamps.captured_at = from_us(5'000'000);
    info.stamps.encoded_at = from_us(5'001'500);
  }

  Ref<SymbolUnit> packetize(const std::vector<std::string>& strips, bool discontinuity = false) {
    unit_->info.strips = static_cast<int>(strips.size());
    auto to = packetizer_.begin(unit_, discontinuity);
    for (size_t i = 0; i < strips.size(); ++i) {
      EXPECT_TRUE(packetizer_.add(
          *to, {Ref<Shared>(), as_bytes(strips_.emplace_back(strips[i])), static_cast<int>(i)}));
    }
    packetizer_.end(*to).value();
    return to;
  }
  // Of one strip that leaves no room in its last symbol, together with the descriptor.
  std::string strip_filling(size_t symbols) {
    const auto probe = packetize({"x"});
    return std::string(symbols * kPayload - probe->descriptor.size(), 's');
  }
  static wire::SymbolPrefix prefix_of(const Symbol& symbol) {
    ByteReader in(symbol.prefix);
    return {in.u16(), in.u8(), in.u8()};
  }
  static std::string payload_of(const Symbol& s) {
    return std::string(as_text(s.descriptor_part)) + std::string(as_text(s.strip_part));
  }
  static std::string bytes_of(const SymbolUnit& unit, int strip) {
    std::string bytes;
    for (const auto& s : unit.symbols) {
      if (prefix_of(s).strip == strip) bytes += payload_of(s);
    }
    return bytes;
  }

  SymbolPacketizer packetizer_{kPayload + wire::kPrefixBytes};
  Ref<media::AccessUnit> unit_{new media::AccessUnit};
  std::deque<std::string> strips_;  // symbols are views into them
};

TEST_F(SymbolPacketizerTest, OneByteIsOneSymbolWithTheDescriptorInFront) {
  const auto unit = packetize({"x"});
  ASSERT_EQ(unit->symbols.size(), 1u);
  EXPECT_EQ(unit->frame, Sequence(9));
  EXPECT_TRUE(unit->complete);
  EXPECT_EQ(unit->blocks, 1);
  const auto prefix = prefix_of(unit->symbols[0]);
  EXPECT_EQ(prefix.flags, wire::kStripStart | wire::kStripEnd | wire::kFrameEnd | wire::kKeyFrame);
  EXPECT_EQ(prefix.length, payload_of(unit->symbols[0]).size());
  EXPECT_EQ(payload_of(unit->symbols[0]).back(), 'x');
  EXPECT_EQ(unit->bytes, prefix.length);
}

TEST_F(SymbolPacketizerTest, DescriptorSaysWhatTheUnitSays) {
  const std::string metadata = "user bytes";
  unit_->info.metadata.assign(metadata.begin(), metadata.end());
  const auto unit = packetize({"x"});
  const auto d = wire::parse_descriptor(Bytes(unit->descriptor).subspan(wire::kDescriptorLengthBytes));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->codec, Codec::raw);
  EXPECT_EQ(d->format, PixelFormat::gray8);
  EXPECT_EQ(d->width, 640);
  EXPECT_EQ(d->height, 480);
  EXPECT_EQ(d->captured_us, 5'000'000);
  EXPECT_EQ(d->encoded_after_us, 1500u);
  EXPECT_EQ(d->clock_id, 77u);
  EXPECT_EQ(as_text(d->metadata), metadata);
}

TEST_F(SymbolPacketizerTest, EverySymbolIsFullButTheLastOfItsStrip) {
  const auto unit = packetize({std::string(1000, 'a'), std::string(250, 'b'), std::string(1, 'c')});
  for (size_t i = 0; i < unit->symbols.size(); ++i) {
    const auto prefix = prefix_of(unit->symbols[i]);
    EXPECT_EQ(prefix.length, payload_of(unit->symbols[i]).size());
    EXPECT_TRUE(prefix.length == kPayload || (prefix.flags & wire::kStripEnd)) << i;
  }
}

TEST_F(SymbolPacketizerTest, ExactMultipleOfThePayloadTakesNoFurtherSymbol) {
  const std::string strip = strip_filling(3);
  EXPECT_EQ(packetize({strip})->symbols.size(), 3u);
  EXPECT_EQ(packetize({strip + "!"})->symbols.size(), 4u);
  EXPECT_EQ(packetize({strip.substr(1)})->symbols.size(), 3u);
}

TEST_F(SymbolPacketizerTest, EmptyStripStillTakesASymbol) {
  const auto unit = packetize({"a", "", "c"});
  ASSERT_EQ(unit->symbols.size(), 3u);
  EXPECT_EQ(prefix_of(unit->symbols[1]).length, 0);
  EXPECT_EQ(prefix_of(unit->symbols[1]).strip, 1);
}

TEST_F(SymbolPacketizerTest, StripsComeBackByteForByteAndEachStartsASymbol) {
  const std::vector<std::string> strips{std::string(333, 'a'), std::string(200, 'b'), "c"};
  const auto unit = packetize(strips);
  EXPECT_EQ(bytes_of(*unit, 0), std::string(as_text(unit->descriptor)) + strips[0]);
  EXPECT_EQ(bytes_of(*unit, 1), strips[1]);
  EXPECT_EQ(bytes_of(*unit, 2), strips[2]);
  EXPECT_EQ(unit->strips, 3);
}

TEST_F(SymbolPacketizerTest, FlagsMarkStartAndEndOfEachStripAndOfTheFrame) {
  const auto unit = packetize({std::string(40, 'a'), std::string(200, 'b')});
  std::vector<int> flags;
  for (const auto& s : unit->symbols) flags.push_back(prefix_of(s).flags & ~wire::kKeyFrame);
  const int start = wire::kStripStart, end = wire::kStripEnd, last = wire::kFrameEnd;
  EXPECT_THAT(flags, ::testing::ElementsAre(start | end, start, end | last));
}

TEST_F(SymbolPacketizerTest, EverySymbolSaysKeyAndDiscontinuity) {
  const auto key = packetize({std::string(300, 'a')}, true);
  unit_->info.key = false;
  const auto delta = packetize({std::string(300, 'a')}, false);
  for (const auto& s : key->symbols)
    EXPECT_EQ(prefix_of(s).flags & 0x18, wire::kKeyFrame | wire::kDiscontinuity);
  for (const auto& s : delta->symbols) EXPECT_EQ(prefix_of(s).flags & 0x18, 0);
}

TEST_F(SymbolPacketizerTest, LargestMetadataSpansSymbolsInFrontOfTheStrip) {
  unit_->info.metadata.assign(media::kMaxMetadataBytes, 'm');
  const auto unit = packetize({"strip"});
  EXPECT_GT(unit->symbols.size(), 655u);
  const std::string bytes = bytes_of(*unit, 0);
  ByteReader in(as_bytes(bytes));
  const auto d = wire::parse_descriptor(in.take(in.u32()));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->metadata.size(), media::kMaxMetadataBytes);
  EXPECT_EQ(as_text(in.rest()), "strip");
}

TEST_F(SymbolPacketizerTest, ChecksumOfASymbolIsThatOfPrefixAndPayload) {
  const auto unit = packetize({std::string(300, 'a')});
  for (const auto& s : unit->symbols)
    EXPECT_EQ(s.checksum, wire::symbol_checksum(s.prefix, as_bytes(payload_of(s))));
}

TEST_F(SymbolPacketizerTest, SingleStripHasAsManyBlocksAsItNeeds) {
  EXPECT_EQ(packetize({strip_filling(128)})->blocks, 1);
  EXPECT_EQ(packetize({strip_filling(129)})->blocks, 2);
  EXPECT_EQ(packetize({strip_filling(1280)})->blocks, 10);
}

TEST_F(SymbolPacketizerTest, BlocksOfStripsThatComeOneByOneArePredictedFromTheUnitBefore) {
  const std::string half(200 * kPayload, 'h');
  EXPECT_EQ(packetize({half, half})->blocks, 1);
  EXPECT_EQ(packetize({half, half})->blocks, 4);  // of 401 symbols and a quarter more
}

TEST_F(SymbolPacketizerTest, UnitBeyondWhatBlocksHoldIsAbandonedAsExhausted) {
  const auto probe = packetize({"x"});
  const size_t room = 255 * wire::kMaxBlockSymbols * kPayload - probe->descriptor.size();
  const std::string fits(room, 'x'), one_more(room + 1, 'x');
  EXPECT_FALSE(packetize({fits})->abandoned);

  unit_->info.strips = 1;
  auto to = packetizer_.begin(unit_, false);
  const auto added = packetizer_.add(*to, {Ref<Shared>(), as_bytes(one_more), 0});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::exhausted);
  EXPECT_TRUE(to->abandoned);
}

TEST_F(SymbolPacketizerTest, NextUnitIsUntouchedByAnAbandonedOne) {
  unit_->info.strips = 1;
  auto to = packetizer_.begin(unit_, true);
  const std::string too_large(300 * wire::kMaxBlockSymbols * kPayload, 'x');
  EXPECT_FALSE(packetizer_.add(*to, {Ref<Shared>(), as_bytes(too_large), 0}));
  to = {};
  const auto next = packetize({"y"});
  EXPECT_FALSE(next->abandoned);
  EXPECT_EQ(next->symbols.size(), 1u);
  EXPECT_EQ(prefix_of(next->symbols[0]).flags & wire::kDiscontinuity, 0);
}

}  // namespace
}  // namespace glimt::packetize

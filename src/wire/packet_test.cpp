#include "wire/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "base/crc32c.hpp"

namespace glimt::wire {
namespace {

using Datagram = std::vector<uint8_t>;

// Builds packets the way a sender does, so that a test bends one field and asks what becomes of it.
class PacketTest : public ::testing::Test {
 protected:
  Datagram control(Type type, Bytes body) {
    Datagram buffer(kMinPacketBytes + body.size());
    header_.type = type;
    const Bytes packet = seal_control(buffer, header_, body);
    return {packet.begin(), packet.end()};
  }

  Datagram data() {
    header_.type = Type::data;
    Datagram datagram(kDataHeaderBytes);
    ByteWriter headers(datagram);
    serialize(headers, header_);
    serialize(headers, data_);
    std::array<uint8_t, kPrefixBytes> prefix{};
    ByteWriter out(prefix);
    serialize(out, prefix_);
    const uint32_t checksum = packet_checksum(symbol_checksum(prefix, payload_), datagram);
    datagram.insert(datagram.end(), prefix.begin(), prefix.end());
    datagram.insert(datagram.end(), payload_.begin(), payload_.end());
    std::array<uint8_t, kTagBytes> tag{};
    write_tag(tag, checksum);
    datagram.insert(datagram.end(), tag.begin(), tag.end());
    return datagram;
  }

  Datagram parity() {
    header_.type = Type::parity;
    std::vector<uint8_t> body(kDataHeaderBytes - kHeaderBytes);
    ByteWriter out(body);
    serialize(out, data_);
    body.insert(body.end(), payload_.begin(), payload_.end());
    Datagram datagram = control(Type::parity, body);
    reseal(datagram);
    return datagram;
  }

  // What a program that speaks the format wrongly would send: its checksum holds nevertheless.
  static void reseal(Datagram& datagram) {
    const size_t headers = datagram[1] == 2 || datagram[1] == 3 ? kDataHeaderBytes : kHeaderBytes;
    const auto behind = Bytes(datagram).subspan(headers, datagram.size() - headers - kTagBytes);
    write_tag(std::span(datagram).last<kTagBytes>(),
              packet_checksum(crc32c(behind), Bytes(datagram).first(headers)));
  }

  static std::optional<Refusal> refusal_of(const Datagram& datagram) {
    const auto packet = parse_packet(datagram);
    if (!packet.packet) return packet.refusal;
    if (packet.packet->header.type == Type::parity) {
      const auto row = parse_parity(*packet.packet);
      return row.packet ? std::nullopt : std::optional(row.refusal);
    }
    if (packet.packet->header.type != Type::data) return std::nullopt;
    const auto symbol = parse_data(*packet.packet);
    if (!symbol.packet) return symbol.refusal;
    return std::nullopt;
  }
  std::optional<Refusal> refusal_of_data() { return refusal_of(data()); }

  Header header_{Type::data, 0, 3, 0xA1B2C3D4, 0x0102030405060708};
  DataHeader data_{Sequence(0xFFFFFFFE), 0xCAFEF00D, 5, 1, 2, 9, 1, 4, 1234};
  std::vector<uint8_t> payload_ = std::vector<uint8_t>(100, 0x5A);
  SymbolPrefix prefix_{100, 3, kStripStart | kKeyFrame};
};

TEST_F(PacketTest, ControlPacketComesBackAsItWasSealed) {
  const Datagram datagram = control(Type::skip, as_bytes("body"));
  const auto parsed = parse_packet(datagram);
  ASSERT_TRUE(parsed.packet);
  EXPECT_EQ(parsed.packet->header.type, Type::skip);
  EXPECT_EQ(parsed.packet->header.stream, 3);
  EXPECT_EQ(parsed.packet->header.session, 0xA1B2C3D4u);
  EXPECT_EQ(parsed.packet->header.number, 0x0102030405060708u);
  EXPECT_EQ(as_text(parsed.packet->body), "body");
}

TEST_F(PacketTest, DataPacketComesBackAsItWasSealed) {
  const Datagram datagram = data();
  const auto packet = parse_packet(datagram);
  ASSERT_TRUE(packet.packet);
  const auto parsed = parse_data(*packet.packet);
  ASSERT_TRUE(parsed.packet);
  const auto& [header, d, prefix, payload] = *parsed.packet;
  EXPECT_EQ(header.session, 0xA1B2C3D4u);
  EXPECT_EQ(d.frame, Sequence(0xFFFFFFFE));
  EXPECT_EQ(d.captured_us, 0xCAFEF00D);
  EXPECT_THAT((std::vector<int>{d.index, d.block, d.blocks, d.k, d.m, d.strips, d.age_16us}),
              ::testing::ElementsAre(5, 1, 2, 9, 1, 4, 1234));
  EXPECT_EQ(prefix.length, 100);
  EXPECT_EQ(prefix.strip, 3);
  EXPECT_EQ(prefix.flags, kStripStart | kKeyFrame);
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), payload_.begin(), payload_.end()));
}

TEST_F(PacketTest, HeaderLiesWhereTheSpecificationSays) {
  const Datagram d = data();
  EXPECT_EQ(d.size(), kOverheadBytes + kPrefixBytes + 100);
  EXPECT_EQ(d[0], 0x04);
  EXPECT_EQ(d[1], 2);
  EXPECT_EQ(d[3], 3);
  EXPECT_EQ(d[4], 0xD4);   // little-endian session
  EXPECT_EQ(d[8], 0x08);   // and number
  EXPECT_EQ(d[16], 0xFE);  // frame
  EXPECT_EQ(d[20], 0x0D);  // captured
  EXPECT_EQ(d[24], 5);     // index
  EXPECT_EQ(d[29], 4);     // strips
  EXPECT_EQ(d[32], 100);   // length of the symbol
  EXPECT_EQ(d[34], 3);     // strip
}

TEST_F(PacketTest, EmptyBodyIsTheShortestPacket) {
  const Datagram datagram = control(Type::hello, {});
  EXPECT_EQ(datagram.size(), kMinPacketBytes);
  const auto parsed = parse_packet(datagram);
  ASSERT_TRUE(parsed.packet);
  EXPECT_TRUE(parsed.packet->body.empty());
}

TEST_F(PacketTest, RefusesEveryLengthBelowTheShortest) {
  const Datagram whole = control(Type::close, {});
  for (size_t size = 0; size < kMinPacketBytes; ++size) {
    const auto parsed = parse_packet(Bytes(whole).first(size));
    EXPECT_FALSE(parsed.packet);
    EXPECT_EQ(parsed.refusal, Refusal::too_short);
  }
}

TEST_F(PacketTest, RefusesDataWithoutRoomForItsHeaders) {
  for (size_t body = 0; body < kDataHeaderBytes - kHeaderBytes; ++body) {
    const std::vector<uint8_t> bytes(body);
    EXPECT_EQ(refusal_of(control(Type::data, bytes)), Refusal::too_short);
    EXPECT_EQ(refusal_of(control(Type::parity, bytes)), Refusal::too_short);
  }
  // Room for the data header, none for the symbol's prefix.
  for (size_t body = 16; body < 16 + kPrefixBytes; ++body) {
    Datagram datagram = control(Type::data, std::vector<uint8_t>(body, 1));
    reseal(datagram);
    EXPECT_EQ(refusal_of(datagram), Refusal::too_short);
  }
}

TEST_F(PacketTest, TakesTheLongestAndRefusesOneByteMore) {
  payload_.assign(kStreamSymbolBytes - kPrefixBytes, 7);
  prefix_.length = static_cast<uint16_t>(payload_.size());
  EXPECT_EQ(data().size(), kMaxPacketBytes);
  EXPECT_EQ(refusal_of_data(), std::nullopt);
  payload_.push_back(7);
  ++prefix_.length;
  EXPECT_EQ(refusal_of_data(), Refusal::too_long);
}

TEST_F(PacketTest, RefusesEveryOtherVersion) {
  for (int version = 0; version < 256; ++version) {
    if (version == kVersion) continue;
    Datagram datagram = data();
    datagram[0] = static_cast<uint8_t>(version);
    reseal(datagram);
    EXPECT_EQ(refusal_of(datagram), Refusal::version) << version;
  }
}

TEST_F(PacketTest, RefusesEveryFlippedBit) {
  const Datagram whole = data();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Datagram damaged = whole;
    damaged[bit / 8] = static_cast<uint8_t>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(parse_packet(damaged).packet) << "bit " << bit;
  }
}

TEST_F(PacketTest, RefusesEveryByteThatIsCutOffOrAdded) {
  const Datagram whole = control(Type::feedback, as_bytes("some body"));
  for (size_t size = kMinPacketBytes; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_packet(Bytes(whole).first(size)).packet) << size;
  }
  Datagram longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(parse_packet(longer).packet);
}

TEST_F(PacketTest, RefusesATagWithAnythingBehindItsChecksum) {
  for (size_t at = kTagBytes - 12; at < kTagBytes; ++at) {
    Datagram datagram = data();
    datagram[datagram.size() - kTagBytes + at] = 1;
    EXPECT_EQ(refusal_of(datagram), Refusal::checksum) << at;
  }
}

TEST_F(PacketTest, RefusesAKeyEpochWhileThereAreNoKeys) {
  for (int epoch : {1, 2, 255}) {
    header_.epoch = static_cast<uint8_t>(epoch);
    EXPECT_EQ(refusal_of_data(), Refusal::epoch);
  }
}

TEST_F(PacketTest, HandsOnTypesItDoesNotKnow) {
  for (int type : {0, 8, 99, 255}) {
    const Datagram datagram = control(static_cast<Type>(type), as_bytes("future"));
    const auto parsed = parse_packet(datagram);
    ASSERT_TRUE(parsed.packet) << type;
    EXPECT_EQ(static_cast<int>(parsed.packet->header.type), type);
  }
}

TEST_F(PacketTest, RefusesASymbolThatIsNotAsLongAsItSays) {
  prefix_.length = 99;
  EXPECT_EQ(refusal_of_data(), Refusal::too_long);
  prefix_.length = 101;
  EXPECT_EQ(refusal_of_data(), Refusal::too_short);
}

TEST_F(PacketTest, RefusesFieldsThatCannotBeTrueTogether) {
  const auto contradicts = [this](auto bend) {
    const auto data = data_;
    const auto prefix = prefix_;
    bend();
    const bool refused = refusal_of_data() == Refusal::contradiction;
    data_ = data;
    prefix_ = prefix;
    return refused;
  };
  EXPECT_FALSE(contradicts([] {}));
  EXPECT_TRUE(contradicts([this] { data_.blocks = 0; }));
  EXPECT_TRUE(contradicts([this] { data_.strips = 0; }));
  EXPECT_TRUE(contradicts([this] { prefix_.strip = 4; }));
  EXPECT_TRUE(contradicts([this] { data_.index = data_.k; }));
  EXPECT_TRUE(contradicts([this] { data_.k = 129; }));
  EXPECT_TRUE(contradicts([this] { data_.m = 129; }));
  EXPECT_TRUE(contradicts([this] { prefix_.flags = kKnownFlags + 1; }));
  EXPECT_TRUE(contradicts([this] { prefix_.flags = 0x80; }));
  EXPECT_TRUE(contradicts([this] { prefix_.flags = kFrameEnd; }));
  EXPECT_FALSE(contradicts([this] { prefix_.flags = kFrameEnd | kStripEnd; }));
  EXPECT_TRUE(contradicts([this] {
    data_.k = 0;
    data_.index = kMaxBlockSymbols;
  }));
}

TEST_F(PacketTest, ParityPacketComesBackAsItWasSealed) {
  data_.index = 255 - 6;
  data_.m = 7;
  const Datagram datagram = parity();
  const auto packet = parse_packet(datagram);
  ASSERT_TRUE(packet.packet);
  const auto parsed = parse_parity(*packet.packet);
  ASSERT_TRUE(parsed.packet);
  EXPECT_EQ(parsed.packet->row, 6);
  EXPECT_EQ(parsed.packet->data.k, 9);
  EXPECT_EQ(parsed.packet->data.m, 7);
  EXPECT_TRUE(std::equal(parsed.packet->symbol.begin(), parsed.packet->symbol.end(), payload_.begin(),
                         payload_.end()));
}

TEST_F(PacketTest, RefusesParityThatCannotBe) {
  data_.index = 255;
  const auto refused = [this](auto bend) {
    const auto kept = data_;
    bend(data_);
    const auto why = refusal_of(parity());
    data_ = kept;
    return why;
  };
  EXPECT_EQ(refused([](DataHeader&) {}), std::nullopt);
  EXPECT_EQ(refused([](DataHeader& d) { d.k = 0; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.k = 129; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.m = 0; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.m = 129; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.blocks = 0; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.strips = 0; }), Refusal::contradiction);
  EXPECT_EQ(refused([](DataHeader& d) { d.index = 254; }), Refusal::contradiction) << "row 1 of 1";
  EXPECT_EQ(refused([](DataHeader& d) {
              d.index = 127;
              d.m = 128;
            }),
            Refusal::contradiction);
  payload_.resize(kPrefixBytes);
  EXPECT_EQ(refusal_of(parity()), std::nullopt);
  payload_.resize(kPrefixBytes - 1);
  EXPECT_EQ(refusal_of(parity()), Refusal::too_short);
}

TEST_F(PacketTest, TakesTheLastPlaceOfABlockWhoseSizeIsNotKnownYet) {
  data_.k = 0;
  data_.index = kMaxBlockSymbols - 1;
  data_.block = 255;
  EXPECT_EQ(refusal_of_data(), std::nullopt);
}

TEST_F(PacketTest, SealingNeedsRoomForHeaderAndTag) {
  std::array<uint8_t, kMinPacketBytes + 4> buffer{};
  EXPECT_EQ(seal_control(buffer, {}, as_bytes("fits")).size(), buffer.size());
  EXPECT_TRUE(seal_control(buffer, {}, as_bytes("not it")).empty());
  EXPECT_TRUE(seal_control(std::span(buffer).first(kMinPacketBytes - 1), {}, {}).empty());
}

TEST_F(PacketTest, SymbolChecksumMayBeTakenInParts) {
  const std::vector<uint8_t> both(payload_);
  const auto first = Bytes(both).first(31), second = Bytes(both).subspan(31);
  EXPECT_EQ(symbol_checksum(as_bytes("pref"), first, second), symbol_checksum(as_bytes("pref"), both));
}

TEST_F(PacketTest, EveryRefusalHasAName) {
  std::set<std::string_view> names;
  for (int r = 0; r <= static_cast<int>(Refusal::contradiction); ++r)
    names.insert(to_string(static_cast<Refusal>(r)));
  EXPECT_EQ(names.size(), 6u);
  EXPECT_FALSE(names.contains("unknown"));
}

class PlaceTest : public ::testing::TestWithParam<int> {
 protected:
  uint8_t blocks() const { return static_cast<uint8_t>(GetParam()); }
  // Whole groups of blocks only.
  uint32_t room() const { return 256u / blocks() * blocks() * kMaxBlockSymbols; }
};

TEST_P(PlaceTest, EverySymbolHasAPlaceOfItsOwn) {
  std::vector<bool> used(256 * kMaxBlockSymbols);
  for (uint32_t symbol = 0; symbol < room(); ++symbol) {
    const Place place = place_of(symbol, blocks());
    ASSERT_LT(place.index, kMaxBlockSymbols);
    ASSERT_EQ(symbol_of(place, blocks()), symbol);
    const size_t at = place.block * kMaxBlockSymbols + place.index;
    ASSERT_FALSE(used[at]);
    used[at] = true;
  }
}

TEST_P(PlaceTest, NeighboursLieInDifferentBlocks) {
  if (blocks() == 1) {
    EXPECT_EQ(place_of(0, 1).block, place_of(1, 1).block);  // there is nothing to interleave
    return;
  }
  for (uint32_t symbol = 0; symbol + 1 < room(); ++symbol) {
    const Place here = place_of(symbol, blocks()), next = place_of(symbol + 1, blocks());
    ASSERT_NE(here.block, next.block);
  }
}

TEST_P(PlaceTest, BlocksOfAFrameAddUpToItsSymbols) {
  for (uint32_t symbols : {0u, 1u, 2u, 127u, 128u, 129u, 255u, 256u, 1000u, 4097u, room() - 1, room()}) {
    if (symbols > room()) continue;
    uint32_t sum = 0;
    for (int block = 0; block < 256; ++block) {
      const auto in_block = block_symbols(symbols, static_cast<uint8_t>(block), blocks());
      ASSERT_LE(in_block, kMaxBlockSymbols);
      sum += in_block;
    }
    EXPECT_EQ(sum, symbols);
  }
}

TEST_P(PlaceTest, BlockHoldsExactlyTheSymbolsPlacedInIt) {
  const uint32_t symbols = std::min(room(), 3 * blocks() * kMaxBlockSymbols / 2 + 1);
  std::vector<uint32_t> counted(256);
  for (uint32_t s = 0; s < symbols; ++s) ++counted[place_of(s, blocks()).block];
  for (size_t block = 0; block < 256; ++block) {
    ASSERT_EQ(block_symbols(symbols, static_cast<uint8_t>(block), blocks()), counted[block]) << block;
    ASSERT_EQ(block<used_blocks(symbols, blocks()), counted[block]> 0) << block;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, PlaceTest, ::testing::Values(1, 2, 3, 7, 16, 85, 127, 128, 129, 200, 255));

TEST(BlocksForTest, IsOneABlockOf128AndWithinAByte) {
  EXPECT_EQ(blocks_for(0), 1);
  EXPECT_EQ(blocks_for(1), 1);
  EXPECT_EQ(blocks_for(128), 1);
  EXPECT_EQ(blocks_for(129), 2);
  EXPECT_EQ(blocks_for(255 * 128), 255);
  EXPECT_EQ(blocks_for(kMaxSymbols), 255);
}

}  // namespace
}  // namespace glimt::wire

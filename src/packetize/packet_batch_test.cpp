#include "packetize/packet_batch.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "packetize/symbol_packetizer.hpp"

namespace glimt::packetize {
namespace {

class PacketBatchTest : public ::testing::Test {
 protected:
  PacketBatchTest() {
    access_unit_->info.number = Sequence(0x01020304);
    access_unit_->info.width = access_unit_->info.height = 16;
    access_unit_->info.stamps.captured_at = captured_at_;
  }

  Ref<SymbolUnit> unit_of(const std::string& strip, bool complete = true) {
    auto unit = packetizer_.begin(access_unit_, false);
    EXPECT_TRUE(packetizer_.add(*unit, {Ref<Shared>(), as_bytes(strips_.emplace_back(strip)), 0}));
    if (complete) packetizer_.end(*unit).value();
    return unit;
  }
  // What the kernel would make of the gathered parts.
  std::vector<uint8_t> datagram(size_t i) const {
    const Gather& packet = batch_.packets()[i];
    std::vector<uint8_t> bytes;
    for (size_t p = 0; p < packet.count; ++p)
      bytes.insert(bytes.end(), packet.parts[p].begin(), packet.parts[p].end());
    EXPECT_EQ(bytes.size(), packet.bytes);
    return bytes;
  }
  wire::DataPacket parsed(const std::vector<uint8_t>& datagram) const {
    const auto packet = wire::parse_packet(datagram);
    EXPECT_TRUE(packet.packet) << to_string(packet.refusal);
    if (!packet.packet) return {};
    const auto data = wire::parse_data(*packet.packet);
    EXPECT_TRUE(data.packet) << to_string(data.refusal);
    return data.packet.value_or(wire::DataPacket{});
  }

  const Instant captured_at_ = from_us(0x1122334455);
  SymbolPacketizer packetizer_;
  Ref<media::AccessUnit> access_unit_{new media::AccessUnit};
  std::deque<std::string> strips_;  // symbols are views into them
  PacketBatch batch_;
};

TEST_F(PacketBatchTest, PacketsParseBackToTheirSymbols) {
  const std::string strip(5000, 'p');
  const auto unit = unit_of(strip);
  for (uint32_t s = 0; s < unit->symbols.size(); ++s)
    batch_.add(*unit, s, 0xABCD0123, 100 + s, captured_at_ + std::chrono::milliseconds(16));
  std::string back;
  for (uint32_t s = 0; s < unit->symbols.size(); ++s) {
    const auto bytes = datagram(s);
    const auto p = parsed(bytes);
    EXPECT_EQ(p.header.session, 0xABCD0123u);
    EXPECT_EQ(p.header.number, 100 + s);
    EXPECT_EQ(p.data.frame, Sequence(0x01020304));
    EXPECT_EQ(p.data.captured_us, 0x22334455u);
    EXPECT_EQ(p.data.age_16us, 1000);
    EXPECT_EQ(p.data.k, unit->symbols.size());
    EXPECT_EQ(wire::symbol_of({p.data.block, p.data.index}, p.data.blocks), s);
    back += as_text(p.payload);
  }
  EXPECT_EQ(back, std::string(as_text(unit->descriptor)) + strip);
}

TEST_F(PacketBatchTest, FullDatagramIsAsLongAsTheWireAllows) {
  const auto unit = unit_of(std::string(5000, 'p'));
  batch_.add(*unit, 0, 1, 1, captured_at_);
  EXPECT_EQ(datagram(0).size(), wire::kDatagramBytes);
}

TEST_F(PacketBatchTest, ManyBlocksEachSayTheirOwnSize) {
  const auto unit = unit_of(std::string(300 * 1148, 'b'));
  ASSERT_EQ(unit->blocks, 3);
  std::vector<uint32_t> seen(3);
  for (uint32_t s = 0; s < unit->symbols.size(); ++s) {
    batch_.clear();
    batch_.add(*unit, s, 1, 1, captured_at_);
    const auto bytes = datagram(0);
    const auto p = parsed(bytes);
    ++seen[p.data.block];
    EXPECT_EQ(p.data.k, wire::block_symbols(static_cast<uint32_t>(unit->symbols.size()), p.data.block, 3));
  }
  EXPECT_EQ(seen[0] + seen[1] + seen[2], unit->symbols.size());
}

TEST_F(PacketBatchTest, UnitThatStillGrowsDoesNotSayItsSize) {
  access_unit_->info.strips = 2;
  const auto unit = unit_of("begun", false);
  batch_.add(*unit, 0, 1, 1, captured_at_);
  const auto bytes = datagram(0);
  EXPECT_EQ(parsed(bytes).data.k, 0);
}

TEST_F(PacketBatchTest, AgeStaysWithinItsField) {
  const auto unit = unit_of("x");
  batch_.add(*unit, 0, 1, 1, captured_at_ + std::chrono::hours(1));
  batch_.add(*unit, 0, 1, 2, captured_at_ - std::chrono::hours(1));  // a clock that was set
  const auto old = datagram(0), future = datagram(1);
  EXPECT_EQ(parsed(old).data.age_16us, UINT16_MAX);
  EXPECT_EQ(parsed(future).data.age_16us, 0);
}

TEST_F(PacketBatchTest, OneUnitServesManyReceiversEachWithItsOwnHeader) {
  const auto unit = unit_of("shared");
  batch_.add(*unit, 0, 111, 5, captured_at_);
  batch_.add(*unit, 0, 222, 9, captured_at_);
  const auto first = datagram(0), second = datagram(1);
  EXPECT_EQ(parsed(first).header.session, 111u);
  EXPECT_EQ(parsed(second).header.session, 222u);
  EXPECT_EQ(as_text(parsed(first).payload), as_text(parsed(second).payload));
  EXPECT_EQ(batch_.packets()[0].parts[2].data(), batch_.packets()[1].parts[2].data()) << "bytes were copied";
}

TEST_F(PacketBatchTest, IsFullAfterAsManyAsOneSegmentedSendTakes) {
  const auto unit = unit_of("x");
  for (uint64_t n = 1; n <= PacketBatch::kMaxPackets; ++n) {
    EXPECT_FALSE(batch_.full());
    batch_.add(*unit, 0, 1, n, captured_at_);
  }
  EXPECT_TRUE(batch_.full());
  const auto last = datagram(PacketBatch::kMaxPackets - 1);
  EXPECT_EQ(parsed(last).header.number, PacketBatch::kMaxPackets);
  batch_.clear();
  EXPECT_FALSE(batch_.full());
  EXPECT_TRUE(batch_.packets().empty());
}

}  // namespace
}  // namespace glimt::packetize

// The worked example of docs/wire-format.md is what this house sends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "packetize/packet_batch.hpp"
#include "packetize/symbol_packetizer.hpp"

namespace glimt::packetize {
namespace {

// The bytes of the fenced block under "Worked example": an offset, up to 16 bytes in hexadecimal, a note.
std::vector<uint8_t> example_in_document() {
  std::ifstream file(GLIMT_SOURCE_DIR "/docs/wire-format.md");
  std::vector<uint8_t> bytes;
  bool in_example = false, in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) in_example = line.starts_with("## Worked example");
    if (in_example && line.starts_with("```")) in_block = !in_block;
    if (!in_block || line.starts_with("```")) continue;
    std::istringstream words(line.substr(5, 47));
    for (std::string word; words >> word;)
      bytes.push_back(static_cast<uint8_t>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

TEST(WireFormatDocument, WorkedExampleIsWhatIsSent) {
  Ref<media::AccessUnit> unit(new media::AccessUnit);
  unit->info = {
      .codec = Codec::raw, .format = PixelFormat::gray8, .width = 2, .height = 1, .number = Sequence(1)};
  unit->info.stamps.captured_at = from_us(1'000'000);
  unit->info.clock_id = 0x1122334455667788;
  const std::array<uint8_t, 2> pixels{16, 235};

  SymbolPacketizer packetizer;
  const auto symbols = packetizer.begin(unit, false);
  ASSERT_TRUE(packetizer.add(*symbols, {{}, pixels, 0}));
  packetizer.end(*symbols).value();
  PacketBatch batch;
  batch.add(*symbols, 0, 0xA1B2C3D4, 7, from_us(1'000'320));

  std::vector<uint8_t> sent;
  const Gather& packet = batch.packets()[0];
  for (size_t p = 0; p < packet.count; ++p)
    sent.insert(sent.end(), packet.parts[p].begin(), packet.parts[p].end());
  EXPECT_EQ(sent, example_in_document());
}

}  // namespace
}  // namespace glimt::packetize

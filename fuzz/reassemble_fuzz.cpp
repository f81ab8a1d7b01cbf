// The reassembler, two ways. The first byte chooses.
//
//   even  arbitrary packets, skips and pauses: never crashes, holds no more than it may, every frame that
//         begins ends once, strips keep their bytes; what is no key frame follows the one before it
//   odd   a unit is packetized, its packets and its parity shuffled, dropped and repeated: the same bytes come out wherever
//         there are enough, or none
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "packetize/packet_batch.hpp"
#include "packetize/symbol_packetizer.hpp"
#include "reassemble/reassembler.hpp"
#include "require.hpp"

namespace glimt {
namespace {

using namespace std::chrono_literals;

constexpr size_t kPayload = 64;
constexpr size_t kMaxUnit = 16 * 1024;

class Output final : public reassemble::Reassembler::Output {
 public:
  ~Output() override { GLIMT_REQUIRE(open_.empty()); }

  void begin(const Ref<media::AccessUnit>& unit) override {
    GLIMT_REQUIRE(open_.try_emplace(unit.get()).second);
    GLIMT_REQUIRE(unit->info.width > 0 && unit->info.strips > 0);
  }
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override {
    auto& strips = open_.at(unit.get());
    GLIMT_REQUIRE(strip.index >= 0 && strip.index < unit->info.strips);
    GLIMT_REQUIRE(strip.bytes.size() <= kMaxUnit + kPayload);
    GLIMT_REQUIRE(strips.try_emplace(strip.index, strip, std::string(as_text(strip.bytes))).second);
  }
  void end(const Ref<media::AccessUnit>& unit) override {
    const auto& strips = open_.at(unit.get());
    const auto& missing = unit->info.missing;
    size_t came = 0;
    for (const auto& [index, seen] : strips) {
      GLIMT_REQUIRE(seen.first.headers_only == missing[static_cast<size_t>(index)]);
      came += !seen.first.headers_only;
    }
    GLIMT_REQUIRE(came + missing.count() == static_cast<size_t>(unit->info.strips));
    GLIMT_REQUIRE(missing.none() || (unit->info.codec == Codec::jpeg && unit->info.key));
    last.clear();
    for (const auto& [index, seen] : strips) {
      GLIMT_REQUIRE(as_text(seen.first.bytes) == seen.second);
      last += seen.second;
    }
    GLIMT_REQUIRE(unit->info.key || (last_number && unit->info.number == *last_number + 1));
    last_number = unit->info.number;
    last_metadata = unit->info.metadata;
    open_.erase(unit.get());
    ++ended;
  }
  void abandon(const Ref<media::AccessUnit>& unit) override { GLIMT_REQUIRE(open_.erase(unit.get()) == 1); }
  void fate(const wire::FrameFate&) override { ++fates; }

  size_t ended = 0, fates = 0;
  std::optional<Sequence> last_number;
  std::string last;
  std::vector<uint8_t> last_metadata;

 private:
  std::map<const media::AccessUnit*, std::map<int, std::pair<media::Strip, std::string>>> open_;
};

reassemble::Reassembler::Options options_of(uint8_t choice) {
  reassemble::Reassembler::Options o;
  o.limits = {kPayload, kMaxUnit, 1 << 20};
  o.mode = choice & 2 ? Mode::every : Mode::latest;
  o.reliable = choice & 4;
  o.latency = 40ms;
  o.repairs = !(choice & 16);
  o.whole_only = choice & 32;
  return o;
}

// Fields close to each other, so that packets meet in the same few frames; the payload is what follows.
wire::DataPacket packet_of(ByteReader& in) {
  wire::DataPacket p;
  p.data.frame = Sequence(in.u8());
  p.data.captured_us = in.u8();
  p.data.index = in.u8() % wire::kMaxBlockSymbols;
  p.data.block = in.u8();
  p.data.blocks = static_cast<uint8_t>(in.u8() % 4 + 1);
  p.data.strips = static_cast<uint8_t>(in.u8() % 3 + 1);
  p.data.age_16us = in.u16();
  p.prefix.strip = in.u8() % p.data.strips;
  p.prefix.flags = in.u8() & wire::kKnownFlags;
  if (p.prefix.flags & wire::kFrameEnd) p.prefix.flags |= wire::kStripEnd;
  const size_t length = in.u8();
  p.payload = in.take(std::min(in.left(), length & 1 ? kPayload : length));
  p.prefix.length = static_cast<uint16_t>(p.payload.size());
  return p;
}

wire::ParityPacket parity_of(ByteReader& in) {
  wire::ParityPacket p;
  p.data.frame = Sequence(in.u8());
  p.data.captured_us = in.u8();
  p.row = in.u8() % 128;
  p.data.index = static_cast<uint8_t>(255 - p.row);
  p.data.block = in.u8() % 8;
  p.data.blocks = static_cast<uint8_t>(in.u8() % 4 + 1);
  p.data.strips = static_cast<uint8_t>(in.u8() % 3 + 1);
  p.data.k = static_cast<uint8_t>(in.u8() % 128 + 1);
  p.data.m = static_cast<uint8_t>(p.row + 1);
  p.symbol = in.take(std::min<size_t>(in.left(), kPayload + wire::kPrefixBytes));
  return p;
}

void fuzz_arbitrary(uint8_t choice, ByteReader in) {
  Output output;
  reassemble::Reassembler reassembler(options_of(choice));
  reassembler.set_rtt(5ms);
  Instant now(1000s);
  while (in.left() > 12) {
    const uint8_t what = in.u8();
    if (what < 200) {
      reassembler.push(packet_of(in), now, output);
    } else if (what < 240) {
      const auto parity = parity_of(in);
      if (parity.symbol.size() >= wire::kPrefixBytes) reassembler.push(parity, now, output);
    } else if (what < 246) {
      reassembler.skip({Sequence(in.u8()), in.u8() + 1u}, now, output);
    } else {
      now += std::chrono::milliseconds(in.u8());
      reassembler.expire(now, output);
      GLIMT_REQUIRE(reassembler.next_deadline() > now);
      while (reassembler.take_deficit()) {
      }
    }
  }
  reassembler.abandon_all(output);
  const auto& c = reassembler.counters();
  GLIMT_REQUIRE(output.ended == c.whole + c.concealed);
  GLIMT_REQUIRE(output.fates <= c.whole + c.concealed + c.lost + c.late + c.unusable);
}

Ref<media::AccessUnit> unit_of(ByteReader& in) {
  Ref<media::AccessUnit> unit(new media::AccessUnit);
  auto& info = unit->info;
  info.number = Sequence(in.u8());
  info.strips = in.u8() % 5 + 1;
  info.width = info.height = 4;
  info.stamps.captured_at = Instant(1000s);
  info.metadata.assign(in.u8(), 'm');
  return unit;
}

// Datagrams of a unit, as its sender would put them together: data, then parity row by row.
constexpr uint8_t kRows = 3;
std::vector<std::string> datagrams_of(packetize::SymbolUnit& unit) {
  std::vector<std::string> datagrams;
  packetize::PacketBatch batch;
  unit.parity.plan(kRows - 1);
  unit.parity.fold(unit.symbols, unit.blocks, unit.symbols.size());
  const auto data = static_cast<uint32_t>(unit.symbols.size());
  const uint32_t blocks = unit.used_blocks();
  for (uint32_t s = 0; s < data + kRows * blocks; ++s) {
    batch.clear();
    if (s < data) {
      batch.add(unit, s, 1, s + 1, Instant(1000s), kRows);
    } else {
      const wire::ParityPlace place{static_cast<uint8_t>((s - data) % blocks),
                                    static_cast<uint8_t>((s - data) / blocks)};
      batch.add_parity(unit, place, kRows, 0, 1, s + 1, Instant(1000s));
    }
    const Gather& packet = batch.packets()[0];
    std::string& datagram = datagrams.emplace_back();
    for (size_t i = 0; i < packet.count; ++i) datagram += as_text(packet.parts[i]);
  }
  return datagrams;
}

// Each block has as many symbols and rows as it has symbols.
bool is_enough(const packetize::SymbolUnit& unit, const std::vector<bool>& came) {
  const auto data = static_cast<uint32_t>(unit.symbols.size());
  std::vector<uint32_t> have(256);
  for (uint32_t s = 0; s < came.size(); ++s) {
    const uint32_t block = s < data ? wire::place_of(s, unit.blocks).block : (s - data) % unit.used_blocks();
    have[block] += came[s];
  }
  for (uint32_t b = 0; b < unit.used_blocks(); ++b) {
    if (have[b] < wire::block_symbols(data, static_cast<uint8_t>(b), unit.blocks)) return false;
  }
  return true;
}

void fuzz_round_trip(uint8_t choice, ByteReader in) {
  const auto unit = unit_of(in);
  const size_t length = in.u16() % 4096;
  std::vector<std::string> strips;
  std::string whole;
  for (int i = 0; i < unit->info.strips; ++i)
    whole += strips.emplace_back(length * static_cast<size_t>(i + 1) % 2048, static_cast<char>('a' + i));

  packetize::SymbolPacketizer packetizer(kPayload + wire::kPrefixBytes);
  const auto to = packetizer.begin(unit, false);
  for (size_t i = 0; i < strips.size(); ++i)
    GLIMT_REQUIRE(packetizer.add(*to, {Ref<Shared>(), as_bytes(strips[i]), static_cast<int>(i)}));
  packetizer.end(*to).value();
  const auto datagrams = datagrams_of(*to);

  Output output;
  reassemble::Reassembler reassembler(options_of(choice));
  std::vector<bool> came(datagrams.size());
  const bool complete = choice & 8;
  const auto deliver = [&](size_t i) {
    const auto packet = wire::parse_packet(as_bytes(datagrams[i]));
    GLIMT_REQUIRE(packet.packet);
    came[i] = true;
    if (packet.packet->header.type == wire::Type::parity) {
      const auto parity = wire::parse_parity(*packet.packet);
      GLIMT_REQUIRE(parity.packet);
      reassembler.push(*parity.packet, Instant(1000s), output);
      return;
    }
    const auto data = wire::parse_data(*packet.packet);
    GLIMT_REQUIRE(data.packet);
    reassembler.push(*data.packet, Instant(1000s), output);
  };
  while (in.left() > 0) deliver(in.u8() * size_t{7} % datagrams.size());
  for (size_t i = datagrams.size(); complete && i-- > 0;) deliver(i);

  const bool enough = is_enough(*to, came);
  GLIMT_REQUIRE(output.ended == (enough ? 1u : 0u));
  if (enough) GLIMT_REQUIRE(output.last == whole && output.last_metadata == unit->info.metadata);
  GLIMT_REQUIRE(reassembler.counters().refused == 0 && reassembler.counters().malformed == 0);
  reassembler.abandon_all(output);
}

}  // namespace
}  // namespace glimt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const glimt::ByteReader in(glimt::Bytes(data, size).subspan(1));
  if (data[0] & 1) {
    glimt::fuzz_round_trip(data[0], in);
  } else {
    glimt::fuzz_arbitrary(data[0], in);
  }
  return 0;
}

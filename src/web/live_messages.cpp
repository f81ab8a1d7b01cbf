#include "web/live_messages.hpp"

#include "packetize/symbol_packetizer.hpp"

namespace glimt::web {
namespace {

enum Type : uint8_t { kUnit = 1, kClock = 2, kTaken = 3 };
enum Flag : uint8_t { kKey = 1, kDiscontinuity = 2 };
constexpr size_t kHeadBytes = 4, kUnitBytes = 16;

// 65535: every strip came.
uint16_t integrity(const media::UnitInfo& info) {
  const auto missing = info.missing.count(), all = static_cast<size_t>(std::max(1, info.strips));
  return static_cast<uint16_t>(65535 * (all - std::min(missing, all)) / all);
}

}  // namespace

void write_unit_head(const media::UnitInfo& info, bool discontinuity, Instant sent_at,
                     std::vector<uint8_t>& to) {
  packetize::write_descriptor(info, to, kUnitBytes);
  ByteWriter out(std::span<uint8_t>(to).first(kUnitBytes));
  out.u8(kUnit);
  out.u8(static_cast<uint8_t>((info.key ? kKey : 0) | (discontinuity ? kDiscontinuity : 0)));
  out.u16(integrity(info));
  out.u32(info.number.value());
  out.u64(static_cast<uint64_t>(to_us(sent_at)));
}

std::optional<ViewerMessage> parse_viewer_message(Bytes message) {
  if (message.size() < kHeadBytes || message[1] != 0 || message[2] != 0 || message[3] != 0)
    return std::nullopt;
  ByteReader in(message.subspan(kHeadBytes));
  if (message[0] == kTaken && message.size() == kHeadBytes + 4) return Taken{Sequence(in.u32())};
  if (message[0] != kClock) return std::nullopt;
  const auto clock = wire::parse_clock(message.subspan(kHeadBytes));
  if (!clock) return std::nullopt;
  return *clock;
}

void write_clock(const wire::Clock& clock, std::vector<uint8_t>& to) {
  to.assign(kHeadBytes + wire::kClockBodyBytes, 0);
  to[0] = kClock;
  wire::serialize(std::span<uint8_t>(to).subspan(kHeadBytes), clock);
}

}  // namespace glimt::web

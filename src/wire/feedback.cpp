#include "wire/feedback.hpp"

namespace glimt::wire {
namespace {

enum Section : uint8_t {
  kFates = 1,      // each: u32 frame, u8 fate, u16 spread
  kArrivals = 2,   // u64 first, u16 count, count times u16
  kDeficits = 3,   // each: u32 frame, u8 block, u8 have, u8 round and flags
  kKeyWanted = 4,  // u32 frame
};
constexpr size_t kFateBytes = 7;
constexpr size_t kDeficitBytes = 7;
constexpr uint8_t kLastRound = 64, kEveryBlock = 128;  // beside the round

bool parse_fates(ByteReader in, Feedback& f) {
  while (in.left() > 0) {
    FrameFate fate{Sequence(in.u32()), static_cast<Fate>(in.u8()), in.u16()};
    if (!in.ok() || fate.fate < Fate::complete || fate.fate > Fate::failed) return false;
    if (f.fate_count == Feedback::kMaxFates) return false;
    f.fates[f.fate_count++] = fate;
  }
  return true;
}

bool parse_deficits(ByteReader in, Feedback& f) {
  while (in.left() > 0) {
    Deficit d{Sequence(in.u32()), in.u8(), in.u8()};
    const uint8_t round = in.u8();
    d.round = round & Deficit::kMaxRound;
    d.last_round = round & kLastRound;
    d.every_block = round & kEveryBlock;
    if (!in.ok() || d.round == 0 || (d.every_block && (d.block > 0 || d.have > 0))) return false;
    if (f.deficit_count == Feedback::kMaxDeficits) return false;
    f.deficits[f.deficit_count++] = d;
  }
  return true;
}

bool parse_arrivals(ByteReader in, Arrivals& a) {
  a.first = in.u64();
  a.count = in.u16();
  if (!in.ok() || a.count > Arrivals::kMax || in.left() != a.count * 2u) return false;
  if (a.first > UINT64_MAX - a.count) return false;  // numbers that wrap around would never end
  for (size_t i = 0; i < a.count; ++i) a.before_16us[i] = in.u16();
  return true;
}

void section(ByteWriter& out, Section type, size_t length) {
  out.u8(type);
  out.u8(0);
  out.u16(static_cast<uint16_t>(length));
}

}  // namespace

size_t serialize(std::span<uint8_t> body, const Feedback& f) {
  ByteWriter out(body);
  out.u32(f.report);
  out.u32(f.sent_at_us);
  out.u64(f.highest_number);
  out.u32(f.packets);
  out.u32(f.kernel_drops);
  out.u32(f.taken.value());
  out.u16(f.decode_queue_16us);
  out.u16(0);
  if (f.fate_count > 0) {
    section(out, kFates, f.fate_count * kFateBytes);
    for (size_t i = 0; i < f.fate_count; ++i) {
      out.u32(f.fates[i].frame.value());
      out.u8(static_cast<uint8_t>(f.fates[i].fate));
      out.u16(f.fates[i].spread_16us);
    }
  }
  if (f.arrivals.count > 0) {
    section(out, kArrivals, 10 + f.arrivals.count * 2u);
    out.u64(f.arrivals.first);
    out.u16(f.arrivals.count);
    for (size_t i = 0; i < f.arrivals.count; ++i) out.u16(f.arrivals.before_16us[i]);
  }
  if (f.deficit_count > 0) {
    section(out, kDeficits, f.deficit_count * kDeficitBytes);
    for (size_t i = 0; i < f.deficit_count; ++i) {
      const Deficit& d = f.deficits[i];
      out.u32(d.frame.value());
      out.u8(d.block);
      out.u8(d.have);
      out.u8(static_cast<uint8_t>(d.round | (d.last_round ? kLastRound : 0) |
                                  (d.every_block ? kEveryBlock : 0)));
    }
  }
  if (f.key_wanted_after) {
    section(out, kKeyWanted, 4);
    out.u32(f.key_wanted_after->value());
  }
  return out.ok() ? out.size() : 0;
}

std::optional<Feedback> parse_feedback(Bytes body) {
  ByteReader in(body);
  Feedback f;
  f.report = in.u32();
  f.sent_at_us = in.u32();
  f.highest_number = in.u64();
  f.packets = in.u32();
  f.kernel_drops = in.u32();
  f.taken = Sequence(in.u32());
  f.decode_queue_16us = in.u16();
  in.u16();
  while (in.ok() && in.left() > 0) {
    const uint8_t type = in.u8();
    in.u8();
    ByteReader value(in.take(in.u16()));
    if (!in.ok()) return std::nullopt;
    if (type == kFates && !parse_fates(value, f)) return std::nullopt;
    if (type == kDeficits && !parse_deficits(value, f)) return std::nullopt;
    if (type == kArrivals && !parse_arrivals(value, f.arrivals)) return std::nullopt;
    if (type == kKeyWanted) {
      f.key_wanted_after = Sequence(value.u32());
      if (!value.ok() || value.left() > 0) return std::nullopt;
    }
  }
  if (!in.ok()) return std::nullopt;
  return f;
}

}  // namespace glimt::wire

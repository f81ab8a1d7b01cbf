#include "wire/hello.hpp"

#include <algorithm>

namespace glimt::wire {
namespace {

enum Field : uint8_t {
  kSession = 1,  // u32 session, u32 echo, u8 role
  kWish = 2,     // u8 mode, u32 latency in milliseconds
  kOffer = 3,    // u32 symbol bytes
  kClockId = 4,  // u64
  kAgent = 5,    // text
  kShares = 6,   // u8 version
  kPadding = 0,
};

std::string printable(Bytes bytes) {
  std::string text(as_text(bytes.first(std::min(bytes.size(), kMaxAgentBytes))));
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c > 0x7E; });
  return text;
}

}  // namespace

size_t serialize(std::span<uint8_t> body, const Hello& h) {
  ByteWriter out(body);
  const auto field = [&out](Field type, size_t length) {
    out.u8(type);
    out.u8(static_cast<uint8_t>(length));
  };
  field(kSession, 9);
  out.u32(h.session);
  out.u32(h.echo);
  out.u8(static_cast<uint8_t>(h.role));
  field(kWish, 5);
  out.u8(static_cast<uint8_t>(h.mode));
  out.u32(h.latency_ms);
  field(kOffer, 4);
  out.u32(h.symbol_bytes);
  field(kClockId, 8);
  out.u64(h.clock_id);
  const auto agent = as_bytes(h.agent).first(std::min(h.agent.size(), kMaxAgentBytes));
  field(kAgent, agent.size());
  out.put(agent);
  if (h.shares != 0) {
    field(kShares, 1);
    out.u8(h.shares);
  }
  const size_t padding = kHelloBodyBytes - out.size() - 2;
  field(kPadding, padding);
  out.zeros(padding);
  return out.ok() ? out.size() : 0;
}

std::optional<Hello> parse_hello(Bytes body) {
  ByteReader in(body);
  Hello h;
  while (in.left() > 0) {
    const uint8_t type = in.u8();
    ByteReader value(in.take(in.u8()));
    if (!in.ok()) return std::nullopt;
    switch (type) {
      case kSession:
        h.session = value.u32();
        h.echo = value.u32();
        h.role = static_cast<Role>(value.u8());
        break;
      case kWish:
        h.mode = static_cast<Mode>(value.u8());
        h.latency_ms = value.u32();
        break;
      case kOffer:
        h.symbol_bytes = value.u32();
        break;
      case kClockId:
        h.clock_id = value.u64();
        break;
      case kAgent:
        h.agent = printable(value.rest());
        break;
      case kShares:
        h.shares = value.u8();
        break;
      default:
        break;
    }
    if (!value.ok()) return std::nullopt;
  }
  const bool known_role = h.role == Role::sender || h.role == Role::receiver;
  const bool known_mode = h.mode == Mode::latest || h.mode == Mode::every;
  const bool sane_symbols =
      h.role == Role::receiver || (h.symbol_bytes > kMinSymbolBytes && h.symbol_bytes <= kMaxSymbolBytes);
  if (h.session == 0 || !known_role || !known_mode || !sane_symbols || h.latency_ms > 3'600'000)
    return std::nullopt;
  return h;
}

size_t serialize(std::span<uint8_t> body, const Clock& c) {
  ByteWriter out(body);
  out.u32(c.is_answer ? 1 : 0);
  out.u64(static_cast<uint64_t>(c.asked_us));
  out.u64(static_cast<uint64_t>(c.received_us));
  out.u64(static_cast<uint64_t>(c.answered_us));
  return out.size();
}

std::optional<Clock> parse_clock(Bytes body) {
  ByteReader in(body);
  const uint32_t kind = in.u32();
  Clock c{kind == 1, static_cast<int64_t>(in.u64()), static_cast<int64_t>(in.u64()),
          static_cast<int64_t>(in.u64())};
  const auto sane = [](int64_t us) { return us > -(int64_t{1} << 50) && us < (int64_t{1} << 50); };
  if (!in.ok() || kind > 1 || !sane(c.asked_us) || !sane(c.received_us) || !sane(c.answered_us))
    return std::nullopt;
  return c;
}

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::end_of_stream:
      return "the stream has ended";
    case CloseReason::leaving:
      return "the other end was stopped";
    case CloseReason::same_role:
      return "both ends send, or both receive; run `glimt send` at one and `glimt recv` at the other";
    case CloseReason::busy:
      return "the receiver is served by another sender";
    case CloseReason::too_slow:
      return "this receiver asked for every frame and was more than a second behind";
    case CloseReason::full:
      return "the sender has no room for a further receiver";
    case CloseReason::cut_off:
      return "this receiver held pictures in shared memory for more than a second while others had none; "
             "copy what is kept for longer, or give the sender more with ?slots=";
  }
  return "unknown reason";
}

size_t serialize(std::span<uint8_t> body, const Close& close) {
  ByteWriter out(body);
  out.u32(static_cast<uint32_t>(close.reason));
  return out.size();
}

std::optional<Close> parse_close(Bytes body) {
  ByteReader in(body);
  const uint32_t reason = in.u32();
  if (!in.ok() || reason < 1 || reason > static_cast<uint32_t>(CloseReason::cut_off)) return std::nullopt;
  return Close{static_cast<CloseReason>(reason)};
}

size_t serialize(std::span<uint8_t> body, const Skip& skip) {
  ByteWriter out(body);
  out.u32(skip.first.value());
  out.u32(skip.count);
  return out.size();
}

std::optional<Skip> parse_skip(Bytes body) {
  ByteReader in(body);
  Skip skip{Sequence(in.u32()), in.u32()};
  if (!in.ok() || skip.count == 0 || skip.count > kMaxSkip) return std::nullopt;
  return skip;
}

}  // namespace glimt::wire

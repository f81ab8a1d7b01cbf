#include "wire/shared_frame.hpp"

#include "wire/descriptor.hpp"

namespace glimt::wire {
namespace {

enum Kind : uint8_t { kSlot = 1, kFrame = 2, kHeld = 3, kRelease = 4, kAsk = 5 };

class Writer {
 public:
  explicit Writer(ByteWriter& out) : out_(out) {}

  void operator()(const SharedSlot& m) {
    head(kSlot, m.slot);
    out_.u64(m.bytes);
  }
  void operator()(const SharedFrame& m) {
    head(kFrame, m.slot);
    out_.u16(static_cast<uint16_t>(m.format));
    out_.u16(m.width);
    out_.u16(m.height);
    out_.u16(0);
    out_.u32(m.number.value());
    out_.u32(m.metadata_bytes);
    out_.u64(static_cast<uint64_t>(m.captured_us));
    out_.u64(static_cast<uint64_t>(m.sent_us));
  }
  void operator()(const SharedHeld&) { head(kHeld, 0); }
  void operator()(const SharedRelease& m) {
    head(kRelease, 0);
    out_.u32(m.number.value());
  }
  void operator()(const SharedAsk&) { head(kAsk, 0); }

 private:
  void head(Kind kind, uint8_t slot) {
    out_.u8(kind);
    out_.u8(slot);
    out_.u16(0);
  }

  ByteWriter& out_;
};

std::optional<SharedMessage> parse_frame(ByteReader& in, uint8_t slot) {
  SharedFrame m;
  m.slot = slot;
  const uint16_t format = in.u16();
  m.width = in.u16();
  m.height = in.u16();
  in.u16();
  m.number = Sequence(in.u32());
  m.metadata_bytes = in.u32();
  m.captured_us = static_cast<int64_t>(in.u64());
  m.sent_us = static_cast<int64_t>(in.u64());
  if (!in.ok() || !is_pixel_format(format) || m.width == 0 || m.height == 0 ||
      m.metadata_bytes > kMaxMetadataBytes || !is_sane_time(m.captured_us) || !is_sane_time(m.sent_us)) {
    return std::nullopt;
  }
  m.format = static_cast<PixelFormat>(format);
  return m;
}

}  // namespace

size_t serialize(std::span<uint8_t> bytes, const SharedMessage& message) {
  ByteWriter out(bytes);
  std::visit(Writer(out), message);
  return out.ok() ? out.size() : 0;
}

std::optional<SharedMessage> parse_shared(Bytes bytes) {
  ByteReader in(bytes);
  const uint8_t kind = in.u8();
  const uint8_t slot = in.u8();
  in.u16();
  if (!in.ok() || slot >= kMaxSharedSlots) return std::nullopt;
  switch (kind) {
    case kSlot: {
      const SharedSlot m{slot, in.u64()};
      return in.ok() && m.bytes > 0 ? std::optional<SharedMessage>(m) : std::nullopt;
    }
    case kFrame:
      return parse_frame(in, slot);
    case kHeld:
      return SharedHeld{};
    case kRelease: {
      const SharedRelease m{Sequence(in.u32())};
      return in.ok() ? std::optional<SharedMessage>(m) : std::nullopt;
    }
    case kAsk:
      return SharedAsk{};
    default:
      return std::nullopt;
  }
}

}  // namespace glimt::wire

#include "packetize/packetizer.hpp"
#include "wire/countdown.hpp"

namespace glimt::packetize {
namespace {

// What stands in front of each segment: how many are still to come, this one counted.
constexpr auto kCounts = [] {
  std::array<uint8_t, 256> counts{};
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = static_cast<uint8_t>(i);
  return counts;
}();

// The first datagram already says how many there will be: nothing leaves before the last strip is there.
class CountdownPacketizer final : public Packetizer {
 public:
  Ref<SymbolUnit> begin(const Ref<media::AccessUnit>& unit, bool) override {
    auto to = units_.take();
    begin_symbol_unit(*to, unit);
    return to;
  }

  Result<void> add(SymbolUnit& to, const media::Strip& strip) override {
    if (to.unit->info.codec != Codec::jpeg)
      return abandon(to, ErrorKind::unsupported, "wire=countdown carries JPEG only; use codec=jpeg");
    to.strip_bytes.push_back(strip);
    to.bytes += strip.bytes.size();
    return {};
  }

  Result<void> end(SymbolUnit& unit) override {
    if (unit.abandoned) return {};
    Bytes picture = whole(unit);
    const size_t segments = wire::countdown_segments(picture.size());
    if (segments > wire::kCountdownMaxSegments) {
      return abandon(
          unit, ErrorKind::exhausted,
          "a picture of " + std::to_string(picture.size()) +
              " bytes is over what wire=countdown can count; use a lower quality or Glimt's own wire");
    }
    for (size_t left = segments; left > 0; --left) {
      const Bytes segment = picture.first(std::min(picture.size(), wire::kCountdownSegmentBytes));
      picture = picture.subspan(segment.size());
      unit.symbols.push_back({{}, Bytes(kCounts).subspan(left, 1), segment, 0});
    }
    unit.complete = true;
    return {};
  }

 private:
  static Error abandon(SymbolUnit& unit, ErrorKind kind, std::string why) {
    unit.abandoned = unit.complete = true;
    return {kind, std::move(why)};
  }

  // The strips one behind the other.
  Bytes whole(SymbolUnit& unit) {
    if (unit.strip_bytes.size() == 1) return unit.strip_bytes[0].bytes;
    auto buffer = buffers_.take();
    buffer->reserve(unit.bytes);
    size_t at = 0;
    for (const auto& strip : unit.strip_bytes) {
      std::copy(strip.bytes.begin(), strip.bytes.end(), buffer->data() + at);
      at += strip.bytes.size();
    }
    const Bytes bytes(buffer->data(), at);
    unit.strip_bytes.push_back({buffer, bytes, 0});
    return bytes;
  }

  Pool<SymbolUnit> units_;
  media::BufferPool buffers_;
};

}  // namespace

std::unique_ptr<Packetizer> make_countdown_packetizer() { return std::make_unique<CountdownPacketizer>(); }

}  // namespace glimt::packetize

#include "packetize/packetizer.hpp"
#include "wire/pickle.hpp"

namespace glimt::packetize {
namespace {

constexpr size_t kRunBytes = 64 * 1024;  // what a byte stream takes at once
constexpr size_t kLengthBytes = 8;

int channels_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::gray8:
      return 1;
    case PixelFormat::bgr24:
      return 3;
    case PixelFormat::bgra32:
      return 4;
    default:
      return 0;
  }
}

// Length and pickle around pixels that stay where they are.
class PicklePacketizer final : public Packetizer {
 public:
  Ref<SymbolUnit> begin(const Ref<media::AccessUnit>& unit, bool) override {
    auto to = units_.take();
    begin_symbol_unit(*to, unit);
    return to;
  }

  Result<void> add(SymbolUnit& to, const media::Strip& strip) override {
    const auto& info = to.unit->info;
    if (info.codec != Codec::raw || channels_of(info.format) == 0) {
      to.abandoned = to.complete = true;
      return Error{ErrorKind::unsupported, "a pickled array holds bgr24, gray8 or bgra32 pixels, not " +
                                               std::string(info.codec == Codec::raw ? to_string(info.format)
                                                                                    : to_string(info.codec))};
    }
    if (strip.index == 0) write_head(to);
    Bytes head = strip.index == 0 ? Bytes(to.descriptor).first(head_bytes_) : Bytes();
    to.strip_bytes.push_back(strip);
    for (Bytes rest = strip.bytes; !rest.empty();) {
      const Bytes run = rest.first(std::min(rest.size(), kRunBytes));
      rest = rest.subspan(run.size());
      append(to, head, run);
      head = {};
    }
    return {};
  }

  Result<void> end(SymbolUnit& unit) override {
    if (!unit.abandoned) append(unit, Bytes(unit.descriptor).subspan(head_bytes_), {});
    unit.complete = true;
    return {};
  }

 private:
  // The unit's descriptor is what this wire says of a picture: length and head, and the tail behind them.
  void write_head(SymbolUnit& to) {
    const auto& info = to.unit->info;
    const auto frame = wire::make_pickle_frame(info.height, info.width, channels_of(info.format));
    const size_t pixels = media::packed_size(info.format, info.width, info.height);
    head_bytes_ = kLengthBytes + frame.head.size();
    to.descriptor.resize(head_bytes_ + frame.tail.size());
    ByteWriter out(to.descriptor);
    out.u64(frame.head.size() + pixels + frame.tail.size());
    out.put(frame.head);
    out.put(frame.tail);
  }

  static void append(SymbolUnit& to, Bytes head, Bytes run) {
    to.symbols.push_back({{}, head, run, 0});
    to.bytes += head.size() + run.size();
  }

  size_t head_bytes_ = 0;  // of the unit in work
  Pool<SymbolUnit> units_;
};

}  // namespace

std::unique_ptr<Packetizer> make_pickle_packetizer() { return std::make_unique<PicklePacketizer>(); }

}  // namespace glimt::packetize

#include "wire/pickle.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "wire/pickle_machine.hpp"

namespace glimt::wire {
namespace {

using namespace std::string_view_literals;

using Tag = PickleMachine::Tag;
using Array = PickleMachine::Array;

bool begins_two(uint8_t b) { return (b & 0xFE) == 0xC2; }  // a character of latin-1's upper half
bool is_second(uint8_t b) { return (b & 0xC0) == 0x80; }
bool is_beyond(uint8_t b) { return b >= 0xC4 || b == 0xC0 || b == 0xC1; }

// How many bytes the text becomes; empty where it is not UTF-8 or has a character beyond latin-1. Counts without a
// branch, so that the compiler makes vectors of it.
std::optional<size_t> latin1_size(Bytes text) {
  if (text.empty()) return 0;
  size_t seconds = 0, wrong = size_t{is_second(text[0])} + begins_two(text.back()) + is_beyond(text[0]);
  for (size_t i = 1; i < text.size(); ++i) {
    wrong += size_t{is_second(text[i]) != begins_two(text[i - 1])} + is_beyond(text[i]);
    seconds += is_second(text[i]);
  }
  if (wrong > 0) return std::nullopt;
  return text.size() - seconds;
}

// The text must have passed latin1_size().
Bytes decode_latin1(Bytes text, size_t size, std::vector<uint8_t>& decoded) {
  if (size == text.size()) return text;
  decoded.resize(size);
  const uint8_t* in = text.data();
  for (uint8_t& out : decoded) {  // without a branch: no processor guesses which pixels are above 127
    const unsigned b = in[0], has_second = b >> 7, last = in[has_second];
    const unsigned mask = 0 - has_second;
    out = static_cast<uint8_t>((b & ~mask) | ((b << 6 | (last & 0x3F)) & mask));
    in += 1 + has_second;
  }
  return decoded;
}

std::string sides_of(const std::array<int64_t, 3>& shape, size_t dimensions) {
  std::string text;
  for (size_t i = 0; i < dimensions; ++i) text += (i ? " x " : "") + std::to_string(shape[i]);
  return text;
}

struct Layout {
  std::array<int64_t, 3> shape{1, 1, 1};
  std::array<size_t, 3> strides{};
};

// The shape that the array's indices have, and how far apart their elements lie: order K's memory has its axes in
// another order. Meant for a shape that fits its bytes.
Layout layout_of(const Array& array) {
  Layout layout;
  if (array.order != 'K') {
    std::copy_n(array.shape.begin(), array.dimensions, layout.shape.begin());
    return layout;
  }
  std::array<size_t, 3> strides{};
  size_t stride = 1;
  for (size_t i = array.dimensions; i-- > 0; stride *= static_cast<size_t>(array.shape[i]))
    strides[i] = stride;
  for (size_t i = 0; i < array.dimensions; ++i) {
    layout.shape[i] = array.shape[array.axes[i]];
    layout.strides[i] = strides[array.axes[i]];
  }
  return layout;
}

Bytes exchange_axes(const Layout& layout, Bytes pixels, std::vector<uint8_t>& decoded) {
  decoded.resize(pixels.size());
  size_t at = 0;
  const auto [rows, columns, channels] = layout.shape;
  for (size_t y = 0; y < static_cast<size_t>(rows); ++y)
    for (size_t x = 0; x < static_cast<size_t>(columns); ++x)
      for (size_t c = 0; c < static_cast<size_t>(channels); ++c)
        decoded[at++] = pixels[y * layout.strides[0] + x * layout.strides[1] + c * layout.strides[2]];
  return decoded;
}

// Sides of at least 1 whose product is `bytes`; no product overflows.
bool fits(const Array& array, size_t bytes) {
  uint64_t product = 1;
  for (size_t i = 0; i < array.dimensions; ++i) {
    const int64_t side = array.shape[i];
    if (side < 1 || side > std::numeric_limits<int>::max() || product > bytes / static_cast<uint64_t>(side))
      return false;
    product *= static_cast<uint64_t>(side);
  }
  return product == bytes;
}

Result<Pickle> picture(const Array& array, std::vector<uint8_t>& decoded) {
  const Bytes written = array.pixels.bytes;
  const auto size = array.pixels.tag == Tag::latin1 ? latin1_size(written) : written.size();
  if (!size) return PickleMachine::refusal("its pixels are text beyond latin1");
  if (!fits(array, *size)) {
    return PickleMachine::refusal("an array of " + sides_of(array.shape, array.dimensions) +
                                  " does not have " + std::to_string(*size) + " bytes of pixels");
  }
  const Layout layout = layout_of(array);
  const int64_t channels = layout.shape[2];
  if (channels != 1 && channels != 3 && channels != 4) {
    return PickleMachine::refusal("it holds an array of " + sides_of(layout.shape, array.dimensions) +
                                  "; a picture has 1, 3 or 4 channels");
  }
  Pickle result;
  result.kind = Pickle::Kind::array;
  result.height = static_cast<int>(layout.shape[0]);
  result.width = static_cast<int>(layout.shape[1]);
  result.channels = static_cast<int>(channels);
  result.fortran = array.order == 'F';
  if (array.order == 'K') {
    result.bytes = exchange_axes(layout, written, decoded);
  } else {
    result.bytes = array.pixels.tag == Tag::latin1 ? decode_latin1(written, *size, decoded) : written;
  }
  return result;
}

// Protocol 4 is what Python has known since 3.4; it needs no frames.
constexpr std::string_view kProtocol4 = "\x80\x04";
constexpr std::string_view kBinBytes8 = "\x8e";

}  // namespace

Result<Pickle> parse_pickle(Bytes pickle, std::vector<uint8_t>& decoded) {
  PickleMachine machine(pickle);
  const auto value = machine.run();
  if (!value) return value.error();
  Pickle result;
  switch (value->tag) {
    case Tag::none:
      return result;
    case Tag::array:
      if (value->complete) return picture(machine.array(), decoded);
      return PickleMachine::refusal("its array has no pixels");
    case Tag::bytes:
      result.kind = Pickle::Kind::bytes;
      result.bytes = value->bytes;
      return result;
    case Tag::latin1:
      if (const auto size = latin1_size(value->bytes)) {
        result.kind = Pickle::Kind::bytes;
        result.bytes = decode_latin1(value->bytes, *size, decoded);
        return result;
      }
      return PickleMachine::refusal("its bytes are text beyond latin1");
    default:
      return PickleMachine::refusal("it holds " + std::string(PickleMachine::name_of(value->tag)) +
                                    ", not a picture");
  }
}

// The names are numpy 1's: numpy 2 goes on knowing them, so that pickles last.
PickleFrame make_pickle_frame(int height, int width, int channels) {
  std::array<uint8_t, 256> head;
  ByteWriter out(head);
  const auto put = [&](std::string_view bytes) { out.put(as_bytes(bytes)); };
  const auto put_integer = [&](int value) {
    put("J");
    out.u32(static_cast<uint32_t>(value));
  };
  put(kProtocol4);
  put("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
      "K\0\x85"
      "C\x01"
      "b\x87R"sv);
  put("(K\x01");  // the array's state: version, shape, data type, order, pixels
  put_integer(height);
  put_integer(width);
  if (channels > 1) put_integer(channels);
  put(channels > 1 ? "\x87" : "\x86");
  put("cnumpy\ndtype\nX\2\0\0\0"
      "u1\x89\x88\x87R"sv);
  put("(K\3X\1\0\0\0"
      "|NNN"sv);
  put_integer(-1);
  put_integer(-1);
  put("K\0tb"sv);
  put("\x89");  // not in Fortran's order
  put(kBinBytes8);
  out.u64(uint64_t(height) * uint64_t(width) * uint64_t(channels));
  const Bytes tail = as_bytes("tb.");
  return {{head.begin(), head.begin() + static_cast<ptrdiff_t>(out.size())}, {tail.begin(), tail.end()}};
}

std::vector<uint8_t> pickle_bytes(Bytes content) {
  std::vector<uint8_t> pickle(kProtocol4.size() + kBinBytes8.size() + 8 + content.size() + 1);
  ByteWriter out(pickle);
  out.put(as_bytes(kProtocol4));
  out.put(as_bytes(kBinBytes8));
  out.u64(content.size());
  out.put(content);
  out.u8('.');
  return pickle;
}

std::vector<uint8_t> pickle_none() { return {0x80, 4, 'N', '.'}; }

}  // namespace glimt::wire

#include "glimt/options.hpp"

#include <array>
#include <string>

namespace glimt {
namespace {

template <class T>
struct Named {
  T value;
  std::string_view name;
};

constexpr std::array<Named<PixelFormat>, 10> kFormats{{{PixelFormat::gray8, "gray8"},
                                                       {PixelFormat::bgr24, "bgr24"},
                                                       {PixelFormat::bgra32, "bgra32"},
                                                       {PixelFormat::i420, "i420"},
                                                       {PixelFormat::gray16, "gray16"},
                                                       {PixelFormat::bgr48, "bgr48"},
                                                       {PixelFormat::bgra64, "bgra64"},
                                                       {PixelFormat::grayf32, "grayf32"},
                                                       {PixelFormat::bgrf32, "bgrf32"},
                                                       {PixelFormat::bgraf32, "bgraf32"}}};
constexpr std::array<Named<Codec>, 3> kCodecs{
    {{Codec::raw, "raw"}, {Codec::jpeg, "jpeg"}, {Codec::h264, "h264"}}};
constexpr std::array<Named<Mode>, 2> kModes{{{Mode::latest, "latest"}, {Mode::every, "every"}}};

constexpr std::array<Named<Chroma>, 3> kChromas{
    {{Chroma::c420, "420"}, {Chroma::c422, "422"}, {Chroma::c444, "444"}}};

constexpr std::array<Named<int>, 4> kScales{{{1, "1/1"}, {2, "1/2"}, {4, "1/4"}, {8, "1/8"}}};

template <class Table, class T>
std::string_view name_of(const Table& table, T value) {
  for (const auto& row : table) {
    if (row.value == value) return row.name;
  }
  return "unknown";
}

template <class T, class Table>
Result<T> value_of(const Table& table, std::string_view name, std::string_view what) {
  std::string known;
  for (const auto& row : table) {
    if (row.name == name) return row.value;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Error{ErrorKind::unsupported,
               "unknown " + std::string(what) + " '" + std::string(name) + "'; known: " + known};
}

}  // namespace

std::string_view to_string(PixelFormat format) { return name_of(kFormats, format); }
std::string_view to_string(Codec codec) { return name_of(kCodecs, codec); }
std::string_view to_string(Mode mode) { return name_of(kModes, mode); }
std::string_view to_string(Chroma chroma) { return name_of(kChromas, chroma); }
Result<PixelFormat> parse_pixel_format(std::string_view text) {
  return value_of<PixelFormat>(kFormats, text, "pixel format");
}
Result<Codec> parse_codec(std::string_view text) { return value_of<Codec>(kCodecs, text, "codec"); }
Result<Mode> parse_mode(std::string_view text) { return value_of<Mode>(kModes, text, "mode"); }
Result<Chroma> parse_chroma(std::string_view text) { return value_of<Chroma>(kChromas, text, "chroma"); }
Result<int> parse_scale(std::string_view text) { return value_of<int>(kScales, text, "scale"); }

}  // namespace glimt

#include "hub/setting_words.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/nearest.hpp"
#include "glimt/url.hpp"

namespace glimt::hub {
namespace {

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

Result<std::string> parse_text(std::string_view text) { return std::string(text); }

Result<bool> parse_switch(std::string_view text) {
  if (text == "on" || text == "off") return text == "on";
  return bad("expected on or off");
}

Result<double> parse_fps(std::string_view text) {
  double fps = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), fps);
  if (failed != std::errc{} || end != text.data() + text.size() || !(fps >= 0.1 && fps <= 1000))
    return bad("expected pictures a second, 0.1 to 1000");
  return fps;
}

template <int kLow, int kHigh>
Result<int> parse_within(std::string_view text) {
  return parse_integer(text, kLow, kHigh, "value");
}

std::string text_of(const std::string& text) { return text; }
std::string text_of(bool on) { return on ? "on" : "off"; }
std::string text_of(int number) { return std::to_string(number); }
std::string text_of(double number) { return fmt::format("{}", number); }
std::string text_of(Codec codec) { return std::string(to_string(codec)); }
std::string text_of(Chroma chroma) { return std::string(to_string(chroma)); }
std::string text_of(const std::pair<int, int>& size) { return fmt::format("{}x{}", size.first, size.second); }
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "";
}

struct Key {
  std::string name;
  std::vector<std::string> fields;
  std::function<Result<void>(const std::string& value, StreamSettings& settings)> set;
  std::function<std::string(const StreamSettings& settings)> say;
};

// `at`: where in the settings it stands.
template <class At, class Parse>
Key key(const std::string& name, std::vector<std::string> fields, At at, Parse parse) {
  const auto set = [=](const std::string& value, StreamSettings& settings) -> Result<void> {
    static const StreamSettings kDefault;
    if (value.empty()) {
      at(settings) = at(kDefault);
      return {};
    }
    const auto parsed = parse(value);
    if (!parsed) return bad(name + "=" + value + ": " + parsed.error().message);
    at(settings) = *parsed;
    return {};
  };
  return {name, std::move(fields), set,
          [=](const StreamSettings& settings) { return text_of(at(settings)); }};
}

template <class At, class Parse>
Key encoding_key(const std::string& name, std::vector<std::string> fields, At at, Parse parse) {
  for (auto& field : fields) field = "encoding." + field;
  return key(
      name, std::move(fields), [at](auto& s) -> auto& { return at(s.encoding); }, parse);
}

const std::vector<Key>& keys() {
  static const std::vector<Key> kKeys = {
      key(
          "source", {"source"}, [](auto& s) -> auto& { return s.source; }, parse_text),
      key(
          "format", {"format"}, [](auto& s) -> auto& { return s.format; }, parse_text),
      key(
          "filter", {"filter"}, [](auto& s) -> auto& { return s.filter; }, parse_text),
      key(
          "loop", {"loop"}, [](auto& s) -> auto& { return s.loop; }, parse_switch),
      encoding_key(
          "codec", {"codec"}, [](auto& e) -> auto& { return e.codec; }, parse_codec),
      encoding_key(
          "quality", {"quality"}, [](auto& e) -> auto& { return e.quality; }, parse_within<1, 100>),
      encoding_key(
          "chroma", {"chroma"}, [](auto& e) -> auto& { return e.chroma; }, parse_chroma),
      encoding_key(
          "encoder", {"encoder"}, [](auto& e) -> auto& { return e.encoder; }, parse_text),
      encoding_key(
          "bitrate", {"bitrate_bps"}, [](auto& e) -> auto& { return e.bitrate_bps; }, parse_bitrate),
      encoding_key(
          "intra_refresh", {"intra_refresh"}, [](auto& e) -> auto& { return e.intra_refresh; }, parse_switch),
      encoding_key(
          "workers", {"workers"}, [](auto& e) -> auto& { return e.workers; }, parse_within<0, 64>),
      encoding_key(
          "size", {"width", "height"}, [](auto& e) -> auto& { return e.size; }, parse_size),
      encoding_key(
          "fps", {"fps"}, [](auto& e) -> auto& { return e.fps; }, parse_fps),
  };
  return kKeys;
}

}  // namespace

std::vector<std::string> setting_keys() {
  std::vector<std::string> names;
  for (const auto& each : keys()) names.push_back(each.name);
  return names;
}

Result<std::vector<std::string>> apply_settings(const std::vector<std::string>& words,
                                                StreamSettings& settings) {
  std::vector<std::string> fields;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos) return bad("'" + word + "': expected KEY=VALUE, as in quality=70");
    const auto found =
        std::find_if(keys().begin(), keys().end(), [&](const Key& k) { return k.name == name; });
    if (found == keys().end()) return bad("'" + name + "' cannot be set" + nearest_of(name, setting_keys()));
    if (auto done = found->set(word.substr(equals + 1), settings); !done) return done.error();
    fields.insert(fields.end(), found->fields.begin(), found->fields.end());
  }
  return fields;
}

std::vector<Difference> differences(const StreamSettings& before, const StreamSettings& after) {
  std::vector<Difference> found;
  const auto or_default = [](std::string text) { return text.empty() ? "default" : text; };
  for (const auto& each : keys()) {
    if (each.say(before) == each.say(after)) continue;
    found.push_back({each.name, or_default(each.say(before)), or_default(each.say(after))});
  }
  return found;
}

}  // namespace glimt::hub

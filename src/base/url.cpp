#include "glimt/url.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace glimt {
namespace {

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isdigit(c); });
}

// The scheme in front of ':', where there is one. "C:\x" has no scheme of
// ours, but "rtsp:" is.
std::string_view scheme_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  const auto word = text.substr(0, colon);
  const bool name = std::all_of(word.begin(), word.end(),
                                [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-'; });
  return name && std::isalpha(static_cast<unsigned char>(word[0])) ? word : std::string_view{};
}

void split_options(std::string_view query, Url& url) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (item.empty()) continue;
    const auto equals = item.find('=');
    url.options.emplace_back(item.substr(0, equals),
                             equals == std::string_view::npos ? "" : item.substr(equals + 1));
  }
}

Result<void> split_host_port(std::string_view rest, Url& url) {
  const std::string form = url.scheme + "://host:port, or " + url.scheme + "://:port to listen";
  if (rest.substr(0, 2) != "//") return bad("'" + url.text + "': expected " + form);
  rest.remove_prefix(2);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.find(']', colon) != std::string_view::npos) {
    return bad("'" + url.text + "': the port is missing; expected " + form);
  }
  const auto port = parse_integer(rest.substr(colon + 1), 1, 65535, "port");
  if (!port) return bad("'" + url.text + "': " + port.error().message);
  auto host = rest.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') return bad("'" + url.text + "': '[' without ']' around the IPv6 address");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("'" + url.text + "': write an IPv6 address in brackets, as in " + url.scheme +
               "://[::1]:5000");
  }
  url.host = host;
  url.port = static_cast<uint16_t>(*port);
  return {};
}

// NAME, NAME@HOST, or nothing yet.
Result<void> split_stream(std::string_view rest, Url& url) {
  const std::string form = "glimt://NAME, or glimt://NAME@HOST, as in glimt://cam0";
  if (rest.substr(0, 2) != "//") return bad("'" + url.text + "': expected " + form);
  rest.remove_prefix(2);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const auto at = rest.rfind('@');
  url.path = rest.substr(0, at);
  if (at == std::string_view::npos) return {};
  url.host = rest.substr(at + 1);
  if (url.host.empty()) return bad("'" + url.text + "': the host is missing; expected " + form);
  return {};
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url url;
  url.text = text;
  if (text.empty()) return bad("an address is empty; try test: or udp://127.0.0.1:5000");
  if (text == "-") {
    url.scheme = "-";
    return url;
  }
  if (all_digits(text) || text.substr(0, 5) == "/dev/") {
    url.scheme = "camera";
    const auto query = std::min(text.find('?'), text.size());
    url.path = text.substr(0, query);
    if (query < text.size()) split_options(text.substr(query + 1), url);
    return url;
  }
  const auto scheme = scheme_of(text);
  url.scheme = scheme.empty() ? "file" : std::string(scheme);
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto rest = scheme.empty() ? text : text.substr(scheme.size() + 1);
  if (url.scheme == "http" || url.scheme == "https" || url.scheme == "rtsp" || url.scheme == "rtmp") {
    url.path = text;  // other people's addresses: theirs is the query too
    return url;
  }
  const auto query = rest.find('?');
  if (query != std::string_view::npos) {
    split_options(rest.substr(query + 1), url);
    rest = rest.substr(0, query);
  }
  if (url.scheme == "udp" || url.scheme == "tcp") {
    if (auto split = split_host_port(rest, url); !split) return split.error();
    return url;
  }
  if (url.scheme == "glimt") {
    if (auto split = split_stream(rest, url); !split) return split.error();
    return url;
  }
  if (url.scheme == "unix") {
    if (rest.substr(0, 2) == "//") rest.remove_prefix(2);
    if (rest.empty()) return bad("'" + url.text + "': the path is missing; expected unix:///run/cam.sock");
  }
  url.path = rest;
  return url;
}

bool Url::has(std::string_view option) const { return find(option).has_value(); }

std::optional<std::string> Url::find(std::string_view option) const {
  for (const auto& [name, value] : options) {
    if (name == option) return value;
  }
  return std::nullopt;
}

Result<void> Url::allow_only(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : options) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list;
    for (auto word : known) list += (list.empty() ? "" : ", ") + std::string(word);
    return bad("'" + text + "': unknown option '" + name + "'; " +
               (list.empty() ? "there are none here" : "known here: " + list));
  }
  return {};
}

namespace {

// A decimal number and the unit behind it; empty unit where there is none.
bool split_unit(std::string_view text, double& number, std::string_view& unit) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || !(number >= 0) || number > 1e15) return false;
  unit = text.substr(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<std::chrono::microseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double microseconds;
  };
  static constexpr std::array kUnits{Unit{"us", 1}, Unit{"ms", 1e3}, Unit{"s", 1e6}, Unit{"m", 60e6},
                                     Unit{"h", 3600e6}};
  double number = 0;
  std::string_view unit;
  if (split_unit(text, number, unit) && number < 1e9) {
    for (const auto& row : kUnits) {
      if (row.name == unit) return std::chrono::microseconds(static_cast<int64_t>(number * row.microseconds));
    }
  }
  return bad("'" + std::string(text) + "' is not a time; write it with its unit, as in 40ms, 1.5s, 10m");
}

Result<double> parse_bitrate(std::string_view text) {
  double number = 0;
  std::string_view unit;
  if (split_unit(text, number, unit)) {
    if (unit.empty()) return number;
    if (unit == "k") return number * 1e3;
    if (unit == "M") return number * 1e6;
    if (unit == "G") return number * 1e9;
  }
  return bad("'" + std::string(text) + "' is not a bitrate; write bits per second, as in 500M, 20k, 1.5G");
}

Result<size_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  static constexpr std::array kUnits{Unit{"", 1},        Unit{"k", 1e3},      Unit{"M", 1e6},
                                     Unit{"G", 1e9},     Unit{"Ki", 1 << 10}, Unit{"Mi", 1 << 20},
                                     Unit{"Gi", 1 << 30}};
  double number = 0;
  std::string_view unit;
  if (split_unit(text, number, unit)) {
    for (const auto& row : kUnits) {
      const double bytes = number * row.bytes;
      if (row.name == unit && bytes >= 1 && bytes <= 1e15) return static_cast<size_t>(bytes);
    }
  }
  return bad("'" + std::string(text) + "' is not a number of bytes; write it as in 256M, 1.5G, 64Mi");
}

Result<std::pair<int, int>> parse_size(std::string_view text) {
  const auto x = text.find('x');
  if (x != std::string_view::npos) {
    const auto width = parse_integer(text.substr(0, x), 1, 65535, "width");
    const auto height = parse_integer(text.substr(x + 1), 1, 65535, "height");
    if (width && height) return std::pair{*width, *height};
  }
  return bad("'" + std::string(text) + "' is not a size; write width and height in pixels, as in 1280x720");
}

Result<int> parse_integer(std::string_view text, int low, int high, std::string_view what) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size() || number < low ||
      number > high) {
    return bad("'" + std::string(text) + "' is not a " + std::string(what) +
               "; expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

}  // namespace glimt

// Url: one address syntax for command line, library, control service and configuration.
//
//   input    text such as "udp://10.0.0.5:5000?mode=every", "camera:0", "clip.mp4", "0", "-"
//   output   its parts; short forms get their scheme ("0" is camera:0, "clip.mp4" is file:clip.mp4)
//   errors   invalid_argument, with the form that was expected
//   threads  plain value
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glimt/error.hpp"

namespace glimt {

struct Url {
  std::string scheme;  // lower case, without ':'; "-" for standard input or output
  // udp, tcp: may be empty or "@", both meaning every local address; IPv6 without brackets. glimt: empty for any host.
  std::string host;
  uint16_t port = 0;  // udp, tcp: 1..65535
  std::string path;   // all others: what follows the scheme, without options; glimt: the stream's name
  std::vector<std::pair<std::string, std::string>> options;  // in order; a bare `?listen` has an empty value
  std::string text;                                          // as it was given

  static Result<Url> parse(std::string_view text);

  bool has(std::string_view option) const;
  std::optional<std::string> find(std::string_view option) const;

  // An option that is not among `known` is an error that lists the known ones.
  Result<void> allow_only(std::initializer_list<std::string_view> known) const;
};

// "40ms", "1.5s", "250us", "10m"; a number without a unit is an error.
Result<std::chrono::microseconds> parse_duration(std::string_view text);
// "500M", "20k", "1.5G": bits per second; a bare number is bits per second.
Result<double> parse_bitrate(std::string_view text);
// "256M", "1.5G", "64Mi": bytes, at least one; k, M and G are powers of 1000, Ki, Mi and Gi of 1024.
Result<size_t> parse_bytes(std::string_view text);
// "1280x720"
Result<std::pair<int, int>> parse_size(std::string_view text);
// A whole decimal number within [low, high]; `what` names it in the error.
Result<int> parse_integer(std::string_view text, int low, int high, std::string_view what);

}  // namespace glimt

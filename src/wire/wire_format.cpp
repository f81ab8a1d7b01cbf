#include "wire/wire_format.hpp"

#include <array>
#include <string>

namespace glimt::wire {
namespace {

constexpr std::array<std::pair<WireFormat, std::string_view>, 4> kNames{{{WireFormat::native, "native"},
                                                                         {WireFormat::countdown, "countdown"},
                                                                         {WireFormat::pickle_q, "pickle-q"},
                                                                         {WireFormat::pickle_i, "pickle-i"}}};

}  // namespace

std::string_view to_string(WireFormat format) {
  for (const auto& [value, name] : kNames) {
    if (value == format) return name;
  }
  return "unknown";
}

Result<WireFormat> parse_wire_format(std::string_view text) {
  std::string known;
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return Error{ErrorKind::unsupported, "unknown wire '" + std::string(text) + "'; known: " + known};
}

}  // namespace glimt::wire

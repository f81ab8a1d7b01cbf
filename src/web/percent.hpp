// Percent-encoding, of paths, queries and cookies.
//
//   threads  thread-safe
//   source   RFC 3986, 2.1
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace glimt::web {

// Nothing where an encoded byte is cut off or no number.
std::optional<std::string> percent_decode(std::string_view text);
// All but letters, digits and "-._~".
std::string percent_encode(std::string_view text);

}  // namespace glimt::web

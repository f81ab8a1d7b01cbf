// The header or metadata "authorization", as those show their token who can say it so.
//
//   input    "Bearer TOKEN", hostile; the scheme in any case
//   output   the token, a view into the input; nothing for another scheme
//   threads  thread-safe
#pragma once

#include <optional>
#include <string_view>

namespace glimt::access {

std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace glimt::access

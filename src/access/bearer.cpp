#include "access/bearer.hpp"

#include <strings.h>

namespace glimt::access {

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  if (strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace glimt::access

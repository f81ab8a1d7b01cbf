#include "web/admission.hpp"

#include <algorithm>

#include "access/bearer.hpp"
#include "web/percent.hpp"

namespace glimt::web {
namespace {

// Of "a=1; b=2": the value, as it stands there.
std::optional<std::string_view> cookie_called(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    auto item = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(item.size() + 1, cookies.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<access::Role> Admission::role_of(const Shown& shown) const {
  if (shown.own_user) return access::Role::steer;
  if (!wants_tokens()) return access::Role::view;
  if (!shown.authorization.empty()) {
    const auto token = access::bearer_token(shown.authorization);
    return token ? options_.role_of_token(*token) : std::nullopt;
  }
  if (!shown.token.empty()) return options_.role_of_token(shown.token);
  const auto cookie = cookie_called(shown.cookies, cookie_name());
  const auto token = cookie ? percent_decode(*cookie) : std::nullopt;
  return token ? options_.role_of_token(*token) : std::nullopt;
}

std::string Admission::cookie_of(std::string_view token) const {
  constexpr auto kYear = 365 * 24 * 3600;
  return cookie_name() + "=" + percent_encode(token) + "; Path=/; Max-Age=" + std::to_string(kYear) +
         "; HttpOnly; SameSite=Strict" + (options_.https ? "; Secure" : "");
}

}  // namespace glimt::web

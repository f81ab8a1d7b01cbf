#include "web/router.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "hub/settings.hpp"

namespace glimt::web {
namespace {

constexpr std::string_view kScheme = "http://", kSnapshot = "/snapshot/";

// Percent-encoded bytes as they are meant; nothing where one is cut off or no number.
std::optional<std::string> decode(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    uint8_t byte = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || failed != std::errc{} || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

bool has_key(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto item = query.substr(0, query.find('&'));
    if (item.substr(0, item.find('=')) == key) return true;
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return false;
}

}  // namespace

Route route(std::string_view target) {
  Route route;
  if (target.starts_with(kScheme)) {
    target.remove_prefix(kScheme.size());
    route.authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(route.authority.size());
    if (route.authority.empty()) return route;
    if (target.empty() || target[0] == '?') route.page = Route::Page::index;
  }
  const auto raw = target.substr(0, target.find('?'));
  const auto query = target.substr(std::min(raw.size() + 1, target.size()));
  const auto path = decode(raw);
  if (!path) return route;
  if (*path == "/") route.page = Route::Page::index;
  if (*path == "/health") route.page = Route::Page::health;
  if (*path == "/metrics") route.page = Route::Page::metrics;
  if (path->starts_with(kSnapshot) && hub::check_name(path->substr(kSnapshot.size()), "stream")) {
    route.page = Route::Page::snapshot;
    route.name = path->substr(kSnapshot.size());
  }
  route.strict = route.page == Route::Page::health && has_key(query, "strict");
  return route;
}

}  // namespace glimt::web

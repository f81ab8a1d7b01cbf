#include "web/router.hpp"

#include <algorithm>
#include <optional>

#include "hub/settings.hpp"
#include "web/percent.hpp"

namespace glimt::web {
namespace {

constexpr std::string_view kScheme = "http://";

// Of "key=value&key=value": the value, empty where there is none.
std::optional<std::string_view> value_of(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto item = query.substr(0, query.find('&'));
    const auto name = item.substr(0, item.find('='));
    if (name == key) return item.substr(std::min(name.size() + 1, item.size()));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return static_cast<bool>(hub::check_name(std::string(text), "stream"));
}

// "/snapshot", "/snapshot/NAME".
bool is_of(std::string_view path, std::string_view page, std::string& name) {
  if (path == page) return true;
  if (!path.starts_with(page) || path[page.size()] != '/' || !is_name(path.substr(page.size() + 1)))
    return false;
  name = path.substr(page.size() + 1);
  return true;
}

// "/streams", "/streams/NAME", "/streams/NAME/destinations", "/streams/NAME/destinations/ID".
void take_stream(std::string_view path, Route& route) {
  constexpr std::string_view kStreams = "/streams", kDestinations = "/destinations";
  if (!path.starts_with(kStreams)) return;
  path.remove_prefix(kStreams.size());
  const auto next = [&path] {  // "/PART…"; empty where none is that may be a name
    if (!path.starts_with('/')) return std::string_view();
    const auto part = path.substr(1, path.find('/', 1) - 1);
    if (!is_name(part)) return std::string_view();
    path.remove_prefix(part.size() + 1);
    return part;
  };
  const auto name = next();
  const bool destinations = !name.empty() && (path == kDestinations || path.starts_with("/destinations/"));
  if (destinations) path.remove_prefix(kDestinations.size());
  const auto id = destinations ? next() : std::string_view();
  if (!path.empty()) return;
  route.page = Route::Page::streams;
  route.name = name;
  route.destinations = destinations;
  route.destination = id;
}

// As MJPG-streamer has them: "/?action=stream", and of one stream "&stream=NAME".
void take_action(std::string_view query, Route& route) {
  const auto action = value_of(query, "action");
  if (!action) return;
  const auto name = percent_decode(value_of(query, "stream").value_or(""));
  const bool known = *action == "stream" || *action == "snapshot";
  route.page = Route::Page::unknown;
  if (!known || !name || (!name->empty() && !is_name(*name))) return;
  route.page = *action == "stream" ? Route::Page::stream : Route::Page::snapshot;
  route.name = *name;
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
  const auto path = percent_decode(raw);
  if (!path) return route;
  if (*path == "/") route.page = Route::Page::index;
  if (*path == "/health") route.page = Route::Page::health;
  if (*path == "/metrics") route.page = Route::Page::metrics;
  take_stream(*path, route);
  if (is_of(*path, "/snapshot", route.name)) route.page = Route::Page::snapshot;
  if (is_of(*path, "/live", route.name) && !route.name.empty()) route.page = Route::Page::live;
  if (is_of(*path, "/stream", route.name)) {
    route.page = Route::Page::stream;
    const auto first = percent_decode(query.substr(0, query.find('&')));  // "/stream?NAME"
    if (route.name.empty() && first && is_name(*first)) route.name = *first;
  }
  if (route.page == Route::Page::index) take_action(query, route);
  route.token = percent_decode(value_of(query, "token").value_or("")).value_or("");
  route.strict = route.page == Route::Page::health && value_of(query, "strict");
  route.jpeg = route.page == Route::Page::live && value_of(query, "codec") == "jpeg";
  return route;
}

}  // namespace glimt::web

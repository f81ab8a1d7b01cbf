#include "web/site.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crc32c.hpp"
#include "hub/status_json.hpp"
#include "web/listen_address.hpp"
#include "web/live_messages.hpp"
#include "web/steering.hpp"

namespace glimt::web {
namespace {

constexpr std::string_view kJpegEnding = ".jpg";

Answer text(int status, std::string body) { return {.status = status, .body = std::move(body) + "\n"}; }

std::string index(const std::vector<hub::StreamStatus>& streams) {
  std::string body = "glimt hub\n\n/health\n/metrics\n";
  for (const auto& s : streams)
    body += "/snapshot/" + s.settings.name + "  /stream/" + s.settings.name + "  " +
            std::string(to_string(s.state)) + "\n";
  return body;
}

// Of "a, b": whether `wanted` is one.
bool offers(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == wanted) return true;
  }
  return false;
}

}  // namespace

Answer answer_of(const Error& error) {
  if (error.kind == ErrorKind::not_found) return text(404, error.message);
  if (error.kind != ErrorKind::unavailable) return text(500, error.message);
  Answer answer = text(503, error.message);
  answer.retry_after_s = 1;
  return answer;
}

Answer health(const std::vector<hub::StreamStatus>& streams, bool closing, bool strict) {
  auto listed = nlohmann::json::array();
  for (const auto& s : streams)
    listed.push_back({{"name", s.settings.name}, {"state", std::string(to_string(s.state))}});
  const bool trouble =
      std::ranges::any_of(streams, [](const auto& s) { return s.state == hub::StreamState::trouble; });
  const nlohmann::json said{{"status", closing   ? "closing"
                                       : trouble ? "trouble"
                                                 : "ok"},
                            {"streams", listed}};
  return {.status = closing || (strict && trouble) ? 503 : 200,
          .body = said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .type = "application/json"};
}

Answer Site::answer(const Request& request, const WebCounters& counters) {
  const Route asked = route(request.target);
  const auto host = asked.authority.empty() ? request.host : asked.authority;
  if (options_.check_host && host && !is_own_host(*host)) {
    return text(421,
                "this hub answers to localhost and to IP addresses; "
                "ask http://127.0.0.1, or have it listen on another address than its own");
  }
  if (asked.page == Route::Page::streams && is_steering(request.method))
    return change(asked, request, asked.authority.empty() ? request.host.value_or("") : asked.authority);
  if (request.method != "GET" && request.method != "HEAD") {
    Answer refused = text(405, "nothing can be changed here but /streams; GET and HEAD are known");
    refused.allow = "GET, HEAD";
    return refused;
  }
  return page(asked, request, counters);
}

Answer Site::page(const Route& route, const Request& request, const WebCounters& counters) {
  hub::Hub& hub = options_.hub;
  switch (route.page) {
    case Route::Page::index:
      if (auto page = file("/", request)) return *std::move(page);
      return {.body = index(hub.streams())};
    case Route::Page::health:
      return health(hub.streams(), closing(), route.strict);
    case Route::Page::metrics: {
      auto body = metrics_text({hub.streams(), hub.journal().newest(), counters});
      if (options_.more_metrics) body += options_.more_metrics();
      return {.body = std::move(body), .type = "text/plain; version=0.0.4; charset=utf-8"};
    }
    case Route::Page::snapshot:
      return snapshot(route.name);
    case Route::Page::live:
      return live(route, request);
    case Route::Page::stream:
      return stream(route, request);
    case Route::Page::streams:
      return streams(route);
    case Route::Page::unknown:
      if (auto found = file(request.target.substr(0, request.target.find('?')), request))
        return *std::move(found);
      break;
  }
  return unknown();
}

Answer Site::streams(const Route& route) {
  hub::Json said;
  if (route.name.empty()) {
    said = {{"streams", hub::json_of(options_.hub.streams())}};
  } else {
    const auto stream = options_.hub.stream(route.name);
    if (!stream) return answer_of(stream.error());
    said = hub::json_of(*stream);
    if (route.destinations) return unknown();
  }
  return {
      .body =
          hub::without_passwords(std::move(said)).dump(-1, ' ', false, hub::Json::error_handler_t::replace) +
          "\n",
      .type = "application/json"};
}

// A browser sends what a form of any page says to anywhere; but it tells where that page is from, and asks before it sends JSON there,
// which nobody answers here.
Answer Site::change(const Route& route, const Request& request, std::string_view host) {
  if (request.origin && !is_same_origin(*request.origin, host))
    return json_error(403, "pages of another site may not steer this hub");
  if (!options_.may_steer)
    return json_error(
        403,
        "whoever comes over this address may only look; steer with `glimt ctl`, or have the page listen "
        "on 127.0.0.1");
  if (request.method != "DELETE" && !request.type.starts_with("application/json"))
    return json_error(415, "say it as JSON, with Content-Type: application/json");
  return steer(options_.hub, route, request.method, request.body);
}

// Kept by the browser, which asks each time whether it is still the same.
std::optional<Answer> Site::file(std::string_view path, const Request& request) const {
  for (const auto& file : options_.files) {
    if (file.path != path) continue;
    Answer answer{.type = file.type,
                  .etag = fmt::format("\"{:08x}-{}\"", crc32c(file.bytes), file.bytes.size())};
    answer.is_page = true;
    if (request.etag == answer.etag) {
      answer.status = 304;
    } else {
      answer.body.assign(file.bytes.begin(), file.bytes.end());
    }
    return answer;
  }
  return std::nullopt;
}

Result<std::string> Site::stream_called(const std::string& name) const {
  if (!name.empty()) {
    const auto found = options_.hub.stream(name);
    return found ? Result<std::string>(name) : found.error();
  }
  const auto all = options_.hub.streams();
  if (all.empty()) return Error{ErrorKind::not_found, "there is no stream yet"};
  return all.front().settings.name;
}

// A browser lets any page open a WebSocket to anywhere, and says where the page is from.
Answer Site::live(const Route& route, const Request& request) {
  if (!request.upgrade) return text(426, "this is a WebSocket; /stream/" + route.name + " is for players");
  if (!offers(request.protocols, kLiveProtocol))
    return text(400, "offer the subprotocol " + std::string(kLiveProtocol));
  const auto host = route.authority.empty() ? request.host.value_or("") : route.authority;
  if (request.origin && !is_same_origin(*request.origin, host))
    return text(403, "pages of another site may not look at this hub");
  const auto name = stream_called(route.name);
  if (!name) return answer_of(name.error());
  Answer answer{.status = 101};
  answer.viewing = Viewing{*name, route.jpeg ? hub::WatchAs::jpeg : hub::WatchAs::stream, true};
  return answer;
}

Answer Site::stream(const Route& route, const Request& request) {
  const auto name = stream_called(route.name);
  if (!name) return answer_of(name.error());
  Answer answer{.type = "multipart/x-mixed-replace; boundary=glimt-next"};
  if (request.method == "GET") answer.viewing = Viewing{*name, hub::WatchAs::jpeg, false};
  return answer;
}

Answer Site::snapshot(const std::string& asked) {
  const auto first = asked.empty() ? stream_called(asked) : Result<std::string>(asked);
  if (!first) return answer_of(first.error());
  const std::string& name = *first;
  auto picture = options_.hub.snapshot(name);
  if (!picture && picture.error().kind == ErrorKind::not_found && name.ends_with(kJpegEnding))
    picture = options_.hub.snapshot(name.substr(0, name.size() - kJpegEnding.size()));
  if (picture) return {.body = {picture->jpeg.begin(), picture->jpeg.end()}, .type = "image/jpeg"};
  return answer_of(picture.error());
}

Answer Site::unknown() {
  std::string known = "/, /health, /metrics";
  for (const auto& s : options_.hub.streams())
    known += ", /snapshot/" + s.settings.name + ", /stream/" + s.settings.name;
  return text(404, "there is no such page; known are " + known);
}

// A hub that was closed says so to every call; no stream has an empty name.
bool Site::closing() const {
  const auto none = options_.hub.stream("");
  return !none && none.error().kind == ErrorKind::unavailable;
}

}  // namespace glimt::web

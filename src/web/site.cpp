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
constexpr const char* kNoToken =
    "this hub wants one of its tokens: ask with ?token=TOKEN, or with the header Authorization: Bearer TOKEN";

Answer text(int status, std::string body) { return {.status = status, .body = std::move(body) + "\n"}; }

std::string index(const std::vector<hub::StreamStatus>& streams) {
  std::string body = "glimt hub\n\n/health\n/metrics\n";
  for (const auto& s : streams)
    body += "/snapshot/" + s.settings.name + "  /stream/" + s.settings.name + "  " +
            std::string(to_string(s.state)) + "\n";
  return body;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

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

Answer health(const std::vector<hub::StreamStatus>& streams, bool closing, bool strict, bool listed) {
  const bool trouble =
      std::ranges::any_of(streams, [](const auto& s) { return s.state == hub::StreamState::trouble; });
  nlohmann::json said{{"status", closing ? "closing" : trouble ? "trouble" : "ok"}};
  if (listed) {
    auto all = nlohmann::json::array();
    for (const auto& s : streams)
      all.push_back({{"name", s.settings.name}, {"state", std::string(to_string(s.state))}});
    said["streams"] = std::move(all);
  }
  return {.status = closing || (strict && trouble) ? 503 : 200,
          .body = said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .type = "application/json"};
}

struct Site::Asked {
  const Request& request;
  Route route;
  std::string_view host;
  std::optional<access::Role> role;

  bool by_target = false;  // the target has a token of the hub's

  // A page of another site asks, in the browser of somebody who may.
  bool from_elsewhere() const { return request.origin && !is_same_origin(*request.origin, host); }
};

Answer Site::answer(const Request& request, const WebCounters& counters) const {
  Asked asked{request, route(request.target), {}, {}};
  const auto host = asked.route.authority.empty() ? request.host : asked.route.authority;
  const bool own_host = !host || is_own_host(*host);
  if (options_.check_host && !own_host) {
    return text(421,
                "this hub answers to localhost and to IP addresses; "
                "ask http://127.0.0.1, or have it listen on another address than its own");
  }
  asked.host = host.value_or("");
  Shown shown = request.shown;
  shown.token = asked.route.token;
  shown.own_user &= own_host;  // nor is that anybody's page whose name leads here
  asked.role = admission_.role_of(shown);
  asked.by_target = admission_.is_token(shown.token);
  if (asked.route.page == Route::Page::streams && is_steering(request.method)) return change(asked);
  if (request.method != "GET" && request.method != "HEAD") {
    Answer refused = text(405, "nothing can be changed here but /streams; GET and HEAD are known");
    refused.allow = "GET, HEAD";
    return refused;
  }
  auto found = file(asked);
  Answer answer = found ? *std::move(found) : asked.role ? page(asked, counters) : without_role(asked);
  if (asked.role && asked.by_target) answer.cookie = admission_.cookie_of(shown.token);
  return answer;
}

Answer Site::without_role(const Asked& asked) const {
  if (asked.route.page == Route::Page::health)
    return health(options_.hub.streams(), closing(), asked.route.strict, false);
  return json_error(401, kNoToken);
}

Answer Site::page(const Asked& asked, const WebCounters& counters) const {
  hub::Hub& hub = options_.hub;
  const Route& route = asked.route;
  switch (route.page) {
    case Route::Page::index:
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
      return live(asked);
    case Route::Page::stream:
      return stream(route, asked.request);
    case Route::Page::streams:
      return streams(asked);
    case Route::Page::unknown:
      break;
  }
  return unknown();
}

Answer Site::streams(const Asked& asked) const {
  hub::Json said;
  if (asked.route.name.empty()) {
    said = {{"role", to_string(*asked.role)}, {"streams", hub::json_of(options_.hub.streams())}};
  } else {
    const auto stream = options_.hub.stream(asked.route.name);
    if (!stream) return answer_of(stream.error());
    said = hub::json_of(*stream);
    if (asked.route.destinations) return unknown();
  }
  return {
      .body =
          hub::without_passwords(std::move(said)).dump(-1, ' ', false, hub::Json::error_handler_t::replace) +
          "\n",
      .type = "application/json"};
}

// A browser sends what a form of any page says to anywhere; but it tells where that page is from, and asks before it sends JSON there,
// which nobody answers here.
Answer Site::change(const Asked& asked) const {
  if (asked.from_elsewhere()) return json_error(403, "pages of another site may not steer this hub");
  if (!asked.role) return json_error(401, kNoToken);
  if (*asked.role != access::Role::steer) {
    return json_error(403, admission_.wants_tokens()
                               ? "the token's role is view, and this steers; show the steer token"
                               : "who comes from elsewhere, or is another user, may only look; steer with "
                                 "`glimt ctl`, or give the hub a steer_token_file");
  }
  if (asked.request.method != "DELETE" && !asked.request.type.starts_with("application/json"))
    return json_error(415, "say it as JSON, with Content-Type: application/json");
  return steer(options_.hub, asked.route, asked.request.method, asked.request.body);
}

// Of the page, which has no secrets: it asks for them, and for the token if it has to. Kept by the browser, which asks each time whether it
// is still the same.
std::optional<Answer> Site::file(const Asked& asked) const {
  const bool is_index = asked.route.page == Route::Page::index;
  if (!is_index && asked.route.page != Route::Page::unknown) return std::nullopt;
  const auto path = is_index ? "/" : path_of(asked.request.target);
  const auto found = std::ranges::find(options_.files, path, &StaticFile::path);
  if (found == options_.files.end()) return std::nullopt;
  Answer answer{.type = found->type,
                .etag = fmt::format("\"{:08x}-{}\"", crc32c(found->bytes), found->bytes.size())};
  answer.is_page = true;
  if (asked.request.etag == answer.etag) {
    answer.status = 304;
  } else {
    answer.body.assign(found->bytes.begin(), found->bytes.end());
  }
  return answer;
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

// A browser lets any page open a WebSocket to anywhere, and says where the page is from. One that knows a token was given it.
Answer Site::live(const Asked& asked) const {
  const auto& request = asked.request;
  const auto& route = asked.route;
  if (!request.upgrade) return text(426, "this is a WebSocket; /stream/" + route.name + " is for players");
  if (!offers(request.protocols, kLiveProtocol))
    return text(400, "offer the subprotocol " + std::string(kLiveProtocol));
  if (asked.from_elsewhere() && !asked.by_target) {
    return text(403,
                "a page of another site looks at this hub with one of its tokens, as ?token=TOKEN: "
                "control.view_token_file in hub.toml");
  }
  const auto name = stream_called(route.name);
  if (!name) return answer_of(name.error());
  Answer answer{.status = 101};
  answer.viewing = Viewing{*name, route.jpeg ? hub::WatchAs::jpeg : hub::WatchAs::stream, true};
  return answer;
}

Answer Site::stream(const Route& route, const Request& request) const {
  const auto name = stream_called(route.name);
  if (!name) return answer_of(name.error());
  Answer answer{.type = "multipart/x-mixed-replace; boundary=glimt-next"};
  if (request.method == "GET") answer.viewing = Viewing{*name, hub::WatchAs::jpeg, false};
  return answer;
}

Answer Site::snapshot(const std::string& asked) const {
  const auto first = asked.empty() ? stream_called(asked) : Result<std::string>(asked);
  if (!first) return answer_of(first.error());
  const std::string& name = *first;
  auto picture = options_.hub.snapshot(name);
  if (!picture && picture.error().kind == ErrorKind::not_found && name.ends_with(kJpegEnding))
    picture = options_.hub.snapshot(name.substr(0, name.size() - kJpegEnding.size()));
  if (picture) return {.body = {picture->jpeg.begin(), picture->jpeg.end()}, .type = "image/jpeg"};
  return answer_of(picture.error());
}

Answer Site::unknown() const {
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

#include "web/steering.hpp"

#include <algorithm>

#include "hub/setting_words.hpp"
#include "hub/status_json.hpp"

namespace glimt::web {
namespace {

using hub::Json;

constexpr int kMaxDepth = 8;

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_argument:
    case ErrorKind::malformed:
    case ErrorKind::unsupported:
      return 400;
    case ErrorKind::unauthenticated:
      return 401;
    case ErrorKind::forbidden:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::already_exists:
      return 409;
    case ErrorKind::exhausted:
      return 429;
    case ErrorKind::unavailable:
    case ErrorKind::disconnected:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

Answer json(int status, const Json& said) {
  return {.status = status,
          .body = said.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
          .type = "application/json"};
}

template <class Status>
Answer done(const Result<Status>& status) {
  if (!status) return json_error(status_of(status.error().kind), status.error().message);
  return json(200, hub::without_passwords(hub::json_of(*status)));
}
Answer done(const Result<void>& removed) {
  if (!removed) return json_error(status_of(removed.error().kind), removed.error().message);
  return {.status = 204, .type = "application/json"};
}

Result<Json> object_of(std::string_view body) {
  bool deep = false;
  const auto watch_depth = [&deep](int depth, Json::parse_event_t, Json&) {
    return !(deep |= depth > kMaxDepth);
  };
  Json said = Json::parse(body.begin(), body.end(), watch_depth, false);
  if (deep || !said.is_object()) return bad("the body is to be a JSON object, as in {\"quality\": 70}");
  return said;
}

// A member as `glimt ctl set` would take it; null is the default, which nothing behind "=" says there.
Result<std::string> word_of(const std::string& key, const Json& value) {
  if (value.is_null()) return key + "=";
  if (value.is_boolean()) return key + (value.get<bool>() ? "=on" : "=off");
  if (value.is_number()) return key + "=" + value.dump();
  if (!value.is_string()) return bad("'" + key + "': expected a text, a number, true, false or null");
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) return bad("'" + key + "': a zero byte stands in it");
  if (text.find("://***@") != std::string::npos)
    return bad("'" + key +
               "': *** stands for a name and a password that are not shown; say them, or leave it out");
  return key + "=" + text;
}

Result<std::string> text_of(const Json& said, const char* key) {
  const auto found = said.find(key);
  if (found == said.end() || !found->is_string()) return bad("'" + std::string(key) + "' is to be a text");
  return found->get<std::string>();
}

// All members but those of `others` into `settings`.
Result<void> apply(const Json& said, std::initializer_list<std::string_view> others,
                   hub::StreamSettings& settings) {
  std::vector<std::string> words;
  for (const auto& [key, value] : said.items()) {
    if (std::find(others.begin(), others.end(), key) != others.end()) continue;
    auto word = word_of(key, value);
    if (!word) return word.error();
    words.push_back(std::move(*word));
  }
  const auto applied = hub::apply_settings(words, settings);
  return applied ? Result<void>() : applied.error();
}

Result<hub::StreamStatus> add_stream(hub::Hub& hub, const Json& said) {
  hub::StreamSettings settings;
  auto name = text_of(said, "name"), source = text_of(said, "source");
  if (!name) return name.error();
  if (!source) return source.error();
  settings.name = std::move(*name);
  if (auto applied = apply(said, {"name"}, settings); !applied) return applied.error();
  return hub.add_stream(std::move(settings));
}

Result<hub::StreamStatus> update_stream(hub::Hub& hub, const std::string& name, const Json& said) {
  return hub.update_stream(name, [&said](hub::StreamSettings& settings) -> Result<void> {
    if (const auto paused = said.find("paused"); paused != said.end()) {
      if (!paused->is_boolean()) return bad("'paused' is to be true or false");
      settings.paused = paused->get<bool>();
    }
    return apply(said, {"paused"}, settings);
  });
}

Result<hub::DestinationStatus> add_destination(hub::Hub& hub, const std::string& stream, const Json& said) {
  auto url = text_of(said, "url");
  if (!url) return url.error();
  hub::DestinationSettings settings{"", std::move(*url)};
  for (const auto& [key, value] : said.items()) {
    if (key == "url") continue;
    if (key != "id" || !value.is_string())
      return bad("a destination has a url, and an id where you give it one");
    settings.id = value.get<std::string>();
  }
  return hub.add_destination(stream, std::move(settings));
}

Answer not_there(std::string_view allow) {
  Answer answer = json_error(405,
                             "known are POST /streams, PATCH and DELETE /streams/NAME, POST "
                             "/streams/NAME/destinations, DELETE /streams/NAME/destinations/ID");
  answer.allow = allow;
  return answer;
}

}  // namespace

Answer json_error(int status, std::string message) {
  Answer answer = json(status, {{"error", std::move(message)}});
  if (status == 503) answer.retry_after_s = 1;
  return answer;
}

bool is_steering(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "DELETE";
}

Answer steer(hub::Hub& hub, const Route& route, std::string_view method, std::string_view body) {
  const bool one = !route.name.empty(), of_destination = !route.destination.empty();
  if (method == "DELETE") {
    if (of_destination) return done(hub.remove_destination(route.name, route.destination));
    if (one && !route.destinations) return done(hub.remove_stream(route.name));
    return not_there("GET, HEAD, POST");
  }
  const auto said = object_of(body);
  if (!said) return json_error(400, said.error().message);
  if (method == "PATCH" && one && !route.destinations) return done(update_stream(hub, route.name, *said));
  if (method == "POST" && !one) return done(add_stream(hub, *said));
  if (method == "POST" && route.destinations && !of_destination)
    return done(add_destination(hub, route.name, *said));
  return not_there(of_destination ? "DELETE" : one ? "GET, HEAD, PATCH, DELETE" : "GET, HEAD, POST");
}

}  // namespace glimt::web

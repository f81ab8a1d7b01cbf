// Requests of somebody who may steer, a line each: method, target, body. What is refused changes nothing and says why; what is taken in may
// stand in a state file, and stays within the hub's limits. Streams here open nothing: hub_of_one.hpp.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "hub/state_file.hpp"
#include "hub_of_one.hpp"
#include "require.hpp"
#include "web/site.hpp"
#include "web/steering.hpp"

namespace {

using glimt::hub::StreamSettings;
using glimt::web::Answer;

constexpr size_t kMostRequests = 16, kMostStreams = 3, kMostDestinations = 4;

std::vector<StreamSettings> settings_of(const glimt::hub::Hub& hub) {
  std::vector<StreamSettings> all;
  for (const auto& stream : hub.streams()) all.push_back(stream.settings);
  return all;
}

void check_answer(const Answer& answer, bool steers) {
  constexpr int kKnown[] = {101, 200, 204, 304, 400, 403, 404, 405, 409, 415, 421, 426, 429, 503};
  GLIMT_REQUIRE(std::find(std::begin(kKnown), std::end(kKnown), answer.status) != std::end(kKnown));
  if (answer.type != "application/json" || answer.status == 204) return;
  const auto said = nlohmann::json::parse(answer.body, nullptr, false);
  GLIMT_REQUIRE(said.is_object());
  if (steers && answer.status >= 400)
    GLIMT_REQUIRE(said.at("error").is_string() && !said.at("error").get<std::string>().empty());
}

void check_settings(const std::vector<StreamSettings>& all) {
  GLIMT_REQUIRE(all.size() <= kMostStreams);
  size_t destinations = 0;
  glimt::hub::Changes changes;
  for (const auto& settings : all) {
    GLIMT_REQUIRE(glimt::hub::check(settings).has_value());
    destinations += settings.destinations.size();
    changes[settings.name] = {std::nullopt, settings};
  }
  GLIMT_REQUIRE(destinations <= kMostDestinations);
  const auto read = glimt::hub::parse_changes(glimt::hub::to_text(changes));
  GLIMT_REQUIRE(read.has_value() && *read == changes);
}

// What stands before the next `end`, which goes with it.
std::string_view take_to(char end, std::string_view& text) {
  const auto taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const glimt::test::StreamInTest picture{glimt::hub::StreamState::flowing, {1, 2, 3}};
  const auto hub = open_hub_of_one(picture, {.streams = kMostStreams, .destinations = kMostDestinations});
  glimt::web::Site site({.hub = *hub, .more_metrics = {}});
  std::string_view left = glimt::as_text({data, size});
  for (size_t i = 0; i < kMostRequests && !left.empty(); ++i) {
    auto line = take_to('\n', left);
    glimt::web::Request request{take_to(' ', line), take_to(' ', line), "localhost"};
    request.type = "application/json";
    request.body = line;
    request.shown.own_user = true;
    const auto before = settings_of(*hub);
    const auto answer = site.answer(request, {});
    const auto after = settings_of(*hub);
    const bool steers = glimt::web::is_steering(request.method);
    check_answer(answer, steers);
    if (!steers || answer.status >= 300) GLIMT_REQUIRE(after == before);
    check_settings(after);
    hub->tick();
  }
  return 0;
}

#include "hub_words.hpp"

#include "ask.hpp"
#include "base/log.hpp"
#include "command.hpp"
#include "hub/config.hpp"

namespace glimt::command {

std::vector<Url> destinations_of(const hub::StreamStatus& stream) {
  std::vector<Url> urls;
  for (const auto& destination : stream.settings.destinations) {
    if (const auto url = Url::parse(destination.url); url) urls.push_back(*url);
  }
  return urls;
}

void say_how_to_steer(const control::Service& service) {
  const auto own = hub::default_control_path();
  for (const auto& address : service.addresses()) {
    const bool local = address.rfind("unix:", 0) == 0;
    std::string how = local ? "" : " --ca FILE --token-file FILE";
    if (!own || address != "unix://" + *own) how = " --address " + quoted(address) + how;
    log::info("steer it: glimt ctl{} streams", how);
  }
}

void say_how_to_look(const web::Server& web, const std::string& token_file) {
  constexpr std::string_view kEverywhere = "://0.0.0.0:";
  std::string address = web.address(), elsewhere;
  if (const auto at = address.find(kEverywhere); at != std::string::npos) {
    address.replace(at, kEverywhere.size(), "://127.0.0.1:");
    elsewhere = "; elsewhere under this machine's name or address";
  }
  if (!token_file.empty()) elsewhere += ", with ?token= and what stands in " + token_file;
  log::info("look at it: {}{}", address, elsewhere);
}

std::string control_metrics(const control::Service::Counters& c) {
  std::string text;
  const auto add = [&](const char* name, const char* type, const char* help, uint64_t value) {
    text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
  };
  add("glimt_control_calls_total", "counter", "Calls of the control service.", c.calls);
  add("glimt_control_refused_calls_total", "counter", "Of these: no right, or a limit.", c.refused_calls);
  add("glimt_control_missed_events_total", "counter", "Events that watchers read too slowly for.",
      c.events_missed);
  add("glimt_control_watchers", "gauge", "Watchers at this moment.", c.watchers);
  return text;
}

}  // namespace glimt::command

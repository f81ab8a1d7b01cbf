// The verbs of ctl that say where a stream goes: route, unroute.
#include "base/log.hpp"
#include "ctl.hpp"
#include "ctl_status.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

struct Route {
  std::string name, id, url, which;
};

void say(const std::string& line) { std::printf("%s\n", without_controls(line).c_str()); }

using Destinations = std::vector<hub::DestinationStatus>;

int route(const Ctl& ctl, const Route& o) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto before = client.stream(o.name);
    if (!before) return before.error();
    const auto added = client.add_destination(o.name, {.id = o.id, .url = o.url});
    if (!added) return added.error();
    const bool there = std::any_of(before->destinations.begin(), before->destinations.end(),
                                   [&](const auto& d) { return d.settings == added->settings; });
    if (ctl.json) {
      print({{"changed", !there}, {"stream", o.name}, {"destination", json_of(*added)}});
    } else {
      say(fmt::format("{}: {} {}, {}, {}", o.name, added->settings.id, there ? "is there already" : "added",
                      added->settings.url, state_of(*added)));
    }
    return {};
  });
}

std::string list_of(const Destinations& destinations) {
  std::string list;
  for (const auto& d : destinations)
    list += (list.empty() ? "" : ", ") + d.settings.id + " (" + d.settings.url + ")";
  return list.empty() ? "it has none" : "there are: " + list;
}

// By its id, or by an address that only one of them has.
Result<hub::DestinationSettings> find(const Destinations& all, const Route& o) {
  Destinations found;
  for (const auto& d : all) {
    if (d.settings.id == o.which) return d.settings;
    if (d.settings.url == o.which) found.push_back(d);
  }
  if (found.size() == 1) return found.front().settings;
  if (found.empty())
    return Error{ErrorKind::not_found, o.name + " has no destination '" + o.which + "'; " + list_of(all)};
  return Error{ErrorKind::invalid_argument,
               o.name + " goes to '" + o.which + "' more than once; name the id instead, " + list_of(found)};
}

int unroute(const Ctl& ctl, const Route& o) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto before = client.stream(o.name);
    if (!before) return before.error();
    const auto found = find(before->destinations, o);
    if (!found) return found.error();
    if (const auto removed = client.remove_destination(o.name, found->id); !removed) return removed;
    if (ctl.json) {
      print({{"stream", o.name}, {"removed", {{"id", found->id}, {"url", found->url}}}});
    } else {
      say(fmt::format("{}: {} removed, {}", o.name, found->id, found->url));
    }
    return {};
  });
}

}  // namespace

void add_ctl_routes(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code) {
  auto o = std::make_shared<Route>();
  auto* to = app.add_subcommand("route", "A further destination for a stream");
  to->add_option("name", o->name, "of the stream")->required();
  to->add_option("url", o->url,
                 "as `glimt send` takes it: udp://host:port, udp://:port, tcp://…, unix:///path")
      ->required();
  to->add_option("--id", o->id,
                 "what it is called; the same id and address again change nothing [the hub says]");
  to->footer(
      "Examples:\n  glimt ctl route cam1 udp://10.0.0.5:5000\n  glimt ctl route cam1 tcp://:5000 --id hall");
  to->callback([=, &code] { code = route(*ctl, *o); });

  auto* away = app.add_subcommand("unroute", "A destination of a stream goes");
  away->add_option("name", o->name, "of the stream")->required();
  away->add_option("destination", o->which, "its id or its address")->required();
  away->footer("Examples:\n  glimt ctl unroute cam1 d2\n  glimt ctl unroute cam1 udp://10.0.0.5:5000");
  away->callback([=, &code] { code = unroute(*ctl, *o); });
}

}  // namespace glimt::command

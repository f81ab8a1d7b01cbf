// The verbs of ctl that are of the hub itself: info, reload.
#include "base/log.hpp"
#include "ctl.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

int info(const Ctl& ctl) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto hub = client.info();
    if (!hub) return hub.error();
    if (ctl.json) {
      print({{"version", hub->version},
             {"uptime_s", rounded(hub->uptime_s)},
             {"calls", hub->calls},
             {"refused_calls", hub->refused_calls},
             {"watchers", hub->watchers},
             {"events_missed", hub->events_missed}});
    } else {
      std::printf("%s\n",
                  fmt::format("glimt {}, up {:.0f} s; {} calls, {} refused; {} watchers, {} events missed",
                              without_controls(hub->version), hub->uptime_s, hub->calls, hub->refused_calls,
                              hub->watchers, hub->events_missed)
                      .c_str());
    }
    return {};
  });
}

int reload(const Ctl& ctl) {
  return call(ctl, [&](control::Client& client) -> Result<void> {
    const auto done = client.reload();
    if (!done) return done.error();
    if (ctl.json) {
      print({{"added", done->added}, {"changed", done->changed}, {"removed", done->removed}});
      return {};
    }
    for (const auto& name : done->added) std::printf("%s: added\n", name.c_str());
    for (const auto& name : done->changed) std::printf("%s: changed\n", name.c_str());
    for (const auto& name : done->removed) std::printf("%s: removed\n", name.c_str());
    if (done->added.empty() && done->changed.empty() && done->removed.empty()) std::puts("nothing changed");
    return {};
  });
}

}  // namespace

void add_ctl_hub(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code) {
  auto* about = app.add_subcommand("info", "The hub itself: version, age, calls");
  about->footer("Example:\n  glimt ctl info");
  about->callback([=, &code] { code = info(*ctl); });

  auto* again = app.add_subcommand(
      "reload", "The hub reads its configuration file again and does what was changed in it");
  again->footer("Example:\n  glimt ctl reload");
  again->callback([=, &code] { code = reload(*ctl); });
}

}  // namespace glimt::command

#include <csignal>

#include "base/log.hpp"
#include "command.hpp"
#include "control/certificate.hpp"
#include "hub_session.hpp"

namespace glimt::command {
namespace {

std::atomic<bool> reload_asked{false};

int make_certificate(const std::string& folder) {
  const auto made = control::make_certificate({.folder = folder});
  if (!made) return fail(made.error(), kFailed);
  std::printf("certificate %s\nkey         %s\n", made->certificate.c_str(), made->key.c_str());
  return kOk;
}

void reload(HubSession& session) {
  const auto done = session.reload();
  if (!done) return log::error("{}", done.error().message);
  log::info("the file was read again: {} streams added, {} changed, {} removed", done->added.size(),
            done->changed.size(), done->removed.size());
}

int run(const HubFlags& flags) {
  const auto session = HubSession::open(flags);
  if (!session) return fail(session.error());
  // Without a file there is nothing to read again, and a terminal that goes ends the hub as it does other commands.
  if (!flags.config.empty()) std::signal(SIGHUP, [](int) { reload_asked = true; });
  (*session)->say();
  while (!stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (reload_asked.exchange(false)) reload(**session);
  }
  (*session)->end();
  return kOk;
}

}  // namespace

void add_hub(CLI::App& app, int& code) {
  auto o = std::make_shared<HubFlags>();
  auto folder = std::make_shared<std::string>();
  auto* hub = app.add_subcommand("hub", "Run any number of streams, steered by `glimt ctl` while they flow");
  hub->add_option("--config", o->config,
                  "hub.toml; read again on SIGHUP and `glimt ctl reload` [camera 0 or the test picture]");
  hub->add_option("--control", o->control, "path of the control service's socket [the user's own]");
  hub->add_option("--listen", o->listen,
                  "host:port of /health, /metrics and /snapshot; none for none [127.0.0.1:8080]");
  hub->add_option(
      "--state", o->state,
      "what `glimt ctl` changed is kept in this file; none: it is gone with the hub [the user's own]");
  hub->add_option("--make-cert", *folder, "write certificate and key for TLS into this folder, and end");
  hub->footer(
      "Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 failed while running, 2 did not start.\n"
      "Examples:\n  glimt hub\n  glimt hub --config hub.toml --log json\n"
      "  glimt hub --make-cert certificates");
  hub->callback([=, &code] { code = folder->empty() ? run(*o) : make_certificate(*folder); });
}

}  // namespace glimt::command

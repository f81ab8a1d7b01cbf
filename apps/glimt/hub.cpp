#include <csignal>

#include "ask.hpp"
#include "base/log.hpp"
#include "command.hpp"
#include "control/certificate.hpp"
#include "control/service.hpp"
#include "hub/announcer.hpp"
#include "hub/config.hpp"
#include "hub_words.hpp"
#include "web/server.hpp"

namespace glimt::command {
namespace {

struct HubFlags {
  std::string config, control, listen, state, make_cert;
};

std::atomic<bool> reload_asked{false};

// The file, and over it what the flags say.
Result<hub::HubConfig> read(const HubFlags& o) {
  auto config = o.config.empty() ? hub::default_config() : hub::read_config(o.config);
  if (!config) return config.error();
  if (!o.control.empty()) config->control.unix_path = o.control;
  if (!o.listen.empty()) config->web.listen = o.listen == "none" ? "" : o.listen;
  if (!o.state.empty()) config->state_path = o.state;
  return config;
}

Result<std::string> state_path(const hub::HubConfig& config) {
  if (config.state_path == "none") return std::string();
  return config.state_path.empty() ? hub::default_state_path() : config.state_path;
}

Result<hub::Hub::Reload> reload(hub::Hub& hub, const HubFlags& o) {
  if (o.config.empty())
    return Error{ErrorKind::unsupported,
                 "this hub was started without --config: there is no file to read again"};
  auto config = read(o);
  if (!config) return config.error();
  return hub.reload(std::move(config->streams));
}

void reload_and_say(hub::Hub& hub, const HubFlags& o) {
  const auto done = reload(hub, o);
  if (!done) return log::error("{}; everything stays as it was", done.error().message);
  log::info("{} read again: {} streams added, {} changed, {} removed", o.config, done->added.size(),
            done->changed.size(), done->removed.size());
}

// Each is destroyed before those above it.
struct Running {
  std::unique_ptr<hub::Hub> hub;
  std::unique_ptr<control::Service> service;
  std::unique_ptr<web::Server> web;              // empty where none is wanted
  std::unique_ptr<hub::HubAnnouncer> announcer;  // likewise
};

// Pictures first: the rest is opened while they flow.
Result<Running> start(const HubFlags& o, const hub::HubConfig& config) {
  const auto state = state_path(config);
  if (!state) return state.error();
  Running r;
  auto opened = hub::Hub::open({.limits = config.limits, .state_path = *state}, config.streams);
  if (!opened) return opened.error();
  r.hub = std::move(*opened);
  auto& hub = *r.hub;
  auto service = control::open_service({hub, config.control, [&hub, o] { return reload(hub, o); }});
  if (!service) return service.error();
  r.service = std::move(*service);
  if (!config.web.listen.empty()) {
    auto web = web::open_server({.hub = hub, .listen = config.web.listen, .more_metrics = [&s = *r.service] {
                                   return control_metrics(s.counters());
                                 }});
    if (!web)
      return Error{web.error().kind,
                   web.error().message + "; --listen HOST:PORT chooses another, --listen none does without"};
    r.web = std::move(*web);
  }
  if (config.announce) r.announcer = std::make_unique<hub::HubAnnouncer>(hub);
  return r;
}

void say_start(const Running& r) {
  for (const auto& stream : r.hub->streams()) {
    log::info("stream {}: {}", stream.settings.name, stream.settings.source);
    say_other_side(destinations_of(stream));
  }
  say_how_to_steer(*r.service);
  if (r.web) log::info("is all well: curl {}health", r.web->address());
}

void end(Running& r) {
  const auto streams = r.hub->streams();
  r.announcer.reset();
  r.web.reset();
  r.service.reset();
  r.hub->close();
  for (const auto& stream : streams) {
    log::say(log::Level::info, fmt::format("{}: encoded {} frames, dropped {}", stream.settings.name,
                                           stream.stats.frames, stream.stats.dropped));
  }
  log::say(log::Level::info, "the hub has ended");
}

int make_certificate(const std::string& folder) {
  const auto made = control::make_certificate({.folder = folder});
  if (!made) return fail(made.error(), kFailed);
  std::printf("certificate %s\nkey         %s\n", made->certificate.c_str(), made->key.c_str());
  return kOk;
}

int run(const HubFlags& o) {
  if (!o.make_cert.empty()) return make_certificate(o.make_cert);
  const auto config = read(o);
  if (!config) return fail(config.error());
  auto running = start(o, *config);
  if (!running) return fail(running.error());
  // Without a file there is nothing to read again, and a terminal that goes ends the hub as it does other commands.
  if (!o.config.empty()) std::signal(SIGHUP, [](int) { reload_asked = true; });
  say_start(*running);
  while (!stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (reload_asked.exchange(false)) reload_and_say(*running->hub, o);
  }
  end(*running);
  return kOk;
}

}  // namespace

void add_hub(CLI::App& app, int& code) {
  auto o = std::make_shared<HubFlags>();
  auto* hub = app.add_subcommand("hub", "Run any number of streams, steered by `glimt ctl` while they flow");
  hub->add_option("--config", o->config,
                  "hub.toml; read again on SIGHUP and `glimt ctl reload` [camera 0 or the test picture]");
  hub->add_option("--control", o->control, "path of the control service's socket [the user's own]");
  hub->add_option("--listen", o->listen,
                  "host:port of /health, /metrics and /snapshot; none for none [127.0.0.1:8080]");
  hub->add_option(
      "--state", o->state,
      "what `glimt ctl` changed is kept in this file; none: it is gone with the hub [the user's own]");
  hub->add_option("--make-cert", o->make_cert, "write certificates for TLS into this folder, and end");
  hub->footer(
      "Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 failed while running, 2 did not start.\n"
      "Examples:\n  glimt hub\n  glimt hub --config hub.toml --log json\n  glimt hub --make-cert "
      "certificates");
  hub->callback([o, &code] { code = run(*o); });
}

}  // namespace glimt::command

#include "hub_session.hpp"

#include "ask.hpp"
#include "base/log.hpp"
#include "command.hpp"
#include "hub_words.hpp"

namespace glimt::command {
namespace {

// The file, and over it what the flags say.
Result<hub::HubConfig> read(const HubFlags& flags) {
  auto config = flags.config.empty() ? hub::default_config() : hub::read_config(flags.config);
  if (!config) return config;
  if (!flags.control.empty()) config->control.unix_path = flags.control;
  if (!flags.listen.empty()) config->web.listen = flags.listen == "none" ? "" : flags.listen;
  if (!flags.state.empty()) config->state_path = flags.state;
  return config;
}

Result<std::string> state_path(const hub::HubConfig& config) {
  if (config.state_path == "none") return std::string();
  return config.state_path.empty() ? hub::default_state_path() : config.state_path;
}

}  // namespace

Result<std::unique_ptr<HubSession>> HubSession::open(const HubFlags& flags) {
  auto config = read(flags);
  if (!config) return config.error();
  std::unique_ptr<HubSession> session(new HubSession(flags, std::move(*config)));
  if (const auto started = session->start(); !started) return started.error();
  return session;
}

// Pictures first: the rest is opened while they flow.
Result<void> HubSession::start() {
  const auto state = state_path(config_);
  if (!state) return state.error();
  auto hub = hub::Hub::open({.limits = config_.limits, .state_path = *state}, config_.streams);
  if (!hub) return hub.error();
  hub_ = std::move(*hub);
  auto service = control::open_service({*hub_, config_.control, [this] { return reload(); }});
  if (!service) return service.error();
  service_ = std::move(*service);
  if (config_.announce) announcer_ = std::make_unique<hub::HubAnnouncer>(*hub_);
  return start_web();
}

Result<void> HubSession::start_web() {
  if (config_.web.listen.empty()) return {};
  const auto& control = config_.control;
  web::ServerOptions options{.hub = *hub_, .listen = config_.web.listen};
  if (config_.web.tls) {
    options.certificate = control.certificate;
    options.key = control.key;
  }
  options.view_token_file = control.view_token_file;
  options.steer_token_file = control.steer_token_file;
  options.more_metrics = [this] { return control_metrics(service_->counters()); };
  auto web = web::open_server(options);
  if (!web)
    return Error{web.error().kind,
                 web.error().message + "; --listen HOST:PORT chooses another, --listen none does without"};
  web_ = std::move(*web);
  return {};
}

void HubSession::say() const {
  for (const auto& stream : hub_->streams()) {
    log::info("stream {}: {}", stream.settings.name, stream.settings.source);
    say_other_side(destinations_of(stream));
  }
  say_how_to_steer(*service_);
  if (!web_) return;
  const auto& control = config_.control;
  say_how_to_look(*web_,
                  control.view_token_file.empty() ? control.steer_token_file : control.view_token_file);
  log::info("is all well: curl {}{}health",
            config_.web.tls ? "--cacert " + quoted(control.certificate) + " " : "", web_->address());
}

Result<hub::Hub::Reload> HubSession::reload() {
  if (flags_.config.empty())
    return Error{ErrorKind::unsupported,
                 "this hub was started without --config: there is no file to read again"};
  const auto config = read(flags_);
  if (!config) return Error{config.error().kind, config.error().message + "; everything stays as it was"};
  if (config->limits != config_.limits || config->control != config_.control || config->web != config_.web ||
      config->state_path != config_.state_path || config->announce != config_.announce) {
    log::warning("{}: state, announce, [limits], [control] and [web] hold from the hub's next start on",
                 flags_.config);
  }
  return hub_->reload(config->streams);
}

void HubSession::end() {
  const auto streams = hub_->streams();
  announcer_.reset();
  service_.reset();
  hub_->close();
  web_.reset();  // until here it says that the hub closes
  for (const auto& stream : streams) {
    log::say(log::Level::info, fmt::format("{}: encoded {} frames, dropped {}", stream.settings.name,
                                           stream.stats.frames, stream.stats.dropped));
  }
  log::say(log::Level::info, "the hub has ended");
}

}  // namespace glimt::command

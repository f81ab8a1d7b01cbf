#include "send_hub.hpp"

#include <unistd.h>

#include <array>

#include "base/log.hpp"
#include "control/service.hpp"
#include "hub_words.hpp"
#include "web/server.hpp"

namespace glimt::command {
namespace {

constexpr const char* kName = "send";  // of the stream

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

Result<void> check_flags(const SendOptions& o) {
  const std::array<std::pair<bool, const char*>, 4> refused{{
      {o.show, "--show: look with `glimt recv` or `glimt ctl snapshot send now.jpg`"},
      {o.flags.frames > 0, "--frames: a steered stream has no last picture; use --seconds"},
      {o.fast, "--fast: a steered stream keeps its own pace"},
      {o.source == "-", "standard input: it cannot be opened again; name a file or a camera"},
  }};
  for (const auto& [given, why] : refused) {
    if (given) return bad(std::string(why) + ", or leave --control and http:// out");
  }
  return {};
}

// The flags of the source as options of its address, which is all that a stream of a hub has.
Result<std::string> address_of_source(const SendOptions& o) {
  const auto url = Url::parse(o.source);
  if (!url) return url.error();
  std::string address = o.source;
  const auto say = [&](const char* name, const std::string& value) {
    if (value.empty() || url->has(name)) return;
    address += (address.find('?') == std::string::npos ? "?" : "&") + std::string(name) + "=" + value;
  };
  say("size", o.size);
  if (o.fps > 0 && o.fps != static_cast<int>(o.fps))
    return bad("--fps with --control or http://: a whole number, as it stands in the address of the source");
  say("fps", o.fps > 0 ? std::to_string(static_cast<int>(o.fps)) : "");
  return address;
}

Result<hub::StreamSettings> stream_settings(const SendOptions& o, const std::vector<Url>& destinations,
                                            const PublisherOptions& publishing) {
  const auto source = address_of_source(o);
  if (!source) return source.error();
  hub::StreamSettings s{
      .name = kName, .source = *source, .format = o.format, .filter = o.filter, .loop = o.loop};
  s.encoding = {.codec = publishing.codec,
                .quality = publishing.quality,
                .chroma = publishing.chroma,
                .encoder = publishing.encoder,
                .bitrate_bps = publishing.bitrate_bps,
                .intra_refresh = publishing.intra_refresh,
                .workers = publishing.workers};
  for (const auto& url : destinations)
    s.destinations.push_back({.id = "d" + std::to_string(s.destinations.size() + 1), .url = url.text});
  return s;
}

// What `glimt send` knows of its own sender; a source that gives no pictures is broken, whatever the cause.
SendStats send_stats(const hub::StreamStatus& status) {
  SendStats stats{.sender = status.stats, .source = {}};
  for (const auto& d : status.destinations) stats.sender.destinations.push_back(d.stats);
  stats.source.reopened = status.reopened;
  if (status.state == hub::StreamState::trouble) stats.source.state = source::SourceState::broken;
  return stats;
}

Result<std::string> control_path(const SendOptions& o) {
  if (o.control != kOwnControl) return o.control;
  const auto folder = hub::runtime_folder();
  if (!folder) return folder.error();
  return *folder + "/send-" + std::to_string(getpid()) + ".sock";
}

// Until the end that was asked for, or that of the source; the stream may also be removed.
void wait(hub::Hub& hub, const pipeline::RunOptions& options) {
  Instant next = now() + std::chrono::seconds(1);
  while (!options.stop && now() < options.end_at) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (now() < next) continue;
    next += std::chrono::seconds(1);
    options.tick();
    const auto status = hub.stream(kName);
    if (!status || status->state == hub::StreamState::ended) return;
  }
}

// What stands beside the hub: the control service and the pages, where they are wanted.
struct Borders {
  std::unique_ptr<control::Service> service;
  std::vector<std::unique_ptr<web::Server>> pages;
};

Result<std::unique_ptr<control::Service>> open_control(hub::Hub& hub, const SendOptions& o) {
  const auto path = control_path(o);
  if (!path) return path.error();
  hub::ControlSettings control;
  control.unix_path = *path;
  return control::open_service({hub, control, [] {
                                  return Result<hub::Hub::Reload>(
                                      Error{ErrorKind::unsupported,
                                            "`glimt send` has no configuration file; change it with "
                                            "`glimt ctl set`"});
                                }});
}

Result<Borders> open_borders(hub::Hub& hub, const SendOptions& o, const std::vector<std::string>& pages) {
  Borders borders;
  for (const auto& page : pages) {
    auto server = web::open_server({.hub = hub, .listen = page});
    if (!server) return server.error();
    borders.pages.push_back(std::move(*server));
  }
  if (o.control.empty()) return borders;
  auto service = open_control(hub, o);
  if (!service) return service.error();
  borders.service = std::move(*service);
  return borders;
}

}  // namespace

int send_by_hub(const SendOptions& o, const std::vector<Url>& destinations,
                const std::vector<std::string>& pages, const PublisherOptions& publishing) {
  if (const auto good = check_flags(o); !good) return fail(good.error());
  const auto settings = stream_settings(o, destinations, publishing);
  if (!settings) return fail(settings.error());
  const auto hub = hub::Hub::open({}, {*settings});
  if (!hub) return fail(hub.error());
  SendStats newest;
  const auto options = run_options<SendStats>(
      o.flags,
      [&] {
        if (const auto status = (*hub)->stream(kName); status) newest = send_stats(*status);
        return newest;
      },
      send_progress);
  if (!options) return fail(options.error());
  auto borders = open_borders(**hub, o, pages);
  if (!borders) return fail(borders.error());
  log::info("sending {}", settings->source);
  say_other_side(destinations);
  for (const auto& page : borders->pages) say_how_to_look(*page);
  if (borders->service) say_how_to_steer(*borders->service);
  wait(**hub, *options);
  end_progress();
  if (const auto status = (*hub)->stream(kName); status) newest = send_stats(*status);
  borders->service.reset();
  (*hub)->close();
  borders->pages.clear();
  print_send_summary(newest.sender);
  return kOk;
}

}  // namespace glimt::command

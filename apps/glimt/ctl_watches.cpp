// The verbs of ctl that go on: watch, events.
#include <csignal>

#include "base/log.hpp"
#include "ctl.hpp"
#include "ctl_status.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

using std::chrono::milliseconds;

struct Watch {
  std::string name;
  std::string interval = "1s";
};

// Nobody reads any more: as if it were asked to stop.
void stop_unless(bool read) {
  if (!read && !stop_requested()) std::raise(SIGTERM);  // twice would mean at once
}

bool show_streams(const std::vector<hub::StreamStatus>& streams, const Watch& o, LiveLines& screen) {
  if (!isatty(STDOUT_FILENO)) {
    for (const auto& stream : streams) std::printf("%s\n", stream_line(stream).c_str());
    return std::fflush(stdout) == 0;
  }
  if (o.name.empty()) return screen.show(streams_table(streams));
  return screen.show(streams.empty() ? std::vector<std::string>{o.name + " was removed"}
                                     : stream_page(streams.front()));
}

int watch(const Ctl& ctl, const Watch& o) {
  const auto interval = parse_duration(o.interval);
  if (!interval) return fail({ErrorKind::invalid_argument, "--interval: " + interval.error().message});
  if (*interval < milliseconds(100) || *interval > milliseconds(60000))
    return fail({ErrorKind::invalid_argument, "--interval: 100ms to 60s"});
  return call(ctl, [&](control::Client& client) -> Result<void> {
    if (!o.name.empty()) {
      if (const auto there = client.stream(o.name); !there) return there.error();
    }
    LiveLines screen;
    return client.watch_streams(
        std::chrono::duration_cast<milliseconds>(*interval), stop_requested(),
        [&](std::vector<hub::StreamStatus> streams) {
          if (!o.name.empty())
            std::erase_if(streams, [&](const auto& stream) { return stream.settings.name != o.name; });
          stop_unless(ctl.json ? print_line({{"streams", json_of(streams)}})
                               : show_streams(streams, o, screen));
        });
  });
}

// As the log writes it: UTC, to the millisecond.
std::string time_of(int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, ms % 1000);
}

Json object_of(const hub::Event& event, uint64_t missed) {
  return {{"number", event.number}, {"time", time_of(event.time_ms)},   {"kind", to_string(event.kind)},
          {"stream", event.stream}, {"destination", event.destination}, {"text", event.text},
          {"missed", missed}};
}

std::string line_of(const hub::Event& event) {
  std::string line = time_of(event.time_ms) + " " + std::string(to_string(event.kind));
  for (const auto* word : {&event.stream, &event.destination, &event.text}) {
    if (!word->empty()) line += " " + *word;
  }
  return without_controls(line);
}

int events(const Ctl& ctl, uint64_t from) {
  return call(ctl, [&](control::Client& client) {
    return client.watch_events(from, stop_requested(), [&](const hub::Event& event, uint64_t missed) {
      if (ctl.json) return stop_unless(print_line(object_of(event, missed)));
      if (missed > 0) std::printf("%s events before this one are gone\n", std::to_string(missed).c_str());
      std::printf("%s\n", line_of(event).c_str());
      stop_unless(std::fflush(stdout) == 0);
    });
  });
}

}  // namespace

void add_ctl_watches(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code) {
  auto o = std::make_shared<Watch>();
  auto* live = app.add_subcommand("watch", "All streams, or one, again and again; Ctrl-C ends it");
  live->add_option("name", o->name, "of one stream [all]");
  live->add_option("--interval", o->interval, "how often, 100ms to 60s [1s]");
  live->footer("Examples:\n  glimt ctl watch\n  glimt ctl watch cam1 --interval 500ms --json");
  live->callback([=, &code] { code = watch(*ctl, *o); });

  auto from = std::make_shared<uint64_t>(0);
  auto* happened = app.add_subcommand("events", "What happens, as it happens; Ctrl-C ends it");
  happened->add_option(
      "--from", *from,
      "the number of the first one, as far as it is still there; 1 is the oldest [from now on]");
  happened->footer("Examples:\n  glimt ctl events\n  glimt ctl events --from 1 --json");
  happened->callback([=, &code] { code = events(*ctl, *from); });
}

}  // namespace glimt::command

#include "base/log.hpp"
#include "get_options.hpp"
#include "get_report.hpp"
#include "sink/display.hpp"

namespace glimt::command {
namespace {

using Sinks = std::vector<std::unique_ptr<sink::FrameSink>>;

// What went wrong before anything came is the command line's.
int end(const archive::Outcome& outcome) {
  end_progress();
  return outcome.error ? fail(*outcome.error, outcome.begun ? kFailed : kUsage) : kOk;
}

int list(const Wish& wish) {
  const auto entries = get_list(wish.server);
  if (!entries) return fail(entries.error());
  print_list(*entries);
  if (entries->empty()) log::info("there is no still and no clip");
  return kOk;
}

int save(const Wish& wish) {
  auto file = archive::PartFile::open(wish.save);
  if (!file) return fail(file.error());
  const uint64_t before = file->size();
  const auto outcome = archive::save(wish.server, {wish.play.kind, wish.name, 0}, *file);
  const int code = end(outcome);
  if (code == kOk && stop_requested())
    log::say(log::Level::info,
             fmt::format("stopped after {}; the next call goes on there", size_text(outcome.done)));
  else if (code == kOk)
    log::say(log::Level::info, fmt::format("saved {}: {}, {} of them now", wish.save, size_text(outcome.done),
                                           size_text(outcome.done - std::min(before, outcome.done))));
  return code;
}

Result<Sinks> open_sinks(const Wish& wish) {
  auto names = wish.sinks;
  if (names.empty() && sink::has_display()) names.push_back("window:");
  if (names.empty()) {
    log::info("there is no display: pictures are received, decoded and counted, not shown");
    names.push_back("null:");
  }
  Sinks sinks;
  for (const auto& name : names) {
    const auto url = Url::parse(name);
    if (!url) return url.error();
    const std::string title = "glimt " + (wish.name.empty() ? wish.server.address.text : wish.name);
    auto sink = sink::open_sink(
        *url, {.title = title, .stop = &stop_requested(), .still = wish.what == GetWhat::image});
    if (!sink) return sink.error();
    sinks.push_back(std::move(*sink));
  }
  return sinks;
}

bool shows_window(const Wish& wish) {
  return wish.sinks.empty() ? sink::has_display()
                            : std::count(wish.sinks.begin(), wish.sinks.end(), "window:") > 0;
}

// A still stays until a key.
void linger(pipeline::SinkSet& set) {
  while (!stop_requested() && !set.ended() && !set.idle()) {
    set.feed(nullptr);
    std::this_thread::sleep_for(archive::kWait);
  }
}

int watch(Wish wish) {
  const auto sinks = open_sinks(wish);
  if (!sinks) return fail(sinks.error());
  pipeline::SinkSet set(*sinks, false);
  GetBar bar;
  wish.server.keep_on = [&set] {
    set.feed(nullptr);
    return !stop_requested() && !set.ended();
  };
  wish.server.progress = [&bar](const archive::GetProgress& p) { bar.show(p); };
  const auto outcome = wish.pickled() ? watch_pickled(wish.server, wish.play.kind, wish.how, set)
                                      : archive::watch(wish.server, wish.play, wish.how, set);
  if (!outcome.error && wish.what == GetWhat::image && shows_window(wish)) linger(set);
  const int code = end(outcome);
  if (code != kOk) return code;
  log::say(log::Level::info,
           fmt::format("received {} {}", outcome.done, outcome.done == 1 ? "picture" : "pictures"));
  const uint64_t promised = bar.last().size;
  if (!stop_requested() && !set.ended() && wish.what == GetWhat::video &&
      outcome.done + outcome.done / 10 < promised)
    log::info("its header speaks of about {}; `ffprobe` at the server tells whether it is whole", promised);
  return set.error() ? fail(*set.error(), kFailed) : kOk;
}

int get(const Wish& wish) {
  if (wish.what == GetWhat::list) return list(wish);
  return wish.save.empty() ? watch(wish) : save(wish);
}

}  // namespace

void add_get(CLI::App& app, int& code) {
  auto o = std::make_shared<GetOptions>();
  auto* verb = app.add_subcommand("get", "List, show or save the stills and clips that `glimt serve` offers");
  add_get_options(*verb, *o);
  verb->callback([o, &code] {
    auto wish = settle(*o);
    if (wish) wish->server.keep_on = [] { return !stop_requested().load(); };
    code = !wish ? fail(wish.error()) : wish->what == GetWhat::menu ? run_menu(*wish, watch) : get(*wish);
  });
}

}  // namespace glimt::command

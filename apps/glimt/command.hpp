// What the subcommands share: exit codes, the request to stop, statistics as lines.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "glimt/error.hpp"
#include "glimt/stats.hpp"
#include "glimt/url.hpp"
#include "pipeline/run.hpp"
#include "source/frame_source.hpp"

namespace glimt::command {

// Also in `glimt --help`.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // it ran, and then something went wrong
inline constexpr int kUsage = 2;   // it did not start: fix the command line

// Raised by SIGINT and SIGTERM.
const std::atomic<bool>& stop_requested();
void catch_signals();

// Prints the error and gives the exit code for it.
int fail(const Error& error, int code = kUsage);

// --stats FILE|-: JSON lines, one a second. docs/statistics.md is the schema.
class StatsFile {
 public:
  static Result<StatsFile> open(const std::string& path);
  void write(const std::string& line);

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdout) std::fclose(file);
    }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

// --frames, --seconds, --stats: what send and recv have in common.
struct RunFlags {
  uint64_t frames = 0;
  double seconds = 0;
  std::string stats;
};
void add_run_flags(CLI::App& app, RunFlags& flags);

std::string to_json(const SubscriberStats& stats, const SubscriberStats& before, double seconds);
struct SendStats {
  PublisherStats sender;
  source::SourceStats source;
};
std::string to_json(const SendStats& stats, const SendStats& before, double seconds);

std::string progress(const SubscriberStats& stats, const SubscriberStats& before);
void print_summary(const SubscriberStats& stats, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks);

// For whoever is to receive, each destination's command.
void say_other_side(const std::vector<Url>& destinations);
std::string send_progress(const SendStats& stats, const SendStats& before);
void print_send_summary(const PublisherStats& stats);

// One line for people, while it runs; nothing where standard error is no terminal or carries JSON.
void show_progress(const std::string& line);
void end_progress();

// What the flags ask for, with a tick that takes the statistics, writes them and shows their progress line.
template <class Stats>
Result<pipeline::RunOptions> run_options(const RunFlags& flags, std::function<Stats()> take,
                                         std::string (*progress)(const Stats&, const Stats& before)) {
  pipeline::RunOptions options{.stop = stop_requested()};
  if (flags.frames > 0) options.max_frames = flags.frames;
  if (flags.seconds > 0) options.end_at = now() + Duration(static_cast<int64_t>(flags.seconds * 1e9));
  std::shared_ptr<StatsFile> file;
  if (!flags.stats.empty()) {
    auto opened = StatsFile::open(flags.stats);
    if (!opened) return opened.error();
    file = std::make_shared<StatsFile>(std::move(*opened));
  }
  options.tick = [=, before = Stats{}, before_at = now()]() mutable {
    const auto stats = take();
    const Instant at = now();
    if (file) file->write(to_json(stats, before, std::chrono::duration<double>(at - before_at).count()));
    show_progress(progress(stats, before));
    before = stats;
    before_at = at;
  };
  return options;
}

// Each adds its subcommand to `app`; `code` is set when it has run.
void add_send(CLI::App& app, int& code);
void add_recv(CLI::App& app, int& code);
void add_serve(CLI::App& app, int& code);
void add_get(CLI::App& app, int& code);
void add_demo(CLI::App& app, int& code);
void add_bench(CLI::App& app, int& code);
void add_doctor(CLI::App& app, int& code);
void add_hub(CLI::App& app, int& code);
void add_ctl(CLI::App& app, int& code);
void add_completion(CLI::App& app, int& code);
void add_help(CLI::App& app, int& code);

std::string known_verbs(const CLI::App& app);
std::string help_of(const CLI::App& app, const std::string& name);
// Null where there is none of that name.
const CLI::App* find_verb(const CLI::App& app, const std::string& name);

}  // namespace glimt::command

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

std::string to_json(const SubscriberStats& stats, const SubscriberStats& before, double seconds);
std::string to_json(const PublisherStats& stats, const PublisherStats& before, double seconds);

// One line for people, while it runs; empty where standard error is no terminal.
void show_progress(const std::string& line);
void end_progress();

// Each adds its subcommand to `app`; `code` is set when it has run.
void add_send(CLI::App& app, int& code);
void add_recv(CLI::App& app, int& code);
void add_demo(CLI::App& app, int& code);

}  // namespace glimt::command

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.hpp"
#include "child_process.hpp"
#include "command.hpp"
#include "sink/display.hpp"
#include "transport/capabilities.hpp"

namespace glimt::command {
namespace {

struct Row {
  const char* name;
  ChildProcess child;
  nlohmann::json newest;
};

void print_table(const std::vector<Row>& rows, bool refresh, bool summary) {
  static bool printed = false;
  if (refresh && printed) std::printf("\033[%zuA", rows.size() + 1);
  std::printf("%-5s %6s %36s %6s %6s %9s %8s %8s %8s%s\n", summary ? "total" : "", "fps",
              "captured→decoded p50/p95/p99/max ms", "lost", "late", "repeated", "refused", "dropped",
              "Mbit/s", refresh ? "\033[K" : "");
  for (const auto& row : rows) {
    const auto& j = row.newest;
    if (j.is_null()) {
      std::printf("%-5s waiting for pictures%s\n", row.name, refresh ? "\033[K" : "");
      continue;
    }
    const auto& p = j[summary ? "total_ms" : "interval_ms"]["captured_decoded"];
    std::printf("%-5s %6.1f %8.2f %7.2f %7.2f %9.2f  %6lld %6lld %9lld %8lld %8lld %8.1f%s\n", row.name,
                j["fps"].get<double>(), p["p50"].get<double>(), p["p95"].get<double>(),
                p["p99"].get<double>(), p["max"].get<double>(), j["lost"].get<long long>(),
                j["late"].get<long long>(), j["repeated"].get<long long>(), j["refused"].get<long long>(),
                j["dropped"].get<long long>(), j["mbit_per_s"].get<double>(), refresh ? "\033[K" : "");
  }
  std::fflush(stdout);
  printed = true;
}

int run(const std::string& clip, double seconds) {
  if (!clip.empty() && !std::filesystem::exists(clip))
    return fail(
        {ErrorKind::unavailable, clip + ": there is no such file; leave it out for the test picture"});
  const std::string port = std::to_string(transport::free_port());
  const std::string socket =
      (std::filesystem::temp_directory_path() / ("glimt-demo-" + std::to_string(getpid()) + ".sock"))
          .string();
  const std::string udp = "udp://127.0.0.1:" + port, tcp = "tcp://127.0.0.1:" + port,
                    local = "unix://" + socket;
  std::vector<std::string> sending{"send", clip.empty() ? "test:" : clip, udp + "?listen", tcp + "?listen",
                                   local};
  if (!clip.empty()) sending.push_back("--loop");
  std::printf(
      "One picture, encoded once, to three receivers over UDP, TCP and a Unix socket, each its own process. "
      "%s\n",
      seconds > 0 ? "" : "Ctrl-C ends it.");
  const std::string sink = clip.empty() ? "null:?verify" : "null:";
  const auto receiver = [&](const std::string& address, bool window) {
    std::vector<std::string> arguments{"recv", address, sink, "--stats", "-"};
    if (window && sink::has_display()) arguments.push_back("window:");
    return ChildProcess(arguments, true);
  };
  ChildProcess sender(sending, false);
  std::vector<Row> rows;
  rows.push_back({"UDP", receiver(udp, true), {}});
  rows.push_back({"Unix", receiver(local, false), {}});
  rows.push_back({"TCP", receiver(tcp, false), {}});
  const Instant end = seconds > 0 ? now() + Duration(static_cast<int64_t>(seconds * 1e9)) : Instant::max();
  const bool terminal = isatty(STDOUT_FILENO);
  Instant next = now() + std::chrono::milliseconds(1200);
  while (!stop_requested() && now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!sender.running())
      return fail({ErrorKind::unavailable,
                   std::string("the sender has ended; run with ") + kChildVerbose + "=1 to see why"},
                  kFailed);
    // Its window was closed, or there is a display in name only: the receiver goes on without.
    if (!rows[0].child.running()) rows[0].child = receiver(udp, false);
    if (now() < next) continue;
    next += std::chrono::seconds(1);
    for (auto& row : rows) {
      const auto line = row.child.newest_line();
      if (!line.empty()) row.newest = nlohmann::json::parse(line, nullptr, false);
    }
    print_table(rows, terminal, false);
  }
  std::printf(
      "\nSummary: time from the captured picture in the sender to the decoded picture in each receiver.\n");
  print_table(rows, false, true);
  const bool silent =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.newest.is_null(); });
  return silent && !stop_requested() ? fail({ErrorKind::unavailable, "a receiver got no pictures"}, kFailed)
                                     : kOk;
}

}  // namespace

void add_demo(CLI::App& app, int& code) {
  struct Demo {
    std::string clip;
    double seconds = 0;
  };
  auto o = std::make_shared<Demo>();
  auto* demo = app.add_subcommand(
      "demo", "Send one moving picture to three receivers over UDP, Unix and TCP, and show what each sees");
  demo->add_option("clip", o->clip, "a video file [the test picture]");
  demo->add_option("--seconds", o->seconds, "stop after so many seconds");
  demo->footer("Examples:\n  glimt demo\n  glimt demo clip.mp4 --seconds 10");
  demo->callback([o, &code] { code = run(o->clip, o->seconds); });
}

}  // namespace glimt::command

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "command.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::command {
namespace {

// A process of this same program; ended by its pid when it goes out of scope, or with this process.
class Child {
 public:
  Child(std::vector<std::string> arguments, bool reads_output) {
    std::array<int, 2> ends{-1, -1};
    if (reads_output && pipe2(ends.data(), O_CLOEXEC) != 0) return;
    arguments.insert(arguments.begin(), {"glimt", "--log", "warning"});
    std::vector<char*> argv;
    for (auto& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      setpgid(0, 0);  // Ctrl-C reaches the demo, which ends its children in order
      if (ends[1] >= 0) dup2(ends[1], STDOUT_FILENO);
      if (!std::getenv("GLIMT_DEMO_VERBOSE")) std::freopen("/dev/null", "w", stderr);
      execv("/proc/self/exe", argv.data());
      _exit(127);
    }
    output_ = UniqueFd(ends[0]);
    UniqueFd(ends[1]).reset();
    if (output_) fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  }
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        output_(std::move(other.output_)),
        text_(std::move(other.text_)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(output_, other.output_);
    std::swap(text_, other.text_);
    return *this;
  }
  ~Child() { stop(); }

  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  bool running() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }
  // The newest whole line since the last call.
  std::string newest_line() {
    std::array<char, 4096> chunk;
    for (ssize_t n; (n = read(output_.get(), chunk.data(), chunk.size())) > 0;)
      text_.append(chunk.data(), static_cast<size_t>(n));
    const auto end = text_.rfind('\n');
    if (end == std::string::npos) return {};
    const auto begin = text_.rfind('\n', end == 0 ? 0 : end - 1);
    std::string line = text_.substr(begin == std::string::npos || begin == end ? 0 : begin + 1,
                                    end - (begin == std::string::npos || begin == end ? 0 : begin + 1));
    text_.erase(0, end + 1);
    return line;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd output_;
  std::string text_;
};

struct Row {
  const char* name;
  Child child;
  nlohmann::json newest;
};

// A port that is free at this moment for both UDP and TCP.
uint16_t free_port() {
  for (int attempt = 0; attempt < 50; ++attempt) {
    UniqueFd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    auto* address = reinterpret_cast<sockaddr*>(&a);
    if (bind(udp.get(), address, size) != 0 || getsockname(udp.get(), address, &size) != 0) continue;
    if (bind(tcp.get(), address, size) == 0) return ntohs(a.sin_port);
  }
  return 5000;
}

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
  const std::string port = std::to_string(free_port());
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
    return Child(arguments, true);
  };
  Child sender(sending, false);
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
      return fail({ErrorKind::unavailable, "the sender has ended; run with GLIMT_DEMO_VERBOSE=1 to see why"},
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

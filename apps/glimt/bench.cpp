#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <filesystem>

#include "child_process.hpp"
#include "command.hpp"
#include "media/time_code.hpp"
#include "plot.hpp"
#include "transport/capabilities.hpp"

namespace glimt::command {
namespace {

struct Bench {
  std::string address, over = "udp", size = "1280x720", codec = "jpeg";
  double fps = 30, seconds = 10, wait = 0;
  int quality = 80;
  bool json = false;
  std::vector<std::string> plots;
};

Result<void> check(const Bench& o) {
  const auto size = parse_size(o.size);
  if (!size) return size.error();
  if (size->first < media::kTimeCodeMinWidth || size->second < media::kTimeCodeMinHeight) {
    return Error{ErrorKind::invalid_argument,
                 fmt::format("--size {}: too small to burn a number into; at least {}x{}", o.size,
                             media::kTimeCodeMinWidth, media::kTimeCodeMinHeight)};
  }
  if (const auto codec = parse_codec(o.codec); !codec) return codec.error();
  for (const auto& path : o.plots) {
    if (auto fine = check_drawing_path(path); !fine) return fine;
  }
  return {};
}

std::string own_address(const std::string& over) {
  if (over != "unix") return over + "://127.0.0.1:" + std::to_string(transport::free_port());
  const auto name = "glimt-bench-" + std::to_string(getpid()) + ".sock";
  return "unix://" + (std::filesystem::temp_directory_path() / name).string();
}

// What the sender does, wherever it is.
std::vector<std::string> sending(const Bench& o, const std::string& address) {
  std::vector<std::string> arguments{
      "send", "test:", address, "--size", o.size, "--fps", fmt::format("{:g}", o.fps)};
  arguments.insert(arguments.end(), {"--codec", o.codec});
  if (o.codec != "raw") arguments.insert(arguments.end(), {"--quality", std::to_string(o.quality)});
  return arguments;
}

void say_other_side(const Bench& o, const transport::Address& address) {
  std::string line;
  for (const auto& word : sending(o, pipeline::other_side(address))) line += " " + word;
  std::fprintf(stderr, "on the other side: glimt%s\n", line.c_str());
}

Result<void> write_plots(const Bench& o, const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  if (o.plots.empty()) return {};
  const Drawing drawing = plot_of(m, label);
  for (const auto& path : o.plots) {
    if (auto written = write_drawing(drawing, path); !written) return written;
  }
  return {};
}

int report(const Bench& o, const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  const auto verdict = m.verdict();
  if (o.json) std::printf("%s\n", to_json(m, label).c_str());
  if (!o.json && m.painted_read.count() > 0) std::fputs(report_text(m, label).c_str(), stdout);
  if (m.painted_read.count() > 0) {
    if (const auto written = write_plots(o, m, label); !written) return fail(written.error(), kFailed);
  }
  return verdict ? kOk : fail(verdict.error(), kFailed);
}

int run(const Bench& o) {
  if (const auto fine = check(o); !fine) return fail(fine.error());
  const bool alone = o.address.empty();
  const std::string address = alone ? own_address(o.over) : o.address;
  const auto url = Url::parse(address);
  if (!url) return fail(url.error());
  std::optional<ChildProcess> sender;  // before this process has threads
  if (alone) sender.emplace(sending(o, address + "?listen"), false);
  const auto receiver = pipeline::Receiver::open(*url, {});
  if (!receiver) return fail(receiver.error());
  if (!alone) say_other_side(o, (*receiver)->address());
  const auto seconds = [](double s) { return Duration(static_cast<int64_t>(s * 1e9)); };
  pipeline::LinkOptions options{.stop = stop_requested(), .length = seconds(o.seconds)};
  options.first_within = seconds(o.wait > 0 ? o.wait : alone ? 5 : 30);
  options.tick = [](const Percentiles& p) {
    show_progress(
        fmt::format("{} pictures in the last second, painted→read p50 {:.2f} p99 {:.2f} max {:.2f} ms", p.n,
                    p.p50_ms, p.p99_ms, p.max_ms));
  };
  const auto measured = pipeline::measure_link(**receiver, options);
  end_progress();
  if (!measured) {
    const char* hint = alone ? "; GLIMT_CHILD_VERBOSE=1 shows what the sender says" : "";
    return fail({measured.error().kind, measured.error().message + hint}, kFailed);
  }
  return report(o, *measured, label_here(address));
}

}  // namespace

void add_bench(CLI::App& app, int& code) {
  auto o = std::make_shared<Bench>();
  auto* bench = app.add_subcommand(
      "bench",
      "Measure a link's true latency, stage by stage: a number is burnt in there and read back here");
  bench->add_option("address", o->address,
                    "where a sender elsewhere is met, as for recv [a sender of its own on this machine]");
  bench->add_option("--over", o->over, "udp, tcp or unix, where no address is given")
      ->check(CLI::IsMember({"udp", "tcp", "unix"}))
      ->capture_default_str();
  bench->add_option("--size", o->size, "of the test picture")->capture_default_str();
  bench->add_option("--fps", o->fps, "of the test picture")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  bench->add_option("--codec", o->codec, "jpeg, h264 or raw")->capture_default_str();
  bench->add_option("--quality", o->quality, "of JPEG, 1 to 100")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  bench->add_option("--seconds", o->seconds, "to measure, after a first one that is left out")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  bench
      ->add_option("--wait", o->wait,
                   "seconds until the first picture must be there [5 alone, 30 with an address]")
      ->check(CLI::Range(0.1, 86400.0));
  bench->add_flag("--json", o->json, "everything, for programs: docs/statistics.md");
  bench
      ->add_option("--plot", o->plots,
                   "histogram and percentiles into a file, out.svg or out.png; may be repeated")
      ->allow_extra_args(false);
  bench->footer(
      "Exit codes: 0 measured, 1 no pictures, or a picture that is not what it says, 2 wrong command line.\n"
      "Examples:\n  glimt bench --over unix --size 1920x1080\n  glimt bench udp://:5000 --plot link.svg "
      "--plot link.png");
  bench->callback([o, &code] { code = run(*o); });
}

}  // namespace glimt::command

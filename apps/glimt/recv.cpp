#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {
namespace {

struct Recv {
  std::string address;
  std::vector<std::string> sinks;
  std::string format;
  bool once = false;
  RunFlags flags;
};

bool has(const std::vector<std::string>& sinks, const char* name) {
  return std::find(sinks.begin(), sinks.end(), name) != sinks.end();
}

// Where nothing is said: a window where there is a display.
std::vector<std::string> sinks_of(const Recv& o) {
  if (!o.sinks.empty()) return o.sinks;
  if (sink::has_display()) return {"window:"};
  log::info("there is no display: pictures are received, decoded and counted, not shown");
  return {"null:"};
}

Result<std::vector<std::unique_ptr<sink::FrameSink>>> open_sinks(const std::vector<std::string>& names,
                                                                 const Recv& o) {
  std::vector<std::unique_ptr<sink::FrameSink>> sinks;
  for (const auto& name : names) {
    const auto url = Url::parse(name);
    if (!url) return url.error();
    auto sink = sink::open_sink(*url, {.title = "glimt " + o.address, .stop = &stop_requested()});
    if (!sink) return sink.error();
    sinks.push_back(std::move(*sink));
  }
  return sinks;
}

Result<pipeline::ReceiverOptions> receiver_options(const Recv& o, const std::vector<std::string>& sinks) {
  pipeline::ReceiverOptions options;
  options.subscriber.once = o.once;
  const bool to_output = has(sinks, "-");
  if (to_output) options.subscriber.mode = Mode::every;
  if (o.flags.stats == "-" && to_output) {
    return Error{ErrorKind::invalid_argument,
                 "standard output cannot take both pictures and statistics; write one of them to a file"};
  }
  if (o.format == "mjpeg") {
    const auto takes_units = [](const std::string& sink) { return sink == "-" || sink == "null:"; };
    if (!std::all_of(sinks.begin(), sinks.end(), takes_units)) {
      return Error{ErrorKind::invalid_argument,
                   "--format mjpeg hands encoded pictures on: use it with - or null:"};
    }
    options.subscriber.encoded = true;
    return options;
  }
  // Windows and image files want pixels that OpenCV shows; standard output has one layout that never changes.
  const std::string format = !o.format.empty() ? o.format : to_output ? "bgr24" : "";
  if (format.empty()) return options;
  const auto parsed = parse_pixel_format(format);
  if (!parsed) return Error{ErrorKind::unsupported, parsed.error().message + ", mjpeg"};
  options.subscriber.format = *parsed;
  return options;
}

std::string progress(const SubscriberStats& s, const SubscriberStats& before) {
  const auto& p = s.interval.captured_decoded;
  return fmt::format(
      "{} frames/s, captured→decoded p50 {:.1f} p99 {:.1f} ms, lost {}, late {}, refused {}, dropped {}{}",
      s.frames - before.frames, p.p50_ms, p.p99_ms, s.lost, s.late, s.refused, s.dropped,
      s.connected ? "" : "; waiting for a sender");
}

void print_summary(const SubscriberStats& s, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks) {
  const auto line = [](const char* name, const Percentiles& p) {
    if (p.n == 0) return;
    log::say(log::Level::info,
             fmt::format("  {:<18} p50 {:7.2f}  p95 {:7.2f}  p99 {:7.2f}  max {:7.2f} ms  n={}", name,
                         p.p50_ms, p.p95_ms, p.p99_ms, p.max_ms, p.n));
  };
  log::say(log::Level::info,
           fmt::format("received {} frames; lost {}, late {}, repeated {}, refused {}, dropped {}, "
                       "skipped by the sender {}",
                       s.frames, s.lost, s.late, s.repeated, s.refused, s.dropped, s.skipped));
  line("captured→encoded", s.total.captured_encoded);
  line("encoded→sent", s.total.encoded_sent);
  line("sent→arrived", s.total.sent_arrived);
  line("arrived→whole", s.total.arrived_whole);
  line("whole→decoded", s.total.whole_decoded);
  line("decoded→shown", s.total.decoded_shown);
  line("captured→decoded", s.total.captured_decoded);
  if (s.clock.known && s.clock.bound_ms > 0) {
    log::say(log::Level::info,
             fmt::format("  sender's clock {:+.3f} ms, +-{:.3f} ms", s.clock.offset_ms, s.clock.bound_ms));
  }
  for (const auto& sink : sinks) {
    if (const auto text = sink->summary(); !text.empty()) log::say(log::Level::info, "  " + text);
  }
}

int run(const Recv& o) {
  const auto names = sinks_of(o);
  const auto options = receiver_options(o, names);
  if (!options) return fail(options.error());
  const auto url = Url::parse(o.address);
  if (!url) return fail(url.error());
  auto sinks = open_sinks(names, o);
  if (!sinks) return fail(sinks.error());
  auto receiver = pipeline::Receiver::open(*url, *options);
  if (!receiver) return fail(receiver.error());
  const auto running = run_options<SubscriberStats>(
      o.flags, [&] { return (*receiver)->stats(); }, progress);
  if (!running) return fail(running.error());
  const auto result = pipeline::run_receive(**receiver, *sinks, *running);
  end_progress();
  print_summary((*receiver)->stats(), *sinks);
  if (result.error) return fail(*result.error, kFailed);
  const bool wrong =
      std::any_of(sinks->begin(), sinks->end(), [](const auto& sink) { return sink->failed(); });
  return wrong ? kFailed : kOk;
}

}  // namespace

void add_recv(CLI::App& app, int& code) {
  auto o = std::make_shared<Recv>();
  auto* recv = app.add_subcommand("recv", "Receive into a window, standard output, image files or nowhere");
  recv->add_option("address", o->address,
                   "udp://:port to listen, udp://host:port, tcp://…, unix:///path; options: "
                   "?mode=latest|every ?latency=100ms ?max_frame=64M ?listen ?connect")
      ->required();
  recv->add_option("sinks", o->sinks,
                   "window:, - for standard output, image:now.png or shot%04d.png, null:, null:?verify [a "
                   "window, or null: without a display]");
  recv->add_option("--format", o->format, "bgr24, bgra32, gray8, i420, or mjpeg: as it was sent, not decoded, to - or null: [- : bgr24]");
  recv->add_flag("--once", o->once, "stop when the sender has ended or was stopped");
  add_run_flags(*recv, o->flags);
  recv->footer(
      "Examples:\n  glimt recv udp://:5000\n  glimt recv tcp://10.0.0.7:5000 --stats -\n"
      "  glimt recv unix:///tmp/cam.sock - --format bgr24 | ffplay -f rawvideo -pixel_format bgr24 "
      "-video_size 1280x720 -");
  recv->callback([o, &code] { code = run(*o); });
}

}  // namespace glimt::command

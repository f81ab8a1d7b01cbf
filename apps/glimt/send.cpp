#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {
namespace {

struct Send {
  std::string source;
  std::vector<std::string> destinations;
  std::string format = "bgr24", size, codec;
  double fps = 0;
  int quality = 0;
  bool loop = false, fast = false;
  RunFlags flags;
};

Result<std::unique_ptr<source::FrameSource>> open_source(const Send& o, size_t max_frame_bytes) {
  const auto url = Url::parse(o.source);
  if (!url) return url.error();
  source::SourceOptions options;
  options.max_frame_bytes = max_frame_bytes;
  options.format = o.format;
  options.loop = o.loop;
  options.fast = o.fast;
  if (o.fps > 0) options.fps = o.fps;
  if (!o.size.empty()) {
    const auto size = parse_size(o.size);
    if (!size) return size.error();
    options.size = *size;
  }
  return source::open_source(*url, options);
}

Result<std::vector<Url>> parse_destinations(const Send& o) {
  std::vector<Url> urls;
  for (const auto& text : o.destinations) {
    auto url = Url::parse(text);
    if (!url) return url.error();
    urls.push_back(*url);
  }
  return urls;
}

// What the flags say, and over it what the destinations say.
Result<PublisherOptions> publisher_options(const Send& o, const std::vector<Url>& destinations) {
  PublisherOptions options;
  if (o.quality > 0) options.quality = o.quality;
  if (!o.codec.empty()) {
    const auto codec = parse_codec(o.codec);
    if (!codec) return codec.error();
    options.codec = *codec;
  }
  if (auto endpoints = pipeline::parse_send_endpoints(destinations, options); !endpoints)
    return endpoints.error();
  return options;
}

void say_other_side(const Send& o) {
  for (const auto& text : o.destinations) {
    const auto url = Url::parse(text);
    const auto address = transport::Address::from_url(*url, true);
    if (address) log::info("on the other side: glimt recv {}", pipeline::other_side(*address));
  }
}

std::string progress(const PublisherStats& s, const PublisherStats& before) {
  uint64_t receivers = 0, lost = 0, dropped = s.dropped;
  for (const auto& d : s.destinations) {
    receivers += d.receivers;
    lost += d.packets_lost;
    dropped += d.dropped;
  }
  return fmt::format(
      "{} frames/s to {} receivers, captured→encoded p50 {:.1f} ms, dropped {}, packets lost {}",
      s.frames - before.frames, receivers, s.captured_encoded.p50_ms, dropped, lost);
}

void print_summary(const PublisherStats& s) {
  const auto& p = s.captured_encoded_total;
  log::say(
      log::Level::info,
      fmt::format("sent {} frames; captured→encoded p50 {:.2f} p95 {:.2f} p99 {:.2f} max {:.2f} ms (n={}); "
                  "dropped {}, refused {}",
                  s.frames, p.p50_ms, p.p95_ms, p.p99_ms, p.max_ms, p.n, s.dropped, s.refused));
}

int run(const Send& o) {
  const auto destinations = parse_destinations(o);
  if (!destinations) return fail(destinations.error());
  const auto publishing = publisher_options(o, *destinations);
  if (!publishing) return fail(publishing.error());
  auto source = open_source(o, publishing->max_frame_bytes);
  if (!source) return fail(source.error());
  auto sender = pipeline::Sender::open(*destinations, *publishing);
  if (!sender) return fail(sender.error());
  const auto options = run_options<PublisherStats>(
      o.flags, [&] { return (*sender)->stats(); }, progress);
  if (!options) return fail(options.error());
  log::info("sending {}", (*source)->traits().description);
  say_other_side(o);
  const auto result = pipeline::run_send(**source, **sender, *options);
  end_progress();
  print_summary((*sender)->stats());
  return result.error ? fail(*result.error, kFailed) : kOk;
}

}  // namespace

void add_send(CLI::App& app, int& code) {
  auto o = std::make_shared<Send>();
  auto* send = app.add_subcommand("send", "Send a camera, file, image, test picture or standard input");
  send->add_option("source", o->source,
                   "0, /dev/video0, clip.mp4, photo.png, test:, test:?size=1920x1080&fps=30, rtsp://…, or - "
                   "for standard input")
      ->required();
  send->add_option("destinations", o->destinations,
                   "udp://host:port, udp://:port to listen, tcp://…, unix:///path; options: ?codec= "
                   "?quality= ?pace= ?max_frame= ?listen ?connect ?mode=660")
      ->required();
  send->add_option("--format", o->format, "of standard input: bgr24, bgra32, gray8, i420 or mjpeg")
      ->capture_default_str();
  send->add_option("--size", o->size, "of standard input, test picture or camera, as in 1280x720");
  send->add_option("--fps", o->fps, "frames per second of test picture, camera, image or file")
      ->check(CLI::Range(0.1, 1000.0));
  send->add_option("--codec", o->codec, "jpeg or raw [jpeg]");
  send->add_option("--quality", o->quality, "of JPEG, 1 to 100 [80]")->check(CLI::Range(1, 100));
  send->add_flag("--loop", o->loop, "begin a file anew at its end");
  send->add_flag("--fast", o->fast, "a file or the test picture as fast as the receiver takes it");
  add_run_flags(*send, o->flags);
  send->footer(
      "Examples:\n  glimt send 0 udp://:5000\n  glimt send clip.mp4 udp://10.0.0.5:5000 --loop\n"
      "  glimt send test: udp://:5000 tcp://:5000 unix:///tmp/cam.sock\n"
      "  ffmpeg … -f rawvideo -pix_fmt bgr24 - | glimt send - tcp://:5000 --size 1280x720");
  send->callback([o, &code] { code = run(*o); });
}

}  // namespace glimt::command

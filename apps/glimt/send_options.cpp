#include "send_options.hpp"

#include "ask.hpp"

namespace glimt::command {
namespace {

// What the encoder is asked to do with pixels, the MJPEG of a camera or a clip cannot give.
bool wants_pixels(const SendOptions& o, const std::vector<Url>& destinations, std::optional<Codec> codec) {
  return o.quality > 0 || !o.chroma.empty() || codec.value_or(Codec::jpeg) != Codec::jpeg ||
         std::any_of(destinations.begin(), destinations.end(),
                     [](const Url& url) { return url.has("quality") || url.has("chroma"); });
}

void ask_for_addresses(SendOptions& o) {
  if (!at_terminal()) return;
  std::vector<std::string> answers;
  if (o.source.empty()) {
    o.source = ask("Send what? 0 is the first camera, test: a test picture", "0").value_or("");
    if (o.source.empty()) return;
    answers.push_back(o.source);
  }
  const auto address =
      ask_address("Where to? udp://:5000 serves whoever comes, udp://HOST:PORT is a receiver", "udp://:5000");
  if (!address) return;
  o.destinations.push_back(*address);
  answers.push_back(*address);
  say_command(answers);
}

}  // namespace

void add_send_options(CLI::App& app, SendOptions& o) {
  app.add_option("source", o.source,
                 "0, /dev/video0, camera:/dev/video2?size=1280x720&fps=60&format=mjpeg, clip.mp4, photo.png, "
                 "test:, test:?size=1920x1080&fps=30, rtsp://…, or - for standard input");
  app.add_option(
      "destinations", o.destinations,
      "udp://host:port, udp://:port to listen, udp://239.1.2.3:port for a multicast group, tcp://…, "
      "unix:///path, http://:8080/ for browsers; options: ?codec= ?quality= ?chroma= ?encoder= ?bitrate= "
      "?intra_refresh=on ?workers= "
      "?pace= ?max_frame= ?slots= ?listen ?connect ?mode=660 ?socket=stream ?wire=countdown|pickle-q; one "
      "way: "
      "?feedback=off ?parity=20 ?interface=eth0");
  app.add_option("--device,-d", o.device, "a camera, in place of the source");
  app.add_option(
      "--format,-m", o.format,
      "of standard input: bgr24, bgra32, gray8, i420 or mjpeg [bgr24]; of a camera: mjpeg, yuyv or "
      "any fourcc [mjpeg where it gives that and nothing needs pixels]");
  app.add_option("--size,--resolution,-r", o.size,
                 "of standard input, test picture or camera, as in 1280x720");
  app.add_option("--fps,--desired-fps,-f", o.fps, "frames per second of test picture, camera, image or file")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_option("--codec", o.codec, "jpeg, h264 or raw [raw over unix://, jpeg elsewhere]");
  app.add_option("--quality,-q", o.quality, "of JPEG and H.264, 1 to 100 [80]")->check(CLI::Range(1, 100));
  app.add_option(
      "--encoder", o.encoder,
      "of H.264: libx264, libopenh264, h264_v4l2m2m, h264_vaapi or h264_nvenc [the first that works; "
      "see glimt doctor]");
  app.add_option("--bitrate", o.bitrate,
                 "of H.264, at most, as in 6M bits a second [by size and frame rate]");
  app.add_flag(
      "--intra-refresh", o.intra_refresh,
      "H.264 without key frames that nobody asked for: a band of each picture encoded afresh instead");
  app.add_option("--chroma", o.chroma, "of JPEG: 420, 422 or 444 [420]");
  app.add_option("--workers", o.workers, "threads that encode one picture [as many as processors, at most 4]")
      ->check(CLI::Range(1, 64));
  app.add_option("--filter", o.filter,
                 "faces: green frames around faces; faces:metadata: for the viewer to draw; options: "
                 "?min_size=40 ?model=yunet.onnx "
                 "?cascade=faces.xml");
  app.add_flag("--show", o.show, "what is sent, in a window; closing it ends sending");
  app.add_flag("--loop", o.loop, "begin a file anew at its end");
  app.add_flag("--fast", o.fast, "a file or the test picture as fast as the receiver takes it");
  app.add_flag("--control", o.control,
               "steered by `glimt ctl` while it runs, on a socket of its own or, as --control=/run/cam.sock, "
               "on that one");
  add_run_flags(app, o.flags);
  app.footer(
      "Examples:\n  glimt send 0 udp://:5000\n  glimt send 0 http://:8080/\n  glimt send clip.mp4 "
      "udp://10.0.0.5:5000 --loop\n"
      "  glimt send test: udp://:5000 tcp://:5000 unix:///tmp/cam.sock\n"
      "  glimt send 0 udp://:5000 --filter faces --show\n"
      "  glimt send 0 'udp://239.1.2.3:5000?interface=eth0'\n"
      "  glimt send 0 udp://10.0.0.5:5000 --codec h264 --bitrate 4M\n"
      "  glimt send 0 udp://:5000 --control\n"
      "  glimt send --device /dev/video0 --resolution 1280x720 --desired-fps 30 --quality 80 udp://:5000\n"
      "  ffmpeg … -f rawvideo -pix_fmt bgr24 - | glimt send - tcp://:5000 --size 1280x720");
}

void settle_addresses(SendOptions& o) {
  if (!o.device.empty()) {
    if (!o.source.empty()) o.destinations.insert(o.destinations.begin(), o.source);
    const bool has_scheme = o.device.rfind("camera:", 0) == 0;
    o.source = has_scheme ? o.device : "camera:" + o.device;
  }
  if (o.source.empty() || o.destinations.empty()) ask_for_addresses(o);
  if (o.source.empty()) throw CLI::RequiredError("source");
  if (o.destinations.empty()) throw CLI::RequiredError("destinations");
}

Result<source::SourceOptions> source_options(const SendOptions& o, const std::vector<Url>& destinations,
                                             const PublisherOptions& publishing) {
  source::SourceOptions options;
  options.format = o.format;
  options.filter = o.filter;
  options.loop = o.loop;
  options.fast = o.fast;
  options.pixels = wants_pixels(o, destinations, publishing.codec);
  options.max_frame_bytes = publishing.max_frame_bytes;
  if (o.fps > 0) options.fps = o.fps;
  if (!o.size.empty()) {
    const auto size = parse_size(o.size);
    if (!size) return size.error();
    options.size = *size;
  }
  return options;
}

}  // namespace glimt::command

#include "get_options.hpp"

namespace glimt::command {
namespace {

Error invalid(const std::string& text, const std::string& what) {
  return {ErrorKind::invalid_argument,
          "'" + text + "': " + what + ", as in `glimt get list tcp://host:7777`"};
}

}  // namespace

void add_get_options(CLI::App& app, GetOptions& o) {
  app.add_option("words", o.words,
                 "[list | image NAME | video NAME] tcp://host:port [SINK…]; without list, image or video a "
                 "menu; sinks as of "
                 "recv: window:, -, image:now.png, null: [a window, or null: without a display]; options of "
                 "the address: "
                 "?wire=pickle-i ?max_frame=64M")
      ->required();
  app.add_option("--save", o.save,
                 "the stored file itself, byte by byte, into this one; what broke off goes on with the next "
                 "call. - : as the "
                 "sink -");
  app.add_option("--format", o.format,
                 "bgr24, bgra32, gray8, i420, or mjpeg: not decoded, to - or null: [- : bgr24]");
  app.add_flag("--fast", o.fast, "a clip as fast as it comes, not at its own pace");
  app.add_option("--from", o.from, "a clip from this time on, as in 12s or 1.5m");
  app.add_option("--codec", o.codec,
                 "how a clip's pictures travel: jpeg, or raw for none of them changed [jpeg]");
  app.add_option("--quality", o.quality, "of JPEG, 1 to 100 [90]")->check(CLI::Range(1, 100));
  app.footer(
      "Examples:\n  glimt get tcp://10.0.0.5:7777\n  glimt get list tcp://10.0.0.5:7777\n"
      "  glimt get image photo.png tcp://10.0.0.5:7777\n  glimt get video clip.mp4 tcp://10.0.0.5:7777 "
      "--from 12s\n"
      "  glimt get video clip.mp4 tcp://10.0.0.5:7777 --save clip.mp4\n"
      "  glimt get video clip.mp4 tcp://10.0.0.5:7777 --fast --save - --format bgr24 | ffplay -f rawvideo "
      "-pixel_format bgr24 -video_size 1280x720 -\n"
      "  glimt get video 'tcp://10.0.0.5:7777?wire=pickle-i'");
}

Result<archive::GetOptions> parse_server(const std::string& text) {
  const auto url = Url::parse(text);
  if (!url) return url.error();
  if (url->scheme != "tcp") return invalid(text, "stills and clips on request come over tcp://");
  if (auto known = url->allow_only({"connect", "wire", "max_frame"}); !known) return known.error();
  auto address = transport::Address::from_url(*url, false);
  if (!address) return address.error();
  if (address->role == transport::Role::listen) return invalid(text, "whom to ask? Name a host");
  if (address->wire != wire::WireFormat::native && address->wire != wire::WireFormat::pickle_i)
    return invalid(text, "on request there is Glimt's own wire and pickle-i");
  archive::GetOptions server;
  server.address = *address;
  if (const auto bytes = url->find("max_frame")) {
    const auto parsed = parse_bytes(*bytes);
    if (!parsed) return parsed.error();
    server.max_frame_bytes = *parsed;
  }
  return server;
}

}  // namespace glimt::command

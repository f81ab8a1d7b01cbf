#include "recv_options.hpp"

#include "ask.hpp"

namespace glimt::command {
namespace {

void ask_for_address(RecvOptions& o) {
  if (!at_terminal()) return;
  const auto address = ask_address("From where? udp://HOST:PORT is a sender, udp://:5000 waits for one",
                                   "udp://127.0.0.1:5000");
  if (!address) return;
  o.address = *address;
  say_command({o.address});
}

}  // namespace

void add_recv_options(CLI::App& app, RecvOptions& o) {
  app.add_option("address", o.address,
                 "udp://:port to listen, udp://host:port, udp://239.1.2.3:port?listen for a multicast group, "
                 "tcp://…, unix:///path, glimt://NAME: a stream of this user's hub or announced on this "
                 "network; options: "
                 "?mode=latest|every ?latency=100ms ?max_frame=64M ?scale=1/2 ?workers=1 ?whole_only=on "
                 "?wire=countdown|pickle-q ?listen ?connect; one way: ?feedback=off ?interface=eth0");
  app.add_option("sinks", o.sinks,
                 "window:, - for standard output, image:now.png or shot%04d.png, out.mkv or out.mp4, null:, "
                 "null:?verify [a window, or null: without a display]");
  app.add_option("--record", o.record, "record as it comes, not encoded again, into out.mkv or out.mp4");
  app.add_option("--segment", o.segment, "of a recording: a new file every so long, as in 10m, named by time")
      ->needs("--record");
  app.add_option("--snapshot", o.snapshot, "one picture into now.png; 'now.png?every=10s': again and again");
  app.add_option(
      "--format", o.format,
      "bgr24, bgra32, gray8, i420, or mjpeg, h264: as it was sent, not decoded, to - or null: [- : bgr24]");
  app.add_option("--scale", o.scale, "1/2, 1/4 or 1/8 of the picture's sides");
  app.add_option("--workers", o.workers, "threads that decode one picture [as many as processors, at most 4]")
      ->check(CLI::Range(1, 64));
  app.add_flag("--whole-only", o.whole_only,
               "leave out a picture that lost strips for good, instead of showing them as they were before");
  app.add_flag("--once", o.once, "stop when the sender has ended or was stopped");
  add_run_flags(app, o.flags);
  app.footer(
      "Examples:\n  glimt recv udp://:5000\n  glimt recv glimt://cam0\n  glimt recv tcp://10.0.0.7:5000 "
      "--stats -\n"
      "  glimt recv udp://:5000 --record out.mkv --segment 10m --snapshot now.png\n"
      "  glimt recv 'udp://239.1.2.3:5000?listen'\n"
      "  glimt recv unix:///tmp/cam.sock - --format bgr24 | ffplay -f rawvideo -pixel_format bgr24 "
      "-video_size 1280x720 -\n"
      "  glimt recv udp://:5000 - --format h264 | ffplay -f h264 -");
}

void settle_address(RecvOptions& o) {
  if (o.address.empty()) ask_for_address(o);
  if (o.address.empty()) throw CLI::RequiredError("address");
}

}  // namespace glimt::command

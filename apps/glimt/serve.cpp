#include "archive/server.hpp"
#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {
namespace {

struct Serve {
  std::string folder;
  std::vector<std::string> addresses;
  archive::ServerOptions options;
  double seconds = 0;
};

int run(const Serve& o) {
  std::vector<Url> urls;
  for (const auto& text : o.addresses) {
    const auto url = Url::parse(text);
    if (!url) return fail(url.error());
    urls.push_back(*url);
  }
  auto server = archive::Server::open(o.folder, urls, o.options);
  if (!server) return fail(server.error());
  log::info("serving the stills and clips in {}", o.folder);
  for (const auto& other : (*server)->other_sides()) log::info("on the other side: {}", other);
  const Instant end_at =
      o.seconds > 0 ? now() + Duration(static_cast<int64_t>(o.seconds * 1e9)) : Instant::max();
  while (!stop_requested() && now() < end_at) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto counted = (*server)->counters();
  server->reset();
  log::say(log::Level::info, fmt::format("answered {} requests; refused {}, turned away {}", counted.answered,
                                         counted.refused, counted.turned_away));
  return kOk;
}

}  // namespace

void add_serve(CLI::App& app, int& code) {
  auto o = std::make_shared<Serve>();
  auto* serve = app.add_subcommand("serve", "Offer the stills and clips in a folder, on request");
  serve->add_option("folder", o->folder, "every still and clip in it is offered; none in folders below")
      ->required();
  serve
      ->add_option("addresses", o->addresses,
                   "tcp://:port, tcp://host:port of this machine; options: ?wire=pickle-i ?max_frame=64M")
      ->required();
  serve->add_option("--image", o->options.image, "of wire=pickle-i: the still that get_image asks for");
  serve->add_option("--video", o->options.video, "of wire=pickle-i: the clip that get_video asks for");
  serve->add_flag("--fast", o->options.fast, "of wire=pickle-i: the clip not at its own pace");
  serve->add_option("--seconds", o->seconds, "stop after so many seconds");
  serve->footer(
      "Examples:\n  glimt serve clips tcp://:7777\n"
      "  glimt serve source tcp://:7778 'tcp://:7777?wire=pickle-i' --image imagem.png --video video.mp4");
  serve->callback([o, &code] { code = run(*o); });
}

}  // namespace glimt::command

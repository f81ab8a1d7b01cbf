#include "ask.hpp"
#include "base/log.hpp"
#include "send_hub.hpp"
#include "web/listen_address.hpp"

namespace glimt::command {
namespace {

Result<std::vector<Url>> parse_destinations(const SendOptions& o) {
  std::vector<Url> urls;
  for (const auto& text : o.destinations) {
    auto url = Url::parse(text);
    if (!url) return url.error();
    urls.push_back(*url);
  }
  return urls;
}

// Those that are a page: where it listens. They stand among the destinations no more.
Result<std::vector<std::string>> take_pages(std::vector<Url>& destinations) {
  std::vector<std::string> pages;
  for (const auto& url : destinations) {
    if (!web::is_page(url)) continue;
    auto listen = web::page_address(url);
    if (!listen) return listen.error();
    pages.push_back(std::move(*listen));
  }
  std::erase_if(destinations, web::is_page);
  return pages;
}

// What comes before the sender.
struct Input {
  std::unique_ptr<pipeline::FilterStage> filter;  // empty where there is none
  std::unique_ptr<source::FrameSource> source;
  std::unique_ptr<pipeline::Preview> preview;  // empty where there is none
};

Result<Input> open_input(const SendOptions& o, const std::vector<Url>& destinations,
                         const PublisherOptions& publishing) {
  Input input;
  const auto url = Url::parse(o.source);
  if (!url) return url.error();
  auto options = source_options(o, destinations, publishing);
  if (!options) return options.error();
  auto filter = pipeline::FilterStage::open(*options);
  if (!filter) return filter.error();
  input.filter = std::move(*filter);
  if (o.show) {
    auto window = sink::open_sink(*Url::parse("window:"), {.title = "glimt send " + o.destinations.front(),
                                                           .without_display = "leave --show out"});
    if (!window) return window.error();
    input.preview = std::make_unique<pipeline::Preview>(std::move(*window), publishing.max_frame_bytes);
  }
  auto source = source::open_source(*url, *options);
  if (!source) return source.error();
  input.source = std::move(*source);
  return input;
}

// What the flags say, and over it what the destinations say.
Result<PublisherOptions> publisher_options(const SendOptions& o, const std::vector<Url>& destinations) {
  PublisherOptions options;
  if (o.quality > 0) options.quality = o.quality;
  if (!o.codec.empty()) {
    const auto codec = parse_codec(o.codec);
    if (!codec) return codec.error();
    options.codec = *codec;
  }
  if (o.workers > 0) options.workers = o.workers;
  if (!o.chroma.empty()) {
    const auto chroma = parse_chroma(o.chroma);
    if (!chroma) return chroma.error();
    options.chroma = *chroma;
  }
  options.encoder = o.encoder;
  options.intra_refresh = o.intra_refresh;
  if (!o.bitrate.empty()) {
    const auto bitrate = parse_bitrate(o.bitrate);
    if (!bitrate) return bitrate.error();
    options.bitrate_bps = *bitrate;
  }
  if (auto endpoints = pipeline::parse_send_endpoints(destinations, options); !endpoints)
    return endpoints.error();
  return options;
}

int run(const SendOptions& o) {
  auto destinations = parse_destinations(o);
  if (!destinations) return fail(destinations.error());
  const auto pages = take_pages(*destinations);
  if (!pages) return fail(pages.error());
  const auto publishing = publisher_options(o, *destinations);
  if (!publishing) return fail(publishing.error());
  if (!o.control.empty() || !pages->empty()) return send_by_hub(o, *destinations, *pages, *publishing);
  const auto input = open_input(o, *destinations, *publishing);
  if (!input) return fail(input.error());
  auto sender = pipeline::Sender::open(*destinations, *publishing);
  if (!sender) return fail(sender.error());
  const auto options = run_options<SendStats>(
      o.flags,
      [&] {
        return SendStats{(*sender)->stats(), input->source->stats()};
      },
      send_progress);
  if (!options) return fail(options.error());
  log::info("sending {}", input->source->traits().description);
  say_other_side(*destinations);
  const auto result =
      pipeline::run_send(*input->source, **sender, {input->filter.get(), input->preview.get()}, *options);
  end_progress();
  print_send_summary((*sender)->stats());
  return result.error ? fail(*result.error, kFailed) : kOk;
}

}  // namespace

void add_send(CLI::App& app, int& code) {
  auto o = std::make_shared<SendOptions>();
  auto* send = app.add_subcommand("send", "Send a camera, file, image, test picture or standard input");
  add_send_options(*send, *o);
  send->callback([o, &code] {
    settle_addresses(*o);
    code = run(*o);
  });
}

}  // namespace glimt::command

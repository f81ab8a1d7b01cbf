#include "base/log.hpp"
#include "hub/discovery.hpp"
#include "recv_options.hpp"
#include "sink/display.hpp"

namespace glimt::command {
namespace {

std::string with_option(const std::string& address, const std::string& option) {
  return address + (address.find('?') == std::string::npos ? "?" : "&") + option;
}

// The sinks that are named, the short forms among them written out. Where no other is named: a window where there is a
// display.
std::vector<std::string> sinks_of(const RecvOptions& o) {
  std::vector<std::string> sinks = o.sinks;
  if (sinks.empty() && sink::has_display()) sinks.push_back("window:");
  if (!o.record.empty()) {
    const std::string record = "record:" + o.record;
    sinks.push_back(o.segment.empty() ? record : with_option(record, "segment=" + o.segment));
  }
  if (!o.snapshot.empty()) sinks.push_back("image:" + o.snapshot);
  if (!sinks.empty()) return sinks;
  log::info("there is no display: pictures are received, decoded and counted, not shown");
  return {"null:"};
}

struct Sinks {
  std::vector<std::unique_ptr<sink::FrameSink>> pictures;
  std::optional<sink::RecorderOptions> recording;
};

// Of the access units that are asked for in place of pixels.
std::optional<Codec> codec_of(const std::string& format) {
  if (format == "mjpeg") return Codec::jpeg;
  return format == "h264" ? std::optional(Codec::h264) : std::nullopt;
}

Result<Sinks> open_sinks(const std::vector<std::string>& names, const RecvOptions& o) {
  Sinks sinks;
  for (const auto& name : names) {
    const auto url = Url::parse(name);
    if (!url) return url.error();
    if (sink::is_recording(*url)) {
      const auto recording = sink::parse_recording(*url);
      if (!recording) return recording.error();
      if (sinks.recording)
        return Error{ErrorKind::invalid_argument,
                     "one recording at a time; start a second `glimt recv` for '" + name + "'"};
      sinks.recording = *recording;
      continue;
    }
    auto sink = sink::open_sink(
        *url, {.title = "glimt " + o.address, .stop = &stop_requested(), .codec = codec_of(o.format)});
    if (!sink) return sink.error();
    sinks.pictures.push_back(std::move(*sink));
  }
  return sinks;
}

Result<pipeline::ReceiverOptions> receiver_options(const RecvOptions& o,
                                                   const std::vector<std::string>& sinks) {
  pipeline::ReceiverOptions options;
  options.subscriber.once = o.once;
  options.subscriber.whole_only = o.whole_only;
  options.subscriber.workers = o.workers;
  if (!o.scale.empty()) {
    const auto scale = parse_scale(o.scale);
    if (!scale) return scale.error();
    options.subscriber.scale = *scale;
  }
  const bool to_output = std::count(sinks.begin(), sinks.end(), "-") > 0;
  if (to_output) options.subscriber.mode = Mode::every;
  if (o.flags.stats == "-" && to_output) {
    return Error{ErrorKind::invalid_argument,
                 "standard output cannot take both pictures and statistics; write one of them to a file"};
  }
  if (codec_of(o.format)) {
    const auto takes_units = [](const std::string& sink) {
      const auto url = Url::parse(sink);
      return sink == "-" || sink == "null:" || (url && sink::is_recording(*url));
    };
    if (!std::all_of(sinks.begin(), sinks.end(), takes_units)) {
      return Error{ErrorKind::invalid_argument,
                   "--format " + o.format + " hands encoded pictures on: use it with - or null:"};
    }
    options.subscriber.encoded = true;
    return options;
  }
  // Windows and image files want pixels that OpenCV shows; standard output has one layout that never changes.
  const std::string format = !o.format.empty() ? o.format : to_output ? "bgr24" : "";
  if (format.empty()) return options;
  const auto parsed = parse_pixel_format(format);
  if (!parsed) return Error{ErrorKind::unsupported, parsed.error().message + ", mjpeg, h264"};
  options.subscriber.format = *parsed;
  return options;
}

int run(const RecvOptions& o) {
  const auto names = sinks_of(o);
  auto options = receiver_options(o, names);
  if (!options) return fail(options.error());
  const auto url = Url::parse(o.address);
  if (!url) return fail(url.error());
  const auto found = hub::resolve(*url);
  if (!found) return fail(found.error());
  const auto sinks = open_sinks(names, o);
  if (!sinks) return fail(sinks.error());
  options->recording = sinks->recording;
  options->subscriber.encoded |= sinks->pictures.empty();
  auto receiver = pipeline::Receiver::open(*found, *options);
  if (!receiver) return fail(receiver.error());
  auto running = run_options<SubscriberStats>(
      o.flags, [&] { return (*receiver)->stats(); }, progress);
  if (!running) return fail(running.error());
  running->recording = sinks->recording.has_value();
  const auto result = pipeline::run_receive(**receiver, sinks->pictures, *running);
  end_progress();
  (*receiver)->stop_recording();
  print_summary((*receiver)->stats(), sinks->pictures);
  if (result.error) return fail(*result.error, kFailed);
  const auto& all = sinks->pictures;
  const bool wrong = std::any_of(all.begin(), all.end(), [](const auto& sink) { return sink->failed(); });
  return wrong ? kFailed : kOk;
}

}  // namespace

void add_recv(CLI::App& app, int& code) {
  auto o = std::make_shared<RecvOptions>();
  auto* recv = app.add_subcommand("recv", "Receive into a window, standard output, image files or nowhere");
  add_recv_options(*recv, *o);
  recv->callback([o, &code] {
    settle_address(*o);
    code = run(*o);
  });
}

}  // namespace glimt::command

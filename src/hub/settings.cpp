#include "hub/settings.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/utf8.hpp"
#include "pipeline/endpoint_options.hpp"

namespace glimt::hub {
namespace {

constexpr size_t kLongestName = 64, kLongestText = 4096;

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

Result<void> check_text(const std::string& text, const std::string& what) {
  if (text.size() > kLongestText) return bad(what + " of more than 4096 characters");
  // It stands in the state file and goes over gRPC; neither holds other bytes.
  if (find_invalid_utf8(text) != std::string::npos) return bad(what + " that is no UTF-8; rename it");
  return {};
}

Result<void> check_destinations(const StreamSettings& settings) {
  std::set<std::string_view> ids;
  for (const auto& destination : settings.destinations) {
    if (!ids.insert(destination.id).second)
      return Error{ErrorKind::already_exists,
                   "two destinations of '" + settings.name + "' are called '" + destination.id + "'"};
    if (auto done = check(destination, settings.encoding); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> check_name(const std::string& name, const std::string& what) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.size() > kLongestName || !std::isalnum(static_cast<unsigned char>(name[0])) ||
      !std::all_of(name.begin(), name.end(), plain)) {
    return bad("the name of a " + what +
               " is 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit");
  }
  return {};
}

PublisherOptions publisher_options(const Encoding& encoding) {
  PublisherOptions options;
  options.codec = encoding.codec;
  options.quality = encoding.quality;
  options.chroma = encoding.chroma;
  options.encoder = encoding.encoder;
  options.bitrate_bps = encoding.bitrate_bps;
  options.intra_refresh = encoding.intra_refresh;
  options.workers = encoding.workers;
  return options;
}

Result<void> check(const Encoding& e) {
  if (e.quality < 1 || e.quality > 100) return bad("quality: 1 to 100");
  if (e.workers < 0 || e.workers > 64) return bad("workers: 0 (by processors) to 64");
  if (e.fps && !(*e.fps >= 0.1 && *e.fps <= 1000)) return bad("fps: 0.1 to 1000");
  if (e.bitrate_bps && !(*e.bitrate_bps > 0 && *e.bitrate_bps <= 1e12))
    return bad("bitrate: above 0, as in 6M");
  if (e.size) {
    const auto [width, height] = *e.size;
    if (width < 1 || height < 1 || width > 65535 || height > 65535)
      return bad("size: 1x1 to 65535x65535, as in 1280x720");
  }
  return {};
}

Result<void> check(const StreamSettings& settings) {
  if (auto named = check_name(settings.name, "stream"); !named) return named;
  if (settings.source.empty())
    return bad("stream '" + settings.name +
               "': source is missing, as in \"0\", \"/dev/video2\" or \"test:\"");
  for (const auto* text :
       {&settings.source, &settings.format, &settings.filter, &settings.encoding.encoder}) {
    if (auto done = check_text(*text, "stream '" + settings.name + "': a text"); !done) return done;
  }
  const auto source = Url::parse(settings.source);
  if (!source) return source.error();
  if (source->scheme == "-")
    return Error{ErrorKind::unsupported,
                 "a hub has no standard input; send it with `glimt send -` or name a file"};
  if (auto done = check(settings.encoding); !done) return done;
  return check_destinations(settings);
}

Result<void> check(const DestinationSettings& destination, const Encoding& encoding) {
  if (auto named = check_name(destination.id, "destination"); !named) return named;
  if (auto done = check_text(destination.url, "an address"); !done) return done;
  const auto url = Url::parse(destination.url);
  if (!url) return url.error();
  const auto endpoint = pipeline::parse_further_endpoint(*url, publisher_options(encoding));
  if (!endpoint) return endpoint.error();
  return {};
}

}  // namespace glimt::hub

#include "control/field_mask.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace glimt::control {
namespace {

using Settings = hub::StreamSettings;

struct Field {
  std::string_view path;
  void (*copy)(const Settings& wanted, Settings& settings);
};

// Width and height stand for one another: a size is both.
constexpr std::array kFields{
    Field{"source", [](const Settings& w, Settings& s) { s.source = w.source; }},
    Field{"format", [](const Settings& w, Settings& s) { s.format = w.format; }},
    Field{"filter", [](const Settings& w, Settings& s) { s.filter = w.filter; }},
    Field{"loop", [](const Settings& w, Settings& s) { s.loop = w.loop; }},
    Field{"paused", [](const Settings& w, Settings& s) { s.paused = w.paused; }},
    Field{"encoding", [](const Settings& w, Settings& s) { s.encoding = w.encoding; }},
    Field{"encoding.codec", [](const Settings& w, Settings& s) { s.encoding.codec = w.encoding.codec; }},
    Field{"encoding.quality",
          [](const Settings& w, Settings& s) { s.encoding.quality = w.encoding.quality; }},
    Field{"encoding.chroma", [](const Settings& w, Settings& s) { s.encoding.chroma = w.encoding.chroma; }},
    Field{"encoding.encoder",
          [](const Settings& w, Settings& s) { s.encoding.encoder = w.encoding.encoder; }},
    Field{"encoding.bitrate_bps",
          [](const Settings& w, Settings& s) { s.encoding.bitrate_bps = w.encoding.bitrate_bps; }},
    Field{"encoding.intra_refresh",
          [](const Settings& w, Settings& s) { s.encoding.intra_refresh = w.encoding.intra_refresh; }},
    Field{"encoding.workers",
          [](const Settings& w, Settings& s) { s.encoding.workers = w.encoding.workers; }},
    Field{"encoding.width", [](const Settings& w, Settings& s) { s.encoding.size = w.encoding.size; }},
    Field{"encoding.height", [](const Settings& w, Settings& s) { s.encoding.size = w.encoding.size; }},
    Field{"encoding.fps", [](const Settings& w, Settings& s) { s.encoding.fps = w.encoding.fps; }},
};

Error refuse(const std::string& what) {
  std::string known;
  for (const Field& field : kFields) known += (known.empty() ? "" : ", ") + std::string(field.path);
  return {ErrorKind::invalid_argument, what + "; known: " + known};
}

}  // namespace

Result<hub::Hub::Edit> edit_by_mask(Settings wanted, const std::vector<std::string>& mask) {
  if (mask.empty()) return refuse("the mask is empty: it says which settings change");
  std::vector<const Field*> fields;
  for (const std::string& path : mask) {
    const auto is_it = [&path](const Field& field) { return field.path == path; };
    const auto found = std::find_if(kFields.begin(), kFields.end(), is_it);
    if (found == kFields.end()) return refuse("the mask names '" + path.substr(0, 100) + "'");
    if (std::find(fields.begin(), fields.end(), &*found) == fields.end()) fields.push_back(&*found);
  }
  return hub::Hub::Edit([fields = std::move(fields), wanted = std::move(wanted)](Settings& settings) {
    for (const Field* field : fields) field->copy(wanted, settings);
    return Result<void>();
  });
}

}  // namespace glimt::control

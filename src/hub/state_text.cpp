// The text of a state file: JSON, {"version": 1, "streams": {NAME: {"configured": …, "settings": … or null}}}.
#include <limits>
#include <nlohmann/json.hpp>

#include "glimt/url.hpp"
#include "hub/state_file.hpp"

namespace glimt::hub {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr int kMaxDepth =
    6;  // the whole, its streams, a stream, its settings, their destinations, one of them

// All that is kept of a stream but its name, for writer and reader alike.
template <class Visitor, class Settings>
void visit_stream(Visitor& visit, Settings& s) {
  visit("source", s.source);
  visit("format", s.format);
  visit("filter", s.filter);
  visit("loop", s.loop);
  visit("paused", s.paused);
  visit("codec", s.encoding.codec);
  visit("quality", s.encoding.quality);
  visit("chroma", s.encoding.chroma);
  visit("encoder", s.encoding.encoder);
  visit("bitrate_bps", s.encoding.bitrate_bps);
  visit("intra_refresh", s.encoding.intra_refresh);
  visit("workers", s.encoding.workers);
  visit("size", s.encoding.size);
  visit("fps", s.encoding.fps);
  visit("destinations", s.destinations);
}

std::string text_of(const std::pair<int, int>& size) {
  return std::to_string(size.first) + "x" + std::to_string(size.second);
}

struct Writer {
  Json json = Json::object();

  template <class T>
  void operator()(const char* name, const T& value) {
    json[name] = value;
  }
  void operator()(const char* name, const std::optional<double>& value) {
    if (value) json[name] = *value;
  }
  void operator()(const char* name, const std::optional<Codec>& value) {
    if (value) json[name] = to_string(*value);
  }
  void operator()(const char* name, const Chroma& value) { json[name] = to_string(value); }
  void operator()(const char* name, const std::optional<std::pair<int, int>>& value) {
    if (value) json[name] = text_of(*value);
  }
  void operator()(const char* name, const std::vector<DestinationSettings>& destinations) {
    Json& list = json[name] = Json::array();
    for (const auto& d : destinations) list.push_back({{"id", d.id}, {"url", d.url}});
  }
};

// What is not there stays as it is by default; what is there and not understood is refused, lest it be lost with the next write.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) { good_ = json.is_object(); }

  // All was understood.
  bool is_good() const { return good_ && understood_ == json_.size(); }

  void operator()(const char* name, std::string& into) {
    if (const Json* value = find(name, &Json::is_string)) into = value->get_ref<const std::string&>();
  }
  void operator()(const char* name, bool& into) {
    if (const Json* value = find(name, &Json::is_boolean)) into = value->get<bool>();
  }
  void operator()(const char* name, int& into) {
    const Json* value = find(name, &Json::is_number_integer);
    if (!value) return;
    const bool fits = value->is_number_unsigned() ? value->get<uint64_t>() <= std::numeric_limits<int>::max()
                                                  : value->get<int64_t>() >= std::numeric_limits<int>::min();
    good_ = good_ && fits;
    if (fits) into = value->get<int>();
  }
  void operator()(const char* name, std::optional<double>& into) {
    if (const Json* value = find(name, &Json::is_number)) into = value->get<double>();
  }
  void operator()(const char* name, std::optional<Codec>& into) { take(name, into, parse_codec); }
  void operator()(const char* name, Chroma& into) { take(name, into, parse_chroma); }
  void operator()(const char* name, std::optional<std::pair<int, int>>& into) {
    take(name, into, parse_size);
  }
  void operator()(const char* name, std::vector<DestinationSettings>& into) {
    const Json* list = find(name, &Json::is_array);
    if (!list) return;
    for (const auto& item : *list) {
      Reader destination(item);
      destination("id", into.emplace_back().id);
      destination("url", into.back().url);
      good_ = good_ && destination.is_good();
    }
  }

 private:
  const Json* find(const char* name, bool (Json::*is)() const noexcept) {
    if (!good_) return nullptr;
    const auto found = json_.find(name);
    if (found == json_.end()) return nullptr;
    ++understood_;
    good_ = ((*found).*is)();
    return good_ ? &*found : nullptr;
  }
  template <class T, class Parse>
  void take(const char* name, T& into, Parse parse) {
    const Json* value = find(name, &Json::is_string);
    if (!value) return;
    const auto parsed = parse(value->get_ref<const std::string&>());
    good_ = good_ && parsed;
    if (parsed) into = *parsed;
  }

  const Json& json_;
  size_t understood_ = 0;
  bool good_ = true;
};

Json to_json(const StreamSettings& settings) {
  Writer writer;
  visit_stream(writer, settings);
  return std::move(writer.json);
}

Error malformed(std::string message) { return {ErrorKind::malformed, std::move(message)}; }

Result<StreamSettings> settings_of(const std::string& name, const Json& json) {
  StreamSettings settings;
  settings.name = name;
  Reader reader(json);
  visit_stream(reader, settings);
  if (!reader.is_good()) return malformed("what it says of stream '" + name + "' is not understood");
  return settings;
}

Result<Change> change_of(const std::string& name, const Json& json) {
  if (auto named = check_name(name, "stream"); !named) return malformed(named.error().message);
  Change change;
  const auto configured = json.find("configured"), settings = json.find("settings");
  const size_t known = (configured != json.end()) + size_t{1};
  if (!json.is_object() || settings == json.end() || json.size() != known)
    return malformed("what it says of stream '" + name + "' is not understood");
  if (configured != json.end()) {
    auto read = settings_of(name, *configured);
    if (!read) return read.error();
    change.configured = std::move(*read);
  }
  if (!settings->is_null()) {
    auto read = settings_of(name, *settings);
    if (!read) return read.error();
    change.settings = std::move(*read);
  }
  return change;
}

}  // namespace

std::string to_text(const Changes& changes) {
  Json streams = Json::object();
  for (const auto& [name, change] : changes) {
    Json& stream = streams[name];
    if (change.configured) stream["configured"] = to_json(*change.configured);
    stream["settings"] = change.settings ? to_json(*change.settings) : Json();
  }
  const Json all{{"version", kVersion}, {"streams", std::move(streams)}};
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Changes> parse_changes(std::string_view text) {
  if (text.size() > kMaxStateBytes) return malformed("is larger than 16 MB");
  bool deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    return !(deep |= depth > kMaxDepth);
  };
  const Json json = Json::parse(text.begin(), text.end(), watch_depth, false);
  if (deep || !json.is_object()) return malformed("is no JSON of a hub");
  const auto version = json.find("version"), streams = json.find("streams");
  if (version == json.end() || !version->is_number_unsigned()) return malformed("has no version");
  if (*version != kVersion)
    return malformed("is of version " + version->dump() + ", and this glimt knows version " +
                     std::to_string(kVersion));
  if (streams == json.end() || !streams->is_object() || json.size() != 2)
    return malformed("is no JSON of a hub");
  Changes changes;
  for (const auto& [name, stream] : streams->items()) {
    auto change = change_of(name, stream);
    if (!change) return change.error();
    changes.emplace(name, std::move(*change));
  }
  return changes;
}

}  // namespace glimt::hub

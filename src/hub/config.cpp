#include "hub/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "glimt/url.hpp"
#include "hub/config_check.hpp"
#include "hub/config_reader.hpp"

namespace glimt::hub {
namespace {

constexpr size_t kMaxFileBytes = 1'000'000;
constexpr int64_t kMaxStreams = 4096, kMaxDestinations = 100'000, kMaxWatchers = 4096;
constexpr int64_t kMaxCalls = 1'000'000;
constexpr size_t kMinMessageBytes = 1024, kMaxMessageBytes = size_t{64} << 20;

Result<std::string> parse_listen(const std::string& text) {
  if (auto form = check_host_port(text); !form) return form.error();
  return text;
}

Result<size_t> parse_message_bytes(const std::string& text) {
  const auto bytes = parse_bytes(text);
  if (!bytes || (*bytes >= kMinMessageBytes && *bytes <= kMaxMessageBytes)) return bytes;
  return Error{ErrorKind::invalid_argument, "expected 1Ki to 64Mi"};
}

Result<std::string> parse_socket_path(const std::string& text) {
  if (text.starts_with("/") && text.size() <= kLongestSocketPath) return text;
  return Error{ErrorKind::invalid_argument, "expected a path that begins with '/' and has at most " +
                                                std::to_string(kLongestSocketPath) + " bytes"};
}

constexpr Key<Limits> kLimitsKeys[] = {
    {"streams", [](const Entry& e, Limits& l) { e.to_whole(l.streams, 1, kMaxStreams); }},
    {"destinations", [](const Entry& e, Limits& l) { e.to_whole(l.destinations, 1, kMaxDestinations); }},
};

constexpr Key<ControlDraft> kControlKeys[] = {
    {"unix", [](const Entry& e, ControlDraft& c) { e.to_parsed(c.said.unix_path, parse_socket_path); }},
    {"tcp",
     [](const Entry& e, ControlDraft& c) {
       e.to_parsed(c.said.tcp, parse_listen);
       c.line_of_tcp = e.value.line;
     }},
    {"certificate", [](const Entry& e, ControlDraft& c) { e.to_text(c.said.certificate); }},
    {"key", [](const Entry& e, ControlDraft& c) { e.to_text(c.said.key); }},
    {"client_ca", [](const Entry& e, ControlDraft& c) { e.to_text(c.said.client_ca); }},
    {"view_token_file", [](const Entry& e, ControlDraft& c) { e.to_text(c.said.view_token_file); }},
    {"steer_token_file", [](const Entry& e, ControlDraft& c) { e.to_text(c.said.steer_token_file); }},
    {"calls_per_second",
     [](const Entry& e, ControlDraft& c) { e.to_whole(c.said.calls_per_second, 0, kMaxCalls); }},
    {"watchers", [](const Entry& e, ControlDraft& c) { e.to_whole(c.said.watchers, 0, kMaxWatchers); }},
    {"max_message",
     [](const Entry& e, ControlDraft& c) { e.to_parsed(c.said.max_message_bytes, parse_message_bytes); }},
};

constexpr Key<WebDraft> kWebKeys[] = {
    {"listen",
     [](const Entry& e, WebDraft& w) {
       const bool none = e.value.text == "none";
       if (none) w.said.listen.clear();
       if (!none) e.to_parsed(w.said.listen, parse_listen);
     }},
    {"tls",
     [](const Entry& e, WebDraft& w) {
       e.to_flag(w.said.tls);
       w.line_of_tls = e.value.line;
     }},
};

constexpr Key<DestinationSettings> kDestinationKeys[] = {
    {"id", [](const Entry& e, DestinationSettings& d) { e.to_text(d.id); }},
    {"url", [](const Entry& e, DestinationSettings& d) { e.to_text(d.url); }},
};

void read_destinations(const Entry& e, StreamDraft& stream) {
  if (e.value.kind != TomlValue::Kind::array)
    return e.refuse("expected a list of addresses, as in [\"udp://:5000\"]");
  for (const auto& item : e.value.items) {
    auto& destination = stream.destinations.emplace_back(item.line);
    Entry{e.key, item, e.faults}.to_text(destination.said.url);
  }
}

void read_destination_tables(const Entry& e, StreamDraft& stream) {
  if (e.value.kind != TomlValue::Kind::array) return e.refuse("expected [[stream.destination]]");
  for (const auto& item : e.value.items) {
    auto& destination = stream.destinations.emplace_back(item.line);
    read_table(Entry{e.key, item, e.faults}, kDestinationKeys, destination.said);
  }
}

constexpr Key<StreamDraft> kStreamKeys[] = {
    {"name", [](const Entry& e, StreamDraft& s) { e.to_text(s.said.name); }},
    {"source", [](const Entry& e, StreamDraft& s) { e.to_text(s.said.source); }},
    {"format", [](const Entry& e, StreamDraft& s) { e.to_text(s.said.format); }},
    {"filter", [](const Entry& e, StreamDraft& s) { e.to_text(s.said.filter); }},
    {"loop", [](const Entry& e, StreamDraft& s) { e.to_flag(s.said.loop); }},
    {"paused", [](const Entry& e, StreamDraft& s) { e.to_flag(s.said.paused); }},
    {"codec", [](const Entry& e, StreamDraft& s) { e.to_parsed(s.said.encoding.codec, parse_codec); }},
    {"quality", [](const Entry& e, StreamDraft& s) { e.to_whole(s.said.encoding.quality); }},
    {"chroma", [](const Entry& e, StreamDraft& s) { e.to_parsed(s.said.encoding.chroma, parse_chroma); }},
    {"encoder", [](const Entry& e, StreamDraft& s) { e.to_text(s.said.encoding.encoder); }},
    {"bitrate",
     [](const Entry& e, StreamDraft& s) { e.to_parsed(s.said.encoding.bitrate_bps, parse_bitrate); }},
    {"intra_refresh", [](const Entry& e, StreamDraft& s) { e.to_flag(s.said.encoding.intra_refresh); }},
    {"workers", [](const Entry& e, StreamDraft& s) { e.to_whole(s.said.encoding.workers); }},
    {"size", [](const Entry& e, StreamDraft& s) { e.to_parsed(s.said.encoding.size, parse_size); }},
    {"fps", [](const Entry& e, StreamDraft& s) { e.to_number(s.said.encoding.fps); }},
    {"destinations", read_destinations},
    {"destination", read_destination_tables},
};

void read_streams(const Entry& e, ConfigDraft& config) {
  if (e.value.kind != TomlValue::Kind::array) return e.refuse("expected [[stream]], with two brackets");
  for (const auto& item : e.value.items) {
    auto& stream = config.streams.emplace_back(item.line);
    read_table(Entry{e.key, item, e.faults}, kStreamKeys, stream);
  }
}

constexpr Key<ConfigDraft> kKeys[] = {
    {"state", [](const Entry& e, ConfigDraft& c) { e.to_text(c.state_path); }},
    {"announce", [](const Entry& e, ConfigDraft& c) { e.to_flag(c.announce); }},
    {"limits", [](const Entry& e, ConfigDraft& c) { read_table(e, kLimitsKeys, c.limits); }},
    {"control", [](const Entry& e, ConfigDraft& c) { read_table(e, kControlKeys, c.control); }},
    {"web", [](const Entry& e, ConfigDraft& c) { read_table(e, kWebKeys, c.web); }},
    {"stream", read_streams},
};

template <class T, size_t N>
void append_names(std::vector<std::string>& names, const Key<T> (&keys)[N], const std::string& prefix) {
  const auto more = names_of<T>(keys, prefix);
  names.insert(names.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> config_keys() {
  std::vector<std::string> names;
  append_names(names, kKeys, "");
  append_names(names, kLimitsKeys, "limits.");
  append_names(names, kControlKeys, "control.");
  append_names(names, kWebKeys, "web.");
  append_names(names, kStreamKeys, "stream.");
  append_names(names, kDestinationKeys, "stream.destination.");
  const auto all = names;
  std::erase_if(names, [&](const auto& table) {
    return std::any_of(all.begin(), all.end(), [&](const auto& key) { return key.starts_with(table + "."); });
  });
  return names;
}

Result<HubConfig> parse_config(const std::string& text, const std::string& name) {
  if (text.size() > kMaxFileBytes)
    return Error{ErrorKind::invalid_argument, name + ": more than 1 MB; is it the right file?"};
  const auto tree = parse_toml(text, name);
  if (!tree) return tree.error();
  Faults faults(name);
  ConfigDraft draft;
  read_table(*tree, kKeys, draft, faults);
  if (faults.first()) return *faults.first();
  give_ids(draft);
  check_whole(draft, faults);
  if (faults.first()) return *faults.first();
  return config_of(std::move(draft));
}

Result<HubConfig> read_config(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()) {
    return Error{ErrorKind::invalid_argument, path + ": " + std::strerror(errno != 0 ? errno : EIO) +
                                                  "; name a file that is there and may be read"};
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return parse_config(text, path);
}

Result<HubConfig> default_config() {
  auto path = default_stream_path("cam0");
  if (!path) return path.error();
  HubConfig config;
  const bool camera = access("/dev/video0", F_OK) == 0;
  config.streams.push_back({.name = "cam0",
                            .source = camera ? "0" : "test:",
                            .destinations = {{.id = "local", .url = "unix://" + *path}}});
  return config;
}

}  // namespace glimt::hub

// Config: hub.toml, read and checked.
//
//   input    TOML as in docs/hub.md
//   output   settings
//   errors   invalid_argument with file, line and what was meant: an unknown key names the nearest known one
//   threads  thread-safe
//   memory   a few times the file, which is at most 1 MB
#pragma once

#include "hub/paths.hpp"
#include "hub/settings.hpp"

namespace glimt::hub {

struct ControlSettings {
  std::string unix_path;                          // empty: default_control_path()
  std::string tcp;                                // "host:port"; empty: none. Only with certificate and key
  std::string certificate, key;                   // PEM files
  std::string client_ca;                          // PEM file; certificates signed by it may steer
  std::string view_token_file, steer_token_file;  // over TCP, and of the page
  int calls_per_second = 1000;                    // of all together; 0: no limit
  int watchers = 64;
  size_t max_message_bytes = size_t{1} << 20;
  bool operator==(const ControlSettings&) const = default;
};
struct WebSettings {
  std::string listen = "127.0.0.1:8080";  // empty: none
  bool tls = false;                       // with certificate and key of [control]
  bool operator==(const WebSettings&) const = default;
};
struct HubConfig {
  std::vector<StreamSettings> streams;
  Limits limits;
  ControlSettings control;
  WebSettings web;
  std::string state_path;  // empty: default_state_path(); "none": nothing is kept
  bool announce = true;    // by mDNS, where a daemon runs
};

Result<HubConfig> read_config(const std::string& path);
Result<HubConfig> parse_config(const std::string& text, const std::string& name);
// Camera 0, or the test picture where there is no camera, as "cam0" at default_stream_path("cam0"); unavailable where that
// has no folder.
Result<HubConfig> default_config();

// All that hub.toml may say: "state", "limits.streams", "stream.destination.url"…
std::vector<std::string> config_keys();

}  // namespace glimt::hub

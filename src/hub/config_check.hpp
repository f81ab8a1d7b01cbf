// Config check: what must hold of a configuration as a whole, once each key of it has been read. Inside of config.cpp.
//
//   input    drafts: settings, and the line where each was said
//   errors   Faults, with the cure
//   threads  plain functions
#pragma once

#include "hub/config.hpp"
#include "hub/config_reader.hpp"

namespace glimt::hub {

inline constexpr size_t kLongestSocketPath = 107;

struct DestinationDraft {
  explicit DestinationDraft(size_t at) : line(at) {}
  size_t line;
  DestinationSettings said;
};
struct StreamDraft {
  explicit StreamDraft(size_t at) : line(at) {}
  size_t line;
  StreamSettings said;  // without destinations
  std::vector<DestinationDraft> destinations;
  // After each key: so the line that breaks a range is the one that is named.
  void check(const Entry& entry) const;
};
struct ControlDraft {
  ControlSettings said;
  size_t line_of_tcp = 0;
};
struct WebDraft {
  WebSettings said;
  size_t line_of_tls = 0;
};
struct ConfigDraft {
  std::vector<StreamDraft> streams;
  Limits limits;
  ControlDraft control;
  WebDraft web;
  std::string state_path;
  bool announce = true;
};

// "HOST:PORT"; port 0 is any that is free.
Result<void> check_host_port(const std::string& text);
// A destination without an id is called d1, d2… by its place.
void give_ids(ConfigDraft& draft);
void check_whole(const ConfigDraft& draft, Faults& faults);
HubConfig config_of(ConfigDraft draft);

}  // namespace glimt::hub

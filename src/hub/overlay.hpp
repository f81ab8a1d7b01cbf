// Overlay: configuration and what was changed since, put together. The newest word wins, stream by stream.
//
//   errors   none
//   threads  plain functions
#pragma once

#include "hub/state_file.hpp"

namespace glimt::hub {

using Configured = std::map<std::string, StreamSettings>;  // by name

// What was changed is void where the configuration has come to say something else since.
void drop_outdated(Changes& changes, const Configured& configured);
// What is to run.
Configured combine(const Changes& changes, const Configured& configured);
// `settings` is what the stream is now; nothing: it is no more.
void note(Changes& changes, const Configured& configured, const std::string& name,
          const std::optional<StreamSettings>& settings);

}  // namespace glimt::hub

// Paths: where a hub keeps what is the user's own, as long as nothing else is said.
//
//   errors   unavailable, with the cure: a folder that cannot be made or is somebody else's
//   threads  thread-safe, as long as nobody changes the environment
#pragma once

#include <string>

#include "glimt/error.hpp"

namespace glimt::hub {

// $XDG_RUNTIME_DIR/glimt, or /tmp/glimt-UID; made with mode 0700. Refused where it is a link, or others could put something
// in it.
Result<std::string> runtime_folder();
Result<std::string> default_control_path();
Result<std::string> default_stream_path(const std::string& name);
// $XDG_STATE_HOME/glimt/hub.json, or ~/.local/state/glimt/hub.json; nothing is made.
Result<std::string> default_state_path();

}  // namespace glimt::hub

// StatusJson: what a hub tells of its streams, for programs: `glimt ctl --json` and `/streams`. docs/ctl.md is the schema.
//
//   threads  thread-safe
#pragma once

#include <nlohmann/json.hpp>

#include "hub/state.hpp"

namespace glimt::hub {

using Json = nlohmann::ordered_json;

Json json_of(const StreamStatus& stream);
Json json_of(const DestinationStatus& destination);
Json json_of(const std::vector<StreamStatus>& streams);

// Addresses of cameras may hold a name and a password: "rtsp://user:secret@10.0.0.5" becomes "rtsp://***@10.0.0.5", for who only looks.
Json without_passwords(Json said);

}  // namespace glimt::hub

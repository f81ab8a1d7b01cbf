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

}  // namespace glimt::hub

// CtlStatus: what a hub tells of its streams, as tables for people; as JSON for programs: hub/status_json.hpp.
#pragma once

#include "hub/status_json.hpp"
#include "statistics_json.hpp"

namespace glimt::command {

using hub::json_of;

// One row a stream.
std::vector<std::string> streams_table(const std::vector<hub::StreamStatus>& streams);
// All of one stream, one row a destination.
std::vector<std::string> stream_page(const hub::StreamStatus& stream);
// One stream in one line, for a log that is read later.
std::string stream_line(const hub::StreamStatus& stream);
// "refused: port 5000 is in use; ..."
std::string state_of(const hub::DestinationStatus& destination);
std::string state_of(const hub::StreamStatus& stream);

}  // namespace glimt::command

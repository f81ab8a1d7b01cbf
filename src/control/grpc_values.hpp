// The proto's messages <-> the hub's values.
//
//   input    0 and "" of a message mean: as by default
//   output   texts in UTF-8, what is none replaced: a message that holds other bytes cannot be read
//   errors   from_proto(): invalid_argument for what has no meaning; what may be is the hub's to say
//   threads  thread-safe
#pragma once

#include "glimt/control/v1/control.pb.h"
#include "hub/hub.hpp"

namespace glimt::control {

std::string utf8(const std::string& text);

void to_proto(const hub::StreamSettings& settings, v1::StreamSettings* message);
void to_proto(const hub::DestinationSettings& settings, v1::DestinationSettings* message);
void to_proto(const hub::StreamStatus& status, v1::Stream* message);
void to_proto(const hub::DestinationStatus& status, v1::Destination* message);
void to_proto(const hub::Snapshot& snapshot, v1::Snapshot* message);
void to_proto(const hub::Event& event, v1::Event* message);
void to_proto(const hub::Hub::Reload& reload, v1::ReloadResponse* message);
void to_proto(const std::vector<hub::StreamStatus>& streams, v1::ListStreamsResponse* message);

Result<hub::StreamSettings> from_proto(const v1::StreamSettings& message);
hub::DestinationSettings from_proto(const v1::DestinationSettings& message);
Result<hub::StreamStatus> from_proto(const v1::Stream& message);
hub::DestinationStatus from_proto(const v1::Destination& message);
hub::Snapshot from_proto(const v1::Snapshot& message);
hub::Event from_proto(const v1::Event& message);
hub::Hub::Reload from_proto(const v1::ReloadResponse& message);
Result<std::vector<hub::StreamStatus>> from_proto(const v1::ListStreamsResponse& message);

}  // namespace glimt::control

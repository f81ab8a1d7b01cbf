// Field mask: which of a stream's settings an update changes.
//
//   input    settings as wanted; paths as in the proto: "source", "encoding", "encoding.quality"
//   output   an edit of settings as they are: what the mask names becomes as wanted, the rest stays
//   errors   invalid_argument where the mask is empty or names what is not known, with what is
//   threads  thread-safe
#pragma once

#include <string>
#include <vector>

#include "hub/hub.hpp"

namespace glimt::control {

Result<hub::Hub::Edit> edit_by_mask(hub::StreamSettings wanted, const std::vector<std::string>& mask);

}  // namespace glimt::control

// Steering: a hub changed by JSON. docs/web.md is the schema.
//
//   input    what is asked of which stream; the body, hostile bytes, at most kMaxSteeringBytes
//   output   200 and what is so now, as /streams says it; 204 where nothing is left to say
//   errors   as answers: {"error": what is wrong and its cure}
//   threads  waits for the hub: a change is on the disk when this returns
#pragma once

#include "web/site.hpp"

namespace glimt::web {

inline constexpr size_t kMaxSteeringBytes = 64 << 10;

// As steer() answers, for whoever is not let that far.
Answer json_error(int status, std::string message);

bool is_steering(std::string_view method);
Answer steer(hub::Hub& hub, const Route& route, std::string_view method, std::string_view body);

}  // namespace glimt::web

// Role: what somebody may do with a hub.
//
//   threads  plain values
#pragma once

#include <cstdint>
#include <string_view>

namespace glimt::access {

enum class Role : uint8_t { view, steer };  // each may what those before it may

constexpr std::string_view to_string(Role role) { return role == Role::view ? "view" : "steer"; }

}  // namespace glimt::access

// Method: what the control service can be asked, and the role that it wants. The one table of it.
//
//   threads  plain values
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "access/role.hpp"

namespace glimt::control {

using access::Role;

enum class Method : uint8_t {
  list_streams,
  get_stream,
  take_snapshot,
  get_hub,
  watch_events,
  watch_streams,
  add_stream,
  update_stream,
  remove_stream,
  add_destination,
  remove_destination,
  reload,
};

struct MethodRight {
  Method method;
  std::string_view name;  // as in the proto
  Role wants;
};

inline constexpr std::array<MethodRight, 12> kMethods{{
    {Method::list_streams, "ListStreams", Role::view},
    {Method::get_stream, "GetStream", Role::view},
    {Method::take_snapshot, "TakeSnapshot", Role::view},
    {Method::get_hub, "GetHub", Role::view},
    {Method::watch_events, "WatchEvents", Role::view},
    {Method::watch_streams, "WatchStreams", Role::view},
    {Method::add_stream, "AddStream", Role::steer},
    {Method::update_stream, "UpdateStream", Role::steer},
    {Method::remove_stream, "RemoveStream", Role::steer},
    {Method::add_destination, "AddDestination", Role::steer},
    {Method::remove_destination, "RemoveDestination", Role::steer},
    {Method::reload, "Reload", Role::steer},
}};

constexpr const MethodRight& right_of(Method method) { return kMethods[static_cast<size_t>(method)]; }

}  // namespace glimt::control

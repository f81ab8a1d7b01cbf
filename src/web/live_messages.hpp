// The messages of docs/websocket.md.
//
//   input    units; bytes of a viewer, hostile
//   output   what stands in front of a unit's strips; what a viewer says
//   errors   empty where a message breaks its format
//   threads  thread-safe
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "media/access_unit.hpp"
#include "wire/hello.hpp"

namespace glimt::web {

inline constexpr std::string_view kLiveProtocol = "glimt.1";
inline constexpr size_t kMostViewerBytes = 64;  // of a message

// Type, flags, integrity, number, `sent_at`, descriptor.
void write_unit_head(const media::UnitInfo& info, bool discontinuity, Instant sent_at,
                     std::vector<uint8_t>& to);

struct Taken {
  Sequence frame;
};
using ViewerMessage = std::variant<Taken, wire::Clock>;
std::optional<ViewerMessage> parse_viewer_message(Bytes message);

void write_clock(const wire::Clock& clock, std::vector<uint8_t>& to);

}  // namespace glimt::web

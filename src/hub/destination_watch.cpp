#include "hub/destination_watch.hpp"

namespace glimt::hub {

std::string_view to_string(DestinationState state) {
  switch (state) {
    case DestinationState::connecting:
      return "connecting";
    case DestinationState::flowing:
      return "flowing";
    case DestinationState::stalled:
      return "stalled";
    case DestinationState::refused:
      return "refused";
  }
  return "unknown";
}

bool DestinationWatch::refused(const std::string& why, Instant at) {
  fed_at_ = {};
  return enter(DestinationState::refused, why, at);
}

bool DestinationWatch::sample(const DestinationStats& stats, uint64_t offered, Instant at) {
  if (stats.receivers == 0) {
    fed_at_ = {};
    const std::string cure = "`glimt recv " + other_side_ + "`";
    return enter(DestinationState::connecting,
                 stats.receivers_gone > 0 ? "its receiver has gone; waiting for it, or for another " + cure
                                          : "nobody is there yet; start " + cure,
                 at);
  }
  if (stats.frames < frames_) frames_ = 0;  // it was opened anew
  const bool fed = stats.frames > frames_;
  if (fed || fed_at_ == Instant{} || offered == offered_) {
    frames_ = stats.frames;
    offered_ = offered;
    fed_at_ = at;
  }
  if (fed) return enter(DestinationState::flowing, "", at);
  if (at - fed_at_ >= kStalledAfter) {
    return enter(
        DestinationState::stalled,
        "of the newest " + std::to_string(offered - offered_) +
            " pictures none reached it: the receiver or the way to it is too slow; fewer or smaller ones "
            "(fps, size, quality) may",
        at);
  }
  if (state_ == DestinationState::connecting || state_ == DestinationState::refused)
    return enter(DestinationState::connecting, "its receiver is there; the stream has no picture for it yet",
                 at);
  return false;
}

bool DestinationWatch::enter(DestinationState state, std::string why, Instant at) {
  // The number of pictures in the reason of a stall goes on; that is no news.
  if (state == state_ && (why == why_ || state == DestinationState::stalled)) return false;
  if (state != state_) since_ = at;
  state_ = state;
  why_ = std::move(why);
  return true;
}

}  // namespace glimt::hub

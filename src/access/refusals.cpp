#include "access/refusals.hpp"

#include <spdlog/fmt/fmt.h>

namespace glimt::access {
namespace {

constexpr std::chrono::seconds kBetweenLines{10};

}  // namespace

std::optional<std::string> Refusals::add(Instant now, std::string_view peer, std::string_view method,
                                         std::string_view why) {
  ++count_;
  if (said_ && now - *said_ < kBetweenLines) {
    ++unsaid_;
    return {};
  }
  std::string line = fmt::format("{}: refused {} of {}: {}", border_, method, peer, why);
  if (unsaid_ > 0) line += fmt::format(" ({} more were refused meanwhile)", unsaid_);
  said_ = now;
  unsaid_ = 0;
  return line;
}

}  // namespace glimt::access

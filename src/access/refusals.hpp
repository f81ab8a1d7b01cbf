// Refusals: counts calls that were refused, and says when a line about them is due: whoever knocks a thousand times does not fill the
// log.
//
//   input    who was refused what, and why: without the token
//   output   a line at once, then one for all that came meanwhile, at most every ten seconds
//   threads  thread-compatible; reads no clock
//   memory   fixed
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace glimt::access {

class Refusals {
 public:
  explicit Refusals(std::string_view border) : border_(border) {}  // for people, as in "control"

  // The line to write now, if any.
  std::optional<std::string> add(Instant now, std::string_view peer, std::string_view method,
                                 std::string_view why);
  uint64_t count() const { return count_; }

 private:
  const std::string border_;
  uint64_t count_ = 0, unsaid_ = 0;
  std::optional<Instant> said_;
};

}  // namespace glimt::access

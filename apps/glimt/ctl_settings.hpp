// CtlSettings: what can be set of a stream, as words `key=value`.
//
//   input    "quality=70", "size=1280x720", "bitrate=4M", "loop=on"; "size=" sets back to the default
//   errors   invalid_argument: an unknown key with the nearest known one and all of them, a value with what was expected
//   threads  thread-safe
#pragma once

#include "hub/settings.hpp"

namespace glimt::command {

std::vector<std::string> setting_keys();

// The words into `settings`; the names of the fields that they touch, as the control service's proto has them.
Result<std::vector<std::string>> apply_settings(const std::vector<std::string>& words,
                                                hub::StreamSettings& settings);

// A setting whose value is not as it was, both as a word would set it; "default" where nothing is said.
struct Difference {
  std::string key, before, after;
};
std::vector<Difference> differences(const hub::StreamSettings& before, const hub::StreamSettings& after);

}  // namespace glimt::command

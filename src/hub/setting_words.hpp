// SettingWords: what can be set of a stream while it runs, as words `key=value`: for people at `glimt ctl`, and for the page.
//
//   input    "quality=70", "size=1280x720", "bitrate=4M", "loop=on"; "size=" sets back to the default
//   errors   invalid_argument: an unknown key with the nearest known one and all of them, a value with what was expected
//   threads  thread-safe
#pragma once

#include "hub/settings.hpp"

namespace glimt::hub {

std::vector<std::string> setting_keys();

// The words into `settings`; the names of the fields that they touch, as the control service's proto has them.
Result<std::vector<std::string>> apply_settings(const std::vector<std::string>& words,
                                                StreamSettings& settings);

// A setting whose value is not as it was, both as a word would set it; "default" where nothing is said.
struct Difference {
  std::string key, before, after;
};
std::vector<Difference> differences(const StreamSettings& before, const StreamSettings& after);

}  // namespace glimt::hub

// Log: lines on standard error, for people or as JSON (LogOptions). Never per frame above debug.
//
//   threads  thread-safe
#pragma once

#include <spdlog/fmt/fmt.h>

#include <string_view>

#include "glimt/options.hpp"

namespace glimt::log {

using Level = LogLevel;

bool enabled(Level level);
void write(Level level, std::string_view line);
// What a command tells its user whatever the level: bare in text, an error behind "glimt: ".
void say(Level level, std::string_view line);
LogFormat format();

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace glimt::log

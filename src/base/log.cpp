#include "base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace glimt {
namespace {

struct Named {
  LogLevel level;
  std::string_view name;
  spdlog::level::level_enum spdlog;
};
constexpr std::array<Named, 5> kLevels{{{LogLevel::debug, "debug", spdlog::level::debug},
                                        {LogLevel::info, "info", spdlog::level::info},
                                        {LogLevel::warning, "warning", spdlog::level::warn},
                                        {LogLevel::error, "error", spdlog::level::err},
                                        {LogLevel::off, "off", spdlog::level::off}}};
const Named& row_of(LogLevel level) {
  return kLevels[std::min(static_cast<size_t>(level), kLevels.size() - 1)];
}

std::atomic<LogFormat> chosen_format{LogFormat::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("glimt", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("glimt: %^%l%$: %v");
    made->set_level(row_of(LogOptions{}.level).spdlog);  // a library is quiet; the command asks for info
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

std::string time_text() {
  const auto at = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const std::time_t t = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&t, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", text.data(),
                     std::chrono::duration_cast<std::chrono::milliseconds>(at - seconds).count());
}

// One write a line, so that lines of several threads and processes do not mix.
void put(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stderr); }

// File names are bytes; what is no UTF-8 in them is replaced, for JSON is.
void put_json(LogLevel level, std::string_view line) {
  const nlohmann::ordered_json object = {
      {"time", time_text()}, {"level", row_of(level).name}, {"message", line}};
  put(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace

Result<LogOptions> parse_log(std::string_view text, LogOptions options) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    const auto row =
        std::find_if(kLevels.begin(), kLevels.end(), [&](const Named& l) { return l.name == word; });
    if (row != kLevels.end()) {
      options.level = row->level;
    } else if (word == "json" || word == "text") {
      options.format = word == "json" ? LogFormat::json : LogFormat::text;
    } else {
      return Error{ErrorKind::invalid_argument, "unknown log word '" + std::string(word) +
                                                    "'; known: debug, info, warning, error, off, text, json, "
                                                    "json:debug and the like"};
    }
    begin = end + 1;
  }
  return options;
}

void set_log(const LogOptions& options) {
  chosen_format = options.format;
  logger().set_level(row_of(options.level).spdlog);
}

namespace log {

bool enabled(Level level) { return logger().should_log(row_of(level).spdlog); }
LogFormat format() { return chosen_format; }

void write(Level level, std::string_view line) {
  if (format() == LogFormat::json) {
    if (enabled(level)) put_json(level, line);
  } else {
    logger().log(row_of(level).spdlog, line);
  }
}

void say(Level level, std::string_view line) {
  if (format() == LogFormat::json) {
    put_json(level, line.substr(std::min(line.find_first_not_of(' '), line.size())));
  } else {
    put(fmt::format("{}{}\n", level >= Level::error ? "glimt: " : "", line));
  }
}

}  // namespace log
}  // namespace glimt

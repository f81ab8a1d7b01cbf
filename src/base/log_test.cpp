#include "base/log.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>
#include <vector>

namespace glimt {
namespace {

using testing::HasSubstr;

// What is written to standard error meanwhile; the log is as it was afterwards.
template <class Body>
std::string written(const LogOptions& options, Body body) {
  set_log(options);
  testing::internal::CaptureStderr();
  body();
  const std::string text = testing::internal::GetCapturedStderr();
  set_log({});
  return text;
}

std::vector<nlohmann::json> parse_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

constexpr LogOptions kJson{LogLevel::info, LogFormat::json};

TEST(ParseLogTest, TakesALevelAFormatOrBothInAnyOrder) {
  EXPECT_EQ(parse_log("debug")->level, LogLevel::debug);
  EXPECT_EQ(parse_log("debug")->format, LogFormat::text);
  EXPECT_EQ(parse_log("json", {LogLevel::error, LogFormat::text})->level, LogLevel::error);
  for (const char* both : {"json:off", "off:json"}) {
    EXPECT_EQ(parse_log(both)->level, LogLevel::off) << both;
    EXPECT_EQ(parse_log(both)->format, LogFormat::json) << both;
  }
}

TEST(ParseLogTest, UnknownWordListsTheKnownOnes) {
  for (const char* bad : {"", "loud", "json:", ":json", "json:loud", "JSON"}) {
    const auto parsed = parse_log(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("known: debug, info, warning, error, off, text, json"));
  }
}

TEST(LogTest, ALibraryIsQuietBelowWarning) {
  const auto text = written({}, [] {
    log::info("nobody asked");
    log::warning("disk {} is full", 3);
  });
  EXPECT_EQ(text, "glimt: warning: disk 3 is full\n");
}

TEST(LogTest, WhatIsLessGraveThanTheLevelIsNotWritten) {
  const auto text = written(kJson, [] {
    log::debug("a");
    log::info("b");
    log::error("c");
  });
  const auto lines = parse_lines(text);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[1]["level"], "error");
  EXPECT_EQ(written({LogLevel::off, LogFormat::json}, [] { log::error("c"); }), "");
}

TEST(LogTest, AJsonLineHasTimeLevelAndMessage) {
  const auto lines = parse_lines(written(kJson, [] { log::info("met {}", "peer"); }));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].size(), 3u);
  EXPECT_EQ(lines[0]["message"], "met peer");
  const std::string time = lines[0]["time"];
  EXPECT_TRUE(std::regex_match(time, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"))) << time;
}

TEST(LogTest, AJsonMessageIsEscapedAndStaysOneLine) {
  const std::string hostile = "a \"quoted\" \\ path\nsecond\tline \x01 \u00e9";
  const auto lines = parse_lines(written(kJson, [&] { log::info("{}", hostile); }));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], hostile);
}

TEST(LogTest, BytesThatAreNoUtf8AreReplacedInJson) {
  const auto lines = parse_lines(written(kJson, [] { log::info("file {}", "\xff\xc3"); }));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0]["message"].get<std::string>(), HasSubstr("file \uFFFD"));
}

TEST(LogTest, LinesOfSeveralThreadsDoNotMix) {
  const auto text = written(kJson, [] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (int n = 0; n < 200; ++n) log::info("{}", std::string(300, 'x'));
      });
    for (auto& thread : threads) thread.join();
  });
  const auto lines = parse_lines(text);
  EXPECT_EQ(lines.size(), 800u);
  for (const auto& line : lines) EXPECT_EQ(line["message"].get<std::string>().size(), 300u);
}

TEST(LogTest, WhatACommandSaysIsWrittenWhateverTheLevel) {
  const auto say = [] {
    log::say(LogLevel::info, "  sent 3 frames");
    log::say(LogLevel::error, "no such file");
  };
  EXPECT_EQ(written({LogLevel::off, LogFormat::text}, say), "  sent 3 frames\nglimt: no such file\n");
  const auto lines = parse_lines(written({LogLevel::off, LogFormat::json}, say));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["message"], "sent 3 frames");
  EXPECT_EQ(lines[1]["level"], "error");
  EXPECT_EQ(lines[1]["message"], "no such file");
}

}  // namespace
}  // namespace glimt

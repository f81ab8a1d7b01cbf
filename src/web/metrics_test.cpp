#include "web/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace glimt::web {
namespace {

using testing::HasSubstr;
using testing::Not;

hub::DestinationStatus make_destination(const std::string& id, hub::DestinationState state) {
  hub::DestinationStatus d;
  d.settings.id = id;
  d.state = state;
  return d;
}

hub::StreamStatus make_stream(const std::string& name, size_t destinations = 0) {
  hub::StreamStatus s;
  s.settings.name = name;
  s.state = hub::StreamState::flowing;
  for (size_t i = 0; i < destinations; ++i)
    s.destinations.push_back(make_destination("d" + std::to_string(i), hub::DestinationState::flowing));
  return s;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& text, const std::string& line) {
  return testing::Value(lines_of(text), testing::Contains(line));
}

TEST(Metrics, OfAHubWithoutStreamsAreValidAndSayNone) {
  const auto text = metrics_text({});
  EXPECT_TRUE(has_line(text, "glimt_hub_streams 0"));
  EXPECT_TRUE(has_line(text, "glimt_hub_destinations 0"));
  EXPECT_THAT(text, HasSubstr("glimt_hub_info{version=\""));
  EXPECT_TRUE(text.ends_with('\n'));
}

TEST(Metrics, TellTheStateAsOneOfAll) {
  auto stream = make_stream("cam0");
  stream.state = hub::StreamState::trouble;
  stream.destinations = {make_destination("a", hub::DestinationState::refused)};
  const auto text = metrics_text({{stream}});
  EXPECT_TRUE(has_line(text, R"(glimt_stream_state{stream="cam0",state="trouble"} 1)"));
  for (const char* other : {"opening", "flowing", "paused", "ended"})
    EXPECT_TRUE(
        has_line(text, R"(glimt_stream_state{stream="cam0",state=")" + std::string(other) + R"("} 0)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_state{stream="cam0",destination="a",state="refused"} 1)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_state{stream="cam0",destination="a",state="flowing"} 0)"));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_destinations{stream="cam0",state="refused"} 1)"));
}

TEST(Metrics, CountAsTheHubDoes) {
  auto stream = make_stream("cam0", 1);
  stream.stats.frames = 1'234'567'890'123;
  stream.stats.dropped = 2;
  stream.reopened = 3;
  stream.destinations[0].stats.bytes = 4;
  stream.destinations[0].stats.packets_lost = 5;
  stream.destinations[0].retries = 6;
  const auto text = metrics_text({{stream}, 7, {8, 9, 12, {{200, 10}, {404, 11}}}});
  EXPECT_TRUE(has_line(text, R"(glimt_stream_frames_total{stream="cam0"} 1234567890123)"));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_dropped_frames_total{stream="cam0"} 2)"));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_source_reopened_total{stream="cam0"} 3)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_sent_bytes_total{stream="cam0",destination="d0"} 4)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_lost_packets_total{stream="cam0",destination="d0"} 5)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_retries_total{stream="cam0",destination="d0"} 6)"));
  EXPECT_TRUE(has_line(text, "glimt_hub_events_total 7"));
  EXPECT_TRUE(has_line(text, "glimt_web_connections 8"));
  EXPECT_TRUE(has_line(text, "glimt_web_turned_away_total 9"));
  EXPECT_TRUE(has_line(text, "glimt_web_made_room_total 12"));
  EXPECT_TRUE(has_line(text, R"(glimt_web_answers_total{code="200"} 10)"));
  EXPECT_TRUE(has_line(text, R"(glimt_web_answers_total{code="404"} 11)"));
}

TEST(Metrics, TellTimesInSeconds) {
  auto stream = make_stream("cam0", 1);
  stream.stats.captured_encoded_total = {.n = 4, .p50_ms = 1.5, .p95_ms = 20, .p99_ms = 250, .max_ms = 1000};
  stream.destinations[0].stats.rtt_ms = 12.5;
  const auto text = metrics_text({{stream}});
  EXPECT_TRUE(
      has_line(text, R"(glimt_stream_capture_to_encoded_seconds{stream="cam0",quantile="0.5"} 0.0015)"));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_capture_to_encoded_seconds{stream="cam0",quantile="1"} 1)"));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_capture_to_encoded_seconds_count{stream="cam0"} 4)"));
  EXPECT_TRUE(has_line(text, R"(glimt_destination_rtt_seconds{stream="cam0",destination="d0"} 0.0125)"));
}

TEST(Metrics, ListNoMoreDestinationsThanTheBoundAndSayHowManyTheyLeaveOut) {
  const auto text =
      metrics_text({.streams = {make_stream("a", 3), make_stream("b", 4)}, .most_destinations = 5});
  EXPECT_TRUE(has_line(text, "glimt_hub_destinations 7"));
  EXPECT_TRUE(has_line(text, "glimt_hub_destinations_unlisted 2"));
  EXPECT_THAT(text, HasSubstr(R"(glimt_destination_frames_total{stream="b",destination="d1"})"));
  EXPECT_THAT(text, Not(HasSubstr(R"(stream="b",destination="d2")")));
  EXPECT_TRUE(has_line(text, R"(glimt_stream_destinations{stream="b",state="flowing"} 4)"));
}

TEST(Metrics, EscapeWhatWouldEndALabel) {
  EXPECT_EQ(escape_label("a\\b\"c\nd"), R"(a\\b\"c\nd)");
  const auto text = metrics_text({{make_stream("x\"} 1\nevil 2")}});
  EXPECT_THAT(lines_of(text), testing::Each(Not(testing::StartsWith("evil"))));
}

TEST(Metrics, StandUnderTheirHelpAndTypeOnceEach) {
  const auto text = metrics_text({{make_stream("a", 2), make_stream("b", 1)}});
  std::string current;
  std::map<std::string, int> typed;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      ++typed[current];
      continue;
    }
    const auto name = line.substr(0, line.find_first_of("{ "));
    EXPECT_TRUE(name == current || name == current + "_count") << line;
  }
  EXPECT_EQ(typed.size(), metric_families().size());
  for (const auto& [name, n] : typed) EXPECT_EQ(n, 1) << name;
}

// Rows of a table in docs/metrics.md: | `name` | type | …
TEST(Metrics, AreThoseOfTheDocumentWithTheirTypes) {
  std::ifstream file(GLIMT_SOURCE_DIR "/docs/metrics.md");
  const std::regex row(R"(^\| `(glimt_(?:hub|web|stream|destination)_\w+)(?:\{[^`]*\})?` \| (\w+) \|.*)");
  std::map<std::string, std::string> documented, written;
  std::smatch found;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, found, row)) documented[found[1]] = found[2];
  }
  for (const auto& f : metric_families()) written[std::string(f.name)] = f.type;
  EXPECT_GT(written.size(), 20u);
  EXPECT_EQ(documented, written);
}

}  // namespace
}  // namespace glimt::web

// The text of a state file: to_text() and parse_changes().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/state_file.hpp"

namespace glimt::hub {
namespace {

using testing::HasSubstr;

StreamSettings all_said() {
  StreamSettings s{.name = "cam0",
                   .source =
                       "K\xC3\xBC"
                       "che \"1\".mp4",
                   .format = "mjpeg",
                   .filter = "faces"};
  s.loop = s.paused = true;
  s.encoding = {.codec = Codec::h264,
                .quality = 70,
                .chroma = Chroma::c444,
                .encoder = "libx264",
                .bitrate_bps = 6.5e6,
                .intra_refresh = true,
                .workers = 3,
                .size = std::pair{1280, 720},
                .fps = 29.97};
  s.destinations = {{"d1", "udp://10.0.0.5:5000"}, {"wall", "unix:///run/cam0.sock"}};
  return s;
}

StreamSettings plain_of(const std::string& name) { return {.name = name, .source = "test:"}; }

const std::string kOne =
    R"({"version":1,"streams":{"cam0":{"settings":{"source":"0","quality":70,"loop":true,)"
    R"("size":"640x480","destinations":[{"id":"d1","url":"udp://:5000"}]}}}})";

// kOne with `what` in place of `instead_of`.
std::string with(const std::string& instead_of, const std::string& what) {
  std::string text = kOne;
  return text.replace(text.find(instead_of), instead_of.size(), what);
}

void expect_malformed(const std::string& text) {
  const auto changes = parse_changes(text);
  ASSERT_FALSE(changes) << text;
  EXPECT_EQ(changes.error().kind, ErrorKind::malformed);
  EXPECT_NE(changes.error().message, "");
}

TEST(StateTextTest, WhatIsWrittenIsReadBack) {
  const Changes changes{{"cam0", {plain_of("cam0"), all_said()}},
                        {"cam1", {std::nullopt, plain_of("cam1")}},
                        {"cam2", {plain_of("cam2"), std::nullopt}},
                        {"cam3", {std::nullopt, std::nullopt}}};
  EXPECT_EQ(*parse_changes(to_text(changes)), changes);
  EXPECT_EQ(*parse_changes(to_text({})), Changes{});
}

TEST(StateTextTest, ReadsWhatTheFormatSays) {
  StreamSettings expected{.name = "cam0", .source = "0"};
  expected.encoding.quality = 70;
  expected.encoding.size = std::pair{640, 480};
  expected.loop = true;
  expected.destinations = {{"d1", "udp://:5000"}};
  EXPECT_EQ(*parse_changes(kOne), (Changes{{"cam0", {std::nullopt, expected}}}));
}

TEST(StateTextTest, EveryTruncationIsMalformed) {
  for (size_t n = 0; n < kOne.size(); ++n) expect_malformed(kOne.substr(0, n));
}

TEST(StateTextTest, AValueOfAnotherTypeOrBeyondItsBoundsIsMalformed) {
  for (const char* quality :
       {"\"70\"", "70.5", "null", "true", "2147483648", "-2147483649", "18446744073709551616", "[70]"})
    expect_malformed(with("70", quality));
  for (const char* loop : {"1", "\"true\"", "null"}) expect_malformed(with("true", loop));
  for (const char* size : {"\"0x0\"", "\"640\"", "640", "[640,480]"})
    expect_malformed(with("\"640x480\"", size));
  for (const char* list : {"{}", "7", "[7]", "[[]]", R"([{"id":7,"url":""}])", R"([{"id":"","way":""}])"})
    expect_malformed(with(R"([{"id":"d1","url":"udp://:5000"}])", list));
  for (const char* source : {"7", "null", "\"\xFF\""}) expect_malformed(with("\"0\"", source));
}

TEST(StateTextTest, WhatIsNotKnownIsMalformedLestItBeLostWithTheNextWrite) {
  expect_malformed(with("\"loop\"", "\"lop\""));
  expect_malformed(with("\"settings\"", "\"by\":\"me\",\"settings\""));
  expect_malformed(with("\"version\":1", "\"version\":1,\"further\":0"));
  expect_malformed(with("\"id\":\"d1\"", "\"id\":\"d1\",\"key\":0"));
}

TEST(StateTextTest, AStreamHasANameAndWhatItIsNow) {
  expect_malformed(with("cam0", "../cam0"));
  expect_malformed(with("cam0", ""));
  expect_malformed(R"({"version":1,"streams":{"cam0":{}}})");
  for (const char* stream : {"7", "[]", "null", R"({"configured":null,"settings":null})"})
    expect_malformed(R"({"version":1,"streams":{"cam0":)" + std::string(stream) + "}}");
}

TEST(StateTextTest, AnotherVersionIsNamedAndNoVersionIsNone) {
  EXPECT_THAT(parse_changes(with("\"version\":1", "\"version\":2")).error().message, HasSubstr("version 2"));
  for (const char* version : {"\"1\"", "1.0", "-1", "null", "[1]", "0"})
    expect_malformed(with("\"version\":1", "\"version\":" + std::string(version)));
  expect_malformed(with("\"version\":1,", ""));
}

TEST(StateTextTest, DepthAndSizeAreBounded) {
  expect_malformed(std::string(1'000'000, '['));
  expect_malformed(R"({"version":1,"streams":)" + std::string(1'000'000, '['));
  expect_malformed(with("\"0\"", "[[[[[[0]]]]]]"));
  expect_malformed(kOne + std::string(kMaxStateBytes, ' '));
}

}  // namespace
}  // namespace glimt::hub

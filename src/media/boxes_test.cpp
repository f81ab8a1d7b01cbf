#include "glimt/boxes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/bytes.hpp"
#include "media/frame.hpp"

namespace glimt {
namespace {

std::vector<Box> parse(std::string_view text) {
  return parse_boxes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

const std::string kOne = R"({"boxes":[{"label":"face","x":10,"y":20,"width":30,"height":40,"score":0.9}]})";

// kOne with `what` in place of `instead_of`.
std::string with(const std::string& instead_of, const std::string& what) {
  std::string text = kOne;
  return text.replace(text.find(instead_of), instead_of.size(), what);
}

void expect_equal(const std::vector<Box>& a, const std::vector<Box>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].label, b[i].label);
    EXPECT_EQ(std::tie(a[i].x, a[i].y, a[i].width, a[i].height),
              std::tie(b[i].x, b[i].y, b[i].width, b[i].height));
    EXPECT_NEAR(a[i].score, b[i].score, 0.0005);
  }
}

TEST(BoxesTest, ReadsWhatTheFormatSays) {
  expect_equal(parse(kOne), {{"face", 10, 20, 30, 40, 0.9}});
  EXPECT_TRUE(parse(R"({"boxes":[]})").empty());
}

TEST(BoxesTest, ScoreMayBeMissingAndFurtherMembersMayBeThere) {
  expect_equal(parse(with(R"(,"score":0.9)", R"(,"track":7,"by":"me")")), {{"face", 10, 20, 30, 40, 1}});
  EXPECT_EQ(parse(with("{\"boxes\"", "{\"version\":1,\"boxes\"")).size(), 1u);
}

TEST(BoxesTest, WhatIsWrittenIsReadBack) {
  const std::vector<Box> boxes{
      {"face", 0, 0, 1, 1, 0}, {"Ba\"ll \xC3\xA4", 65535, 65535, 65535, 65535, 0.1234}, {"", 5, 6, 7, 8, 1}};
  expect_equal(parse_boxes(serialize_boxes(boxes)), boxes);
  EXPECT_EQ(as_text(serialize_boxes({})), R"({"boxes":[]})");
}

TEST(BoxesTest, OtherMetadataHoldsNoBoxes) {
  for (const char* text :
       {"", "{", "null", "ball 1 2 3 4", "[]", R"({"faces":[]})", R"({"boxes":{}})", R"({"boxes":7})",
        R"({"boxes":[7]})", R"({"boxes":[[]]})", "\xff\xfe", "{\"boxes\":[]}x"}) {
    EXPECT_TRUE(parse(text).empty()) << text;
  }
}

TEST(BoxesTest, EveryTruncationHoldsNoBoxes) {
  for (size_t n = 0; n < kOne.size(); ++n)
    EXPECT_TRUE(parse(std::string_view(kOne).substr(0, n)).empty()) << n;
}

TEST(BoxesTest, OneBoxThatIsWrongVoidsAll) {
  for (const char* x :
       {"-1", "65536", "18446744073709551616", "1.5", "1e1", "\"10\"", "null", "true", "[10]"})
    EXPECT_TRUE(parse(with("10", x)).empty()) << x;
  for (const char* width : {"0", "65536"}) EXPECT_TRUE(parse(with("30", width)).empty()) << width;
  for (const char* score : {"-0.1", "1.1", "\"1\"", "1e999"})
    EXPECT_TRUE(parse(with("0.9", score)).empty()) << score;
  EXPECT_TRUE(parse(with("\"x\":10,", "")).empty());
  EXPECT_TRUE(parse(with("\"face\"", "7")).empty());
  EXPECT_TRUE(parse(with("face", std::string(kMaxBoxLabelBytes + 1, 'a'))).empty());
  EXPECT_EQ(parse(with("face", std::string(kMaxBoxLabelBytes, 'a'))).size(), 1u);
}

TEST(BoxesTest, DepthAndCountAreBounded) {
  EXPECT_TRUE(parse(with("0.9", "[[1]]")).empty());
  EXPECT_TRUE(parse("{\"boxes\":" + std::string(60000, '[')).empty());
  std::string many = R"({"boxes":[)";
  for (size_t i = 0; i <= kMaxBoxes; ++i) {
    many += std::string(i ? "," : "") + R"({"label":"","x":0,"y":0,"width":1,"height":1})";
  }
  EXPECT_TRUE(parse(many + "]}").empty());
  EXPECT_TRUE(parse(kOne + std::string(media::kMaxMetadataBytes, ' ')).empty());
}

TEST(BoxesTest, WriterKeepsToTheBoundsOfMetadata) {
  std::vector<Box> boxes(5000, Box{std::string(kMaxBoxLabelBytes, '"'), 65535, 65535, 65535, 65535, 0.123});
  const auto bytes = serialize_boxes(boxes);
  EXPECT_LE(bytes.size(), media::kMaxMetadataBytes);
  EXPECT_GT(parse_boxes(bytes).size(), 200u);
  boxes.assign(5000, Box{"", 0, 0, 1, 1, 1});
  EXPECT_EQ(parse_boxes(serialize_boxes(boxes)).size(), kMaxBoxes);
}

TEST(BoxesTest, WriterLeavesOutWhatIsOutOfRange) {
  const double nan = std::nan("");
  const std::vector<Box> boxes{{"a", -1, 0, 1, 1, 1},
                               {"b", 0, 0, 0, 1, 1},
                               {"c", 0, 0, 1, 70000, 1},
                               {"d", 0, 0, 1, 1, nan},
                               {std::string(65, 'e'), 0, 0, 1, 1, 1},
                               {"f", 1, 2, 3, 4, 1}};
  expect_equal(parse_boxes(serialize_boxes(boxes)), {{"f", 1, 2, 3, 4, 1}});
}

}  // namespace
}  // namespace glimt

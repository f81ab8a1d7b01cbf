#include "web/percent.hpp"

#include <gtest/gtest.h>

namespace glimt::web {
namespace {

TEST(PercentTest, ComesBackAsItWas) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& text : {std::string(), std::string("cam-0_a.b~Z"), std::string("%41"), all})
    EXPECT_EQ(percent_decode(percent_encode(text)), text);
  EXPECT_EQ(percent_encode("a;b, c\"\\"), "a%3Bb%2C%20c%22%5C");
  EXPECT_EQ(percent_encode("cam-0_a.b~Z"), "cam-0_a.b~Z");
}

TEST(PercentTest, WhatIsCutOffOrNoNumberIsNothing) {
  for (const auto* text : {"%", "%4", "a%", "%zz", "%-1", "%+1", "% 1", "%4x", "%%41"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  EXPECT_EQ(percent_decode("%2f%2F+"), "//+");
}

}  // namespace
}  // namespace glimt::web

#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace glimt {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

TEST(Utf8Test, TextIsValidUpToTheLastCharacterThatThereIs) {
  for (const char* text :
       {"", "cam0",
        "K\xC3\xBC"
        "che",
        "\xE2\x82\xAC", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(find_invalid_utf8(text), kNowhere) << text;
}

TEST(Utf8Test, WhatIsNoCharacterIsFoundWhereItBegins) {
  for (const char* wrong : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3(", "\xE0\x9F\xBF", "\xED\xA0\x80",
                            "\xE2\x82(", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(find_invalid_utf8("\xC3\xA4" + std::string(wrong)), 2u) << wrong;
}

TEST(Utf8Test, ACharacterThatIsCutOffIsNone) {
  for (const char* cut : {"\xC3", "\xE2\x82", "\xF0\x90\x80"}) EXPECT_EQ(find_invalid_utf8(cut), 0u);
}

}  // namespace
}  // namespace glimt

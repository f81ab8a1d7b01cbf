#include "access/bearer.hpp"

#include <gtest/gtest.h>

namespace glimt::access {
namespace {

TEST(BearerTest, TokenStandsBehindTheScheme) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER abc"), "abc");
  EXPECT_EQ(bearer_token("Bearer  abc"), " abc") << "one space belongs to the scheme";
}

TEST(BearerTest, AnythingElseIsNone) {
  for (const auto* text : {"", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"})
    EXPECT_EQ(bearer_token(text), std::nullopt) << text;
}

}  // namespace
}  // namespace glimt::access

#include "access/tokens.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/token_files.hpp"

namespace glimt::access {
namespace {

using test::kSteerToken;
using test::kViewToken;
using testing::HasSubstr;
using testing::Not;

class TokensTest : public testing::Test {
 protected:
  Tokens open() const { return Tokens::open(files.view, files.steer).value(); }

  const test::TokenFiles files;
};

TEST_F(TokensTest, EachTokenHasItsRole) {
  EXPECT_EQ(open().role_of(kViewToken), Role::view);
  EXPECT_EQ(open().role_of(kSteerToken), Role::steer);
}

TEST_F(TokensTest, WhatIsNoTokenHasNone) {
  const auto tokens = open();
  for (const std::string& shown :
       {std::string(), std::string(kViewToken.substr(1)), std::string(kViewToken) + "0",
        std::string(kViewToken.size(), '\0'), std::string(8000, 'x')})
    EXPECT_EQ(tokens.role_of(shown), std::nullopt) << shown;
}

TEST_F(TokensTest, WithoutFilesNothingIsAToken) {
  const auto tokens = Tokens::open("", "").value();
  EXPECT_TRUE(tokens.empty());
  EXPECT_EQ(tokens.role_of(""), std::nullopt);
}

TEST_F(TokensTest, OneFileIsEnough) {
  const auto tokens = Tokens::open("", files.steer).value();
  EXPECT_FALSE(tokens.empty());
  EXPECT_EQ(tokens.role_of(kViewToken), std::nullopt);
}

TEST_F(TokensTest, TokenFileThatHoldsNoTokenIsRefusedWithTheCure) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("fifteen-letters\n"), std::string(4097, 'x'),
        std::string("\n0123456789abcdef\n"), std::string("with space 0123456789\n"),
        std::string("not-ascii-\xc3\xa4-0123456789\n")}) {
    const auto opened = Tokens::open(files.write("bad", text), "");
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(opened.error().message, HasSubstr("characters"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("0123456789")));
  }
  EXPECT_THAT(Tokens::open(files.none, "").error().message, HasSubstr("cannot be read"));
  EXPECT_THAT(Tokens::open(files.write("large", std::string((1 << 20) + 1, 'x')), "").error().message,
              HasSubstr("1 MB"));
}

TEST_F(TokensTest, ShortestTokenHasSixteenCharacters) {
  const std::string token = "sixteen-letters!";
  ASSERT_EQ(token.size(), 16u);
  EXPECT_TRUE(Tokens::open(files.write("short", token), ""));
}

TEST_F(TokensTest, SameTokenForBothRolesIsRefused) {
  EXPECT_THAT(Tokens::open(files.view, files.view).error().message, HasSubstr("make two"));
}

TEST_F(TokensTest, TokenThatEveryUserMayReadIsWarnedOf) {
  chmod(files.view.c_str(), 0644);
  testing::internal::CaptureStderr();
  open();
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("chmod 600 " + files.view));
  EXPECT_THAT(text, Not(HasSubstr("0123456789")));
  chmod(files.view.c_str(), 0600);
  testing::internal::CaptureStderr();
  open();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace glimt::access

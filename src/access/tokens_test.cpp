#include "access/tokens.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace glimt::access {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kView = "view-token-0123456789", kSteer = "steer-token-0123456789";

class TokensTest : public testing::Test {
 protected:
  TokensTest() {
    std::string name = "/tmp/glimt-tokens-XXXXXX";
    folder = mkdtemp(name.data());
    view_file = write("view", std::string(kView) + "\n");
    steer_file = write("steer", "  " + std::string(kSteer) + " \r\nsecond line\n");
  }
  ~TokensTest() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder / name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
  Tokens open() const { return Tokens::open(view_file, steer_file).value(); }

  std::filesystem::path folder;
  std::string view_file, steer_file;
};

TEST_F(TokensTest, EachTokenHasItsRole) {
  EXPECT_EQ(open().role_of(kView), Role::view);
  EXPECT_EQ(open().role_of(kSteer), Role::steer);
}

TEST_F(TokensTest, WhatIsNoTokenHasNone) {
  const auto tokens = open();
  for (const std::string& shown : {std::string(), std::string(kView.substr(1)), std::string(kView) + "0",
                                   std::string(kView.size(), '\0'), std::string(8000, 'x')})
    EXPECT_EQ(tokens.role_of(shown), std::nullopt) << shown;
}

TEST_F(TokensTest, WithoutFilesNothingIsAToken) {
  const auto tokens = Tokens::open("", "").value();
  EXPECT_TRUE(tokens.empty());
  EXPECT_EQ(tokens.role_of(""), std::nullopt);
}

TEST_F(TokensTest, OneFileIsEnough) {
  const auto tokens = Tokens::open("", steer_file).value();
  EXPECT_FALSE(tokens.empty());
  EXPECT_EQ(tokens.role_of(kView), std::nullopt);
}

TEST_F(TokensTest, TokenFileThatHoldsNoTokenIsRefusedWithTheCure) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("fifteen-letters\n"), std::string(4097, 'x'),
        std::string("\n0123456789abcdef\n"), std::string("with space 0123456789\n"),
        std::string("not-ascii-\xc3\xa4-0123456789\n")}) {
    const auto opened = Tokens::open(write("bad", text), "");
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(opened.error().message, HasSubstr("characters"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("0123456789")));
  }
  EXPECT_THAT(Tokens::open(folder / "none", "").error().message, HasSubstr("cannot be read"));
  EXPECT_THAT(Tokens::open(write("large", std::string((1 << 20) + 1, 'x')), "").error().message,
              HasSubstr("1 MB"));
}

TEST_F(TokensTest, ShortestTokenHasSixteenCharacters) {
  const std::string token = "sixteen-letters!";
  ASSERT_EQ(token.size(), 16u);
  EXPECT_TRUE(Tokens::open(write("short", token), ""));
}

TEST_F(TokensTest, SameTokenForBothRolesIsRefused) {
  EXPECT_THAT(Tokens::open(view_file, view_file).error().message, HasSubstr("make two"));
}

TEST_F(TokensTest, TokenThatEveryUserMayReadIsWarnedOf) {
  chmod(view_file.c_str(), 0644);
  testing::internal::CaptureStderr();
  open();
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("chmod 600 " + view_file));
  EXPECT_THAT(text, Not(HasSubstr("0123456789")));
  chmod(view_file.c_str(), 0600);
  testing::internal::CaptureStderr();
  open();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace glimt::access

#include "web/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::web {
namespace {

using access::Role;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::optional<Role> role_of_token(std::string_view token) {
  if (token == "look") return Role::view;
  if (token == "st;eer") return Role::steer;
  return std::nullopt;
}

class AdmissionTest : public testing::Test {
 protected:
  const Admission open{{}}, guarded{{.role_of_token = role_of_token, .port = 8080}};
};

TEST_F(AdmissionTest, WithoutTokensEverybodyLooksAndTheOwnUserSteers) {
  EXPECT_EQ(open.role_of({}), Role::view);
  EXPECT_EQ(open.role_of({.authorization = "Bearer st;eer", .token = "st;eer"}), Role::view);
  EXPECT_EQ(open.role_of({.own_user = true}), Role::steer);
}

TEST_F(AdmissionTest, WithTokensWhoShowsNoneHasNoRoleButTheOwnUser) {
  EXPECT_EQ(guarded.role_of({}), std::nullopt);
  EXPECT_EQ(guarded.role_of({.own_user = true}), Role::steer);
}

TEST_F(AdmissionTest, TokenStandsInTheHeaderTheTargetOrTheCookie) {
  EXPECT_EQ(guarded.role_of({.authorization = "Bearer look"}), Role::view);
  EXPECT_EQ(guarded.role_of({.token = "st;eer"}), Role::steer);
  EXPECT_EQ(guarded.role_of({.cookies = "a=b; glimt-8080=look; glimt-8081=x"}), Role::view);
  EXPECT_EQ(guarded.role_of({.cookies = "glimt-8080=st%3Beer"}), Role::steer);
}

TEST_F(AdmissionTest, TheFirstThatIsShownDecidesAlone) {
  EXPECT_EQ(guarded.role_of({.authorization = "Bearer x", .token = "look", .cookies = "glimt-8080=look"}),
            std::nullopt);
  EXPECT_EQ(guarded.role_of({.token = "x", .cookies = "glimt-8080=look"}), std::nullopt);
}

TEST_F(AdmissionTest, WhatIsNoCookieOfThisPortIsNone) {
  for (const auto* cookies : {"", ";;=", "glimt-8080", "glimt-8080=", "glimt-80800=look", "xglimt-8080=look",
                              "glimt-8080=%", "glimt-8081=look", "GLIMT-8080=look"})
    EXPECT_EQ(guarded.role_of({.cookies = cookies}), std::nullopt) << cookies;
}

TEST_F(AdmissionTest, CookieComesBackAsTheToken) {
  const auto cookie = guarded.cookie_of("st;eer");
  EXPECT_THAT(cookie, StartsWith("glimt-8080=st%3Beer; Path=/;"));
  EXPECT_THAT(cookie, HasSubstr("HttpOnly; SameSite=Strict"));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure")));
  EXPECT_EQ(guarded.role_of({.cookies = cookie.substr(0, cookie.find(';'))}), Role::steer);
}

TEST_F(AdmissionTest, OverTlsTheCookieStaysThere) {
  const Admission https{{.role_of_token = role_of_token, .port = 443, .https = true}};
  EXPECT_THAT(https.cookie_of("look"), HasSubstr("; Secure"));
}

}  // namespace
}  // namespace glimt::web

#include "control/authorizer.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "control/method.hpp"
#include "support/token_files.hpp"

namespace glimt::control {
namespace {

using test::kSteerToken;
using test::kViewToken;
using testing::HasSubstr;
using testing::Not;

class AuthorizerTest : public testing::Test {
 protected:
  Authorizer open() const { return Authorizer(access::Tokens::open(files.view, files.steer).value()); }
  static ErrorKind refused(const Authorizer& authorizer, Role wants, std::vector<std::string_view> shown) {
    const auto allowed = authorizer.check(wants, {false, std::move(shown)});
    EXPECT_FALSE(allowed);
    EXPECT_THAT(allowed.error().message, Not(HasSubstr("0123456789"))) << "no token in a message";
    return allowed.error().kind;
  }

  const test::TokenFiles files;
};

std::string bearer(std::string_view token) { return "Bearer " + std::string(token); }

TEST_F(AuthorizerTest, ViewTokenMayViewAndNotSteer) {
  const auto authorizer = open();
  const auto shown = bearer(kViewToken);
  EXPECT_TRUE(authorizer.check(Role::view, {false, {shown}}));
  EXPECT_EQ(refused(authorizer, Role::steer, {shown}), ErrorKind::forbidden);
}

TEST_F(AuthorizerTest, SteerTokenMayDoBoth) {
  const auto authorizer = open();
  const auto shown = bearer(kSteerToken);
  EXPECT_TRUE(authorizer.check(Role::view, {false, {shown}}));
  EXPECT_TRUE(authorizer.check(Role::steer, {false, {shown}}));
}

TEST_F(AuthorizerTest, CertificateMaySteerWithoutAToken) {
  EXPECT_TRUE(open().check(Role::steer, {true, {}}));
}

TEST_F(AuthorizerTest, SchemeIsWrittenInAnyCase) {
  const std::string shown = "bearer " + std::string(kViewToken);
  EXPECT_TRUE(open().check(Role::view, {false, {shown}}));
}

TEST_F(AuthorizerTest, WhatIsNoTokenOfTheHubIsUnauthenticated) {
  const auto authorizer = open();
  const std::string token(kViewToken);
  for (const std::string& shown :
       {std::string(), std::string("Bearer "), std::string("Bearer"), token, "Basic " + token,
        bearer(token.substr(1)), bearer(token + "0"), bearer(token.substr(0, token.size() - 1)),
        "Bearer  " + token, bearer(std::string(token.size(), '\0')), bearer(std::string(8000, 'x'))}) {
    EXPECT_EQ(refused(authorizer, Role::view, {shown}), ErrorKind::unauthenticated) << shown;
  }
  EXPECT_EQ(refused(authorizer, Role::view, {}), ErrorKind::unauthenticated);
  const auto good = bearer(kViewToken);
  EXPECT_EQ(refused(authorizer, Role::view, {good, good}), ErrorKind::unauthenticated);
}

TEST_F(AuthorizerTest, WithoutTokenFilesNoTokenIsRight) {
  const auto authorizer = Authorizer(access::Tokens::open("", "").value());
  EXPECT_EQ(refused(authorizer, Role::view, {"Bearer "}), ErrorKind::unauthenticated);
  EXPECT_EQ(refused(authorizer, Role::view, {"Bearer x"}), ErrorKind::unauthenticated);
}

// The proto says in a comment from where on a method wants which role.
TEST(MethodTest, TableSaysOfEachMethodWhatTheProtoSays) {
  std::ifstream proto(GLIMT_SOURCE_DIR "/proto/glimt/control/v1/control.proto");
  std::vector<std::pair<std::string, Role>> said, table;
  auto role = Role::steer;
  for (std::string line; std::getline(proto, line);) {
    if (line.find("// Role view") != std::string::npos) role = Role::view;
    if (line.find("// Role steer") != std::string::npos) role = Role::steer;
    std::istringstream words(line);
    std::string rpc, name;
    words >> rpc >> name;
    if (rpc == "rpc") said.emplace_back(name.substr(0, name.find('(')), role);
  }
  for (const auto& right : kMethods) {
    EXPECT_EQ(&right_of(right.method), &right) << "in the order of the enum";
    table.emplace_back(right.name, right.wants);
  }
  EXPECT_THAT(table, testing::UnorderedElementsAreArray(said));
}

}  // namespace
}  // namespace glimt::control

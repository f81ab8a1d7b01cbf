#include "control/authorizer.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/method.hpp"

namespace glimt::control {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kView = "view-token-0123456789", kSteer = "steer-token-0123456789";

class AuthorizerTest : public testing::Test {
 protected:
  AuthorizerTest() {
    std::string name = "/tmp/glimt-authorizer-XXXXXX";
    folder = mkdtemp(name.data());
    view_file = write("view", std::string(kView) + "\n");
    steer_file = write("steer", "  " + std::string(kSteer) + " \r\nsecond line\n");
  }
  ~AuthorizerTest() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder / name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
  Authorizer open() const { return Authorizer(access::Tokens::open(view_file, steer_file).value()); }
  static ErrorKind refused(const Authorizer& authorizer, Role wants, std::vector<std::string_view> shown) {
    const auto allowed = authorizer.check(wants, {false, std::move(shown)});
    EXPECT_FALSE(allowed);
    EXPECT_THAT(allowed.error().message, Not(HasSubstr("0123456789"))) << "no token in a message";
    return allowed.error().kind;
  }

  std::filesystem::path folder;
  std::string view_file, steer_file;
};

std::string bearer(std::string_view token) { return "Bearer " + std::string(token); }

TEST_F(AuthorizerTest, ViewTokenMayViewAndNotSteer) {
  const auto authorizer = open();
  const auto shown = bearer(kView);
  EXPECT_TRUE(authorizer.check(Role::view, {false, {shown}}));
  EXPECT_EQ(refused(authorizer, Role::steer, {shown}), ErrorKind::forbidden);
}

TEST_F(AuthorizerTest, SteerTokenMayDoBoth) {
  const auto authorizer = open();
  const auto shown = bearer(kSteer);
  EXPECT_TRUE(authorizer.check(Role::view, {false, {shown}}));
  EXPECT_TRUE(authorizer.check(Role::steer, {false, {shown}}));
}

TEST_F(AuthorizerTest, CertificateMaySteerWithoutAToken) {
  EXPECT_TRUE(open().check(Role::steer, {true, {}}));
}

TEST_F(AuthorizerTest, SchemeIsWrittenInAnyCase) {
  const std::string shown = "bearer " + std::string(kView);
  EXPECT_TRUE(open().check(Role::view, {false, {shown}}));
}

TEST_F(AuthorizerTest, WhatIsNoTokenOfTheHubIsUnauthenticated) {
  const auto authorizer = open();
  const std::string token(kView);
  for (const std::string& shown :
       {std::string(), std::string("Bearer "), std::string("Bearer"), token, "Basic " + token,
        bearer(token.substr(1)), bearer(token + "0"), bearer(token.substr(0, token.size() - 1)),
        "Bearer  " + token, bearer(std::string(token.size(), '\0')), bearer(std::string(8000, 'x'))}) {
    EXPECT_EQ(refused(authorizer, Role::view, {shown}), ErrorKind::unauthenticated) << shown;
  }
  EXPECT_EQ(refused(authorizer, Role::view, {}), ErrorKind::unauthenticated);
  const auto good = bearer(kView);
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

#include "hub/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace glimt::hub {
namespace {

using testing::HasSubstr;

class PathsTest : public testing::Test {
 protected:
  void SetUp() override {
    base = testing::TempDir() + "paths_test." + std::to_string(getpid());
    std::filesystem::create_directories(base);
    setenv("XDG_RUNTIME_DIR", base.c_str(), 1);
    setenv("XDG_STATE_HOME", "/state", 1);
  }
  void TearDown() override { std::filesystem::remove_all(base); }
  void expect_refused(const std::string& why) {
    const auto folder = runtime_folder();
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(folder.error().message, HasSubstr(why));
  }
  std::string base;
};

TEST_F(PathsTest, TheFolderIsMadeForItsOwnerAloneAndFoundAgain) {
  const mode_t before = umask(0);
  EXPECT_EQ(*runtime_folder(), base + "/glimt");
  umask(before);
  struct stat s {};
  ASSERT_EQ(stat((base + "/glimt").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0700u);
  EXPECT_EQ(*runtime_folder(), base + "/glimt");
  EXPECT_EQ(*default_control_path(), base + "/glimt/control.sock");
  EXPECT_EQ(*default_stream_path("cam0"), base + "/glimt/cam0.sock");
}

TEST_F(PathsTest, ALinkIsNotFollowedEvenToAFolderOfOnesOwn) {
  std::filesystem::create_directory(base + "/elsewhere");
  chmod((base + "/elsewhere").c_str(), 0700);
  std::filesystem::create_symlink(base + "/elsewhere", base + "/glimt");
  expect_refused("no folder");
}

TEST_F(PathsTest, AFileInTheWayIsLeftAlone) {
  std::ofstream(base + "/glimt") << "mine";
  expect_refused("remove it");
  EXPECT_TRUE(std::filesystem::exists(base + "/glimt"));
}

TEST_F(PathsTest, AFolderThatOthersCanWriteIsRefusedWithItsCure) {
  std::filesystem::create_directory(base + "/glimt");
  chmod((base + "/glimt").c_str(), 0777);
  expect_refused("chmod 700");
}

TEST_F(PathsTest, AMissingRuntimeFolderIsSaid) {
  setenv("XDG_RUNTIME_DIR", (base + "/missing").c_str(), 1);
  expect_refused("set XDG_RUNTIME_DIR");
}

TEST_F(PathsTest, WhereNoRuntimeFolderIsSaidItIsOneOfTheUserInTmp) {
  for (const char* said : {"", "relative"}) {
    setenv("XDG_RUNTIME_DIR", said, 1);
    EXPECT_EQ(*runtime_folder(), "/tmp/glimt-" + std::to_string(geteuid()));
  }
}

TEST_F(PathsTest, StateStandsWhereXdgOrHomeSayAndNothingIsMadeForAsking) {
  EXPECT_EQ(*default_state_path(), "/state/glimt/hub.json");
  unsetenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const std::string was = home ? home : "";
  setenv("HOME", base.c_str(), 1);
  EXPECT_EQ(*default_state_path(), base + "/.local/state/glimt/hub.json");
  EXPECT_FALSE(std::filesystem::exists(base + "/.local"));
  unsetenv("HOME");
  EXPECT_THAT(default_state_path().error().message, HasSubstr("HOME is not set"));
  if (home) setenv("HOME", was.c_str(), 1);
}

}  // namespace
}  // namespace glimt::hub

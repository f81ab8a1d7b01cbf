#include "source/video_device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace glimt::source {
namespace {

using ::testing::HasSubstr;
using State = VideoDevice::State;

// A folder in place of /dev. That real cameras are read right is shown with the fake one in tests/interop.
class VideoDeviceTest : public ::testing::Test {
 protected:
  VideoDeviceTest() { std::filesystem::create_directory(folder_); }
  ~VideoDeviceTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = ::testing::TempDir() + "video_device_test-" + std::to_string(getpid());
};

TEST_F(VideoDeviceTest, FolderWithoutDevicesGivesNone) {
  EXPECT_TRUE(list_video_devices(folder_).empty());
  EXPECT_TRUE(list_video_devices(folder_ + "/none").empty());
}

TEST_F(VideoDeviceTest, WhatIsNoCameraIsLeftOut) {
  for (const char* name : {"video0", "video", "videotape", "video1x", "video12345678", "audio0"})
    std::ofstream(folder_ + "/" + name) << "no camera";
  std::filesystem::create_directory(folder_ + "/video9");
  EXPECT_TRUE(list_video_devices(folder_).empty());
}

TEST_F(VideoDeviceTest, DevicesStandInTheOrderOfTheirNumbers) {
  for (const char* name : {"video10", "video2", "video0"})
    std::filesystem::create_symlink(folder_ + "/pulled out", folder_ + "/" + name);
  std::vector<std::string> paths;
  for (const auto& device : list_video_devices(folder_)) paths.push_back(device.path);
  EXPECT_EQ(paths, (std::vector{folder_ + "/video0", folder_ + "/video2", folder_ + "/video10"}));
}

TEST_F(VideoDeviceTest, AbsentOneIsGoneAndSaysTheCure) {
  const auto device = inspect_video_device(folder_ + "/video0");
  EXPECT_EQ(device.state, State::gone);
  ASSERT_TRUE(device.trouble);
  EXPECT_THAT(device.trouble->message, HasSubstr("plug the camera in"));
}

TEST_F(VideoDeviceTest, OrdinaryFileAndPipeAreNoCamerasAndHoldNobodyUp) {
  std::ofstream(folder_ + "/file") << "x";
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  for (const char* name : {"/file", "/pipe"}) {
    const auto device = inspect_video_device(folder_ + name);
    EXPECT_EQ(device.state, State::no_camera) << name;
    EXPECT_EQ(device.trouble->kind, ErrorKind::unsupported) << name;
  }
}

TEST_F(VideoDeviceTest, ForbiddenOneNamesTheGroup) {
  const std::string path = folder_ + "/video0";
  std::ofstream(path) << "x";
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  if (geteuid() == 0) {  // root may open anything: what is left to see is that it is no camera
    EXPECT_EQ(inspect_video_device(path).state, State::no_camera);
    return;
  }
  const auto device = inspect_video_device(path);
  EXPECT_EQ(device.state, State::forbidden);
  EXPECT_THAT(device.trouble->message, HasSubstr("group video"));
}

TEST(FourccTextTest, ShowsNothingThatATerminalWouldObey) {
  EXPECT_EQ(fourcc_text(0x56595559), "YUYV");
  EXPECT_EQ(fourcc_text(0x20363159), "Y16");
  EXPECT_EQ(fourcc_text(0x5B1B0AFF), "???[");
}

}  // namespace
}  // namespace glimt::source

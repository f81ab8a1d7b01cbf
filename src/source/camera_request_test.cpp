#include "source/camera_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/video_device.hpp"

namespace glimt::source {
namespace {

using ::testing::HasSubstr;

Result<CameraRequest> parse(std::string_view address, const SourceOptions& options = {}) {
  return parse_camera(*Url::parse(address), options);
}

TEST(CameraRequestTest, NumberAndPathNameTheDevice) {
  EXPECT_EQ(parse("0")->device, "/dev/video0");
  EXPECT_EQ(parse("camera:2")->device, "/dev/video2");
  EXPECT_EQ(parse("camera:")->device, "/dev/video0");
  EXPECT_EQ(parse("/dev/video3")->device, "/dev/video3");
  EXPECT_EQ(parse("camera:/dev/v4l/by-id/usb-cam?fps=5")->device, "/dev/v4l/by-id/usb-cam");
}

TEST(CameraRequestTest, NothingIsAskedForUnlessItIsSaid) {
  const auto request = parse("0");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->size);
  EXPECT_FALSE(request->fps);
  EXPECT_FALSE(request->fourcc);
  EXPECT_FALSE(request->pixels);
}

TEST(CameraRequestTest, AddressWinsOverTheOptionsBesideIt) {
  SourceOptions options;
  options.size = {640, 480};
  options.fps = 29.97;
  options.format = "yuyv";
  EXPECT_EQ(parse("0", options)->size, std::pair(640, 480));
  EXPECT_EQ(parse("0", options)->fps, 29.97);
  EXPECT_EQ(fourcc_text(*parse("0", options)->fourcc), "YUYV");
  const auto request = parse("/dev/video0?size=1280x720&fps=60&format=mjpeg", options);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->size, std::pair(1280, 720));
  EXPECT_EQ(request->fps, 60);
  EXPECT_EQ(fourcc_text(*request->fourcc), "MJPG");
}

TEST(CameraRequestTest, FormatIsAnyFourccInAnyCase) {
  EXPECT_EQ(fourcc_text(*parse_fourcc("mjpeg")), "MJPG");
  EXPECT_EQ(fourcc_text(*parse_fourcc("MJPG")), "MJPG");
  EXPECT_EQ(fourcc_text(*parse_fourcc("YuYv")), "YUYV");
  EXPECT_EQ(fourcc_text(*parse_fourcc("y16")), "Y16");
  EXPECT_EQ(*parse_fourcc("y16") >> 24, uint32_t{' '});
}

TEST(CameraRequestTest, WrongOptionSaysTheCure) {
  EXPECT_THAT(parse("0?siez=1x1").error().message, HasSubstr("known here: size, fps, format"));
  EXPECT_THAT(parse("0?size=1").error().message, HasSubstr("is not a size"));
  EXPECT_THAT(parse("0?fps=1001").error().message, HasSubstr("from 1 to 1000"));
  for (const char* format : {"", "motion", "a b", "\x01gp4"})
    EXPECT_THAT(parse_fourcc(format).error().message, HasSubstr("try mjpeg or yuyv")) << format;
}

}  // namespace
}  // namespace glimt::source

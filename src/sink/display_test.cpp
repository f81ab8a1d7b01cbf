#include "sink/display.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace glimt::sink {
namespace {

using Kind = Display::Kind;

class DisplayTest : public testing::Test {
 protected:
  DisplayTest() {
    set("DISPLAY", "");
    set("WAYLAND_DISPLAY", "");
    set("XDG_RUNTIME_DIR", folder_.string());
    std::filesystem::create_directories(folder_);
  }
  ~DisplayTest() override { std::filesystem::remove_all(folder_); }
  static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

  // What a compositor leaves there.
  void listen_at(const std::string& name) {
    ASSERT_EQ(mknod((folder_ / name).c_str(), S_IFSOCK | 0600, 0), 0);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("glimt-display-" + std::to_string(getpid()));
};

TEST_F(DisplayTest, NoneWhereNoneIsNamed) {
  EXPECT_FALSE(has_display());
  EXPECT_EQ(find_display().kind, Kind::none);
  EXPECT_FALSE(find_display().answers);
}

TEST_F(DisplayTest, AnX11DisplayThatIsNotThereDoesNotAnswer) {
  set("DISPLAY", ":1987");
  const auto display = find_display();
  EXPECT_TRUE(has_display());
  EXPECT_EQ(display.kind, Kind::x11);
  EXPECT_EQ(display.name, ":1987");
  EXPECT_FALSE(display.answers);
}

TEST_F(DisplayTest, AWaylandDisplayAnswersWhereItsSocketIs) {
  set("WAYLAND_DISPLAY", "wayland-7");
  EXPECT_EQ(find_display().kind, Kind::wayland);
  EXPECT_FALSE(find_display().answers);
  listen_at("wayland-7");
  EXPECT_TRUE(find_display().answers);
}

TEST_F(DisplayTest, AWaylandDisplayMayBeNamedByItsPath) {
  listen_at("anywhere");
  set("XDG_RUNTIME_DIR", "");
  set("WAYLAND_DISPLAY", (folder_ / "anywhere").string());
  EXPECT_TRUE(find_display().answers);
}

TEST_F(DisplayTest, X11IsAskedWhereWaylandIsNotThere) {
  set("WAYLAND_DISPLAY", "wayland-7");
  set("DISPLAY", ":1987");
  EXPECT_EQ(find_display().kind, Kind::x11);
  listen_at("wayland-7");
  EXPECT_EQ(find_display().kind, Kind::wayland);
}

}  // namespace
}  // namespace glimt::sink

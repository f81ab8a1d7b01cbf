#include "base/module.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace glimt {
namespace {

using testing::HasSubstr;

// Beside this program, as modules stand beside the library.
std::filesystem::path module_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

TEST(ModuleTest, IsFoundBesideTheCodeThatOpensIt) {
  const auto address = open_module("probe", "glimt_probe");
  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(reinterpret_cast<int (*)()>(*address)(), 42);
}

TEST(ModuleTest, OpenedTwiceIsTheSame) {
  EXPECT_EQ(open_module("probe", "glimt_probe").value(), open_module("probe", "glimt_probe").value());
}

TEST(ModuleTest, IsFoundWhateverTheWorkingFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path("/");
  EXPECT_TRUE(open_module("probe", "glimt_probe"));
  std::filesystem::current_path(before);
}

TEST(ModuleTest, OneThatIsMissingIsUnavailableAndNamesThePackage) {
  const auto address = open_module("videoio_of_mars", "glimt_open");
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(address.error().message,
              HasSubstr("glimt_videoio_of_mars.so is not installed beside libglimt"));
  EXPECT_THAT(address.error().message, HasSubstr("install libopencv-videoio_of_mars"));
}

TEST(ModuleTest, OneThatDoesNotLoadSaysWhatTheLoaderSays) {
  const auto file = module_folder() / "glimt_broken.so";
  std::ofstream(file) << "no library";
  const auto address = open_module("broken", "glimt_open");
  std::filesystem::remove(file);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(address.error().message, HasSubstr("glimt_broken.so: "));
}

TEST(ModuleTest, OneWithoutTheFunctionIsABug) {
  const auto address = open_module("probe", "glimt_other");
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().kind, ErrorKind::internal);
}

}  // namespace
}  // namespace glimt

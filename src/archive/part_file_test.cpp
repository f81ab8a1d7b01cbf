#include "archive/part_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace glimt::archive {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PartFileTest : public ::testing::Test {
 protected:
  PartFileTest() : folder_(fs::temp_directory_path() / ("glimt-part-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~PartFileTest() override { fs::remove_all(folder_); }
  std::string path() const { return (folder_ / "out.mkv").string(); }
  std::string text(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(folder_ / name).rdbuf();
    return all.str();
  }
  void begin(const std::string& first) {
    auto file = PartFile::open(path());
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->begin(kFile));
    ASSERT_TRUE(file->append(as_bytes(first)));
  }

  static constexpr wire::ArchiveFile kFile{10, 1'700'000'000'000'000'001, 42, 0};
  const fs::path folder_;
};

TEST_F(PartFileTest, BecomesTheFileOnceItIsWhole) {
  begin("01234");
  EXPECT_FALSE(fs::exists(path()));
  auto file = PartFile::open(path());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 5u);
  EXPECT_TRUE(file->is_of(kFile));
  ASSERT_TRUE(file->append(as_bytes("56789")));
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(text("out.mkv"), "0123456789");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(PartFileTest, NoticesThatItIsOfAnotherFile) {
  begin("01234");
  auto file = PartFile::open(path());
  for (const auto& other : {wire::ArchiveFile{11, kFile.modified_ns, 42, 0}, wire::ArchiveFile{10, 1, 42, 0},
                            wire::ArchiveFile{10, kFile.modified_ns, 43, 0}}) {
    EXPECT_FALSE(file->is_of(other));
  }
  ASSERT_TRUE(file->begin({3, 1, 1, 0}));
  EXPECT_EQ(file->size(), 0u);
  ASSERT_TRUE(file->append(as_bytes("abc")));
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(text("out.mkv"), "abc");
}

TEST_F(PartFileTest, OverwritesNothing) {
  std::ofstream(path()) << "mine";
  EXPECT_THAT(PartFile::open(path()).error().message, HasSubstr("exists already"));
  fs::remove(path());
  begin("0123456789");
  auto file = PartFile::open(path());
  std::ofstream(path()) << "mine";
  EXPECT_THAT(file->finish().error().message, HasSubstr("exists by now"));
  EXPECT_EQ(text("out.mkv"), "mine");
}

TEST_F(PartFileTest, LeavesAloneWhatItDoesNotKnow) {
  std::ofstream(path() + ".part") << "somebody else's";
  EXPECT_THAT(PartFile::open(path()).error().message, HasSubstr("is in the way"));
  EXPECT_EQ(text("out.mkv.part"), "somebody else's");
}

TEST_F(PartFileTest, IsWrittenByOneAtATime) {
  auto first = PartFile::open(path());
  ASSERT_TRUE(first);
  EXPECT_THAT(PartFile::open(path()).error().message, HasSubstr("another glimt is writing it"));
}

TEST_F(PartFileTest, SaysWhereItCannotBe) {
  EXPECT_THAT(PartFile::open((folder_ / "none/out.mkv").string()).error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace glimt::archive

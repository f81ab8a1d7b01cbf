#include "archive/folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace glimt::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : top_(fs::temp_directory_path() / ("glimt-folder-" + std::to_string(getpid()))) {
    fs::create_directories(top_ / "in/below");
    write("in/a.png", "still");
    write("in/b.mp4", "clip");
    write("in/.hidden.png", "x");
    write("in/notes.txt", "x");
    write("in/below/c.png", "x");
    write("outside.png", "secret");
  }
  ~FolderTest() override { fs::remove_all(top_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(top_ / name) << text; }
  Folder folder() { return *Folder::open((top_ / "in").string()); }
  std::string error_of(const std::string& name) {
    const auto file = folder().open_file(name);
    return file ? "" : file.error().message;
  }

  const fs::path top_;
};

TEST_F(FolderTest, OffersStillsAndClipsThatLieInIt) {
  EXPECT_THAT(folder().names(), ElementsAre("a.png", "b.mp4"));
  const auto file = folder().open_file("b.mp4");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, wire::ArchiveKind::clip);
  EXPECT_EQ(file->size, 4u);
  std::ifstream in(file->path());
  std::string text;
  in >> text;
  EXPECT_EQ(text, "clip");
}

TEST_F(FolderTest, OpensNothingElse) {
  fs::create_symlink(top_ / "outside.png", top_ / "in/link.png");
  fs::create_symlink("a.png", top_ / "in/inner.png");
  ASSERT_EQ(mkfifo((top_ / "in/fifo.png").c_str(), 0600), 0);
  fs::create_directory(top_ / "in/folder.png");
  EXPECT_THAT(folder().names(), ElementsAre("a.png", "b.mp4"));
  for (const char* name : {"link.png", "inner.png", "fifo.png", "folder.png", "../outside.png", "..", ".", "",
                           ".hidden.png", "notes.txt", "below/c.png", "/etc/passwd", "in/../a.png"}) {
    EXPECT_THAT(error_of(name), HasSubstr("there is no '")) << name;
  }
  EXPECT_THAT(error_of((top_ / "outside.png").string()), HasSubstr("there is no"));
}

TEST_F(FolderTest, WhatWasOpenedStaysWhatItWas) {
  const auto file = folder().open_file("a.png");
  const auto before = *file->fingerprint();
  EXPECT_TRUE(file->unchanged());
  fs::rename(top_ / "outside.png", top_ / "in/a.png");  // another file under its name
  EXPECT_TRUE(file->unchanged());
  EXPECT_EQ(*file->fingerprint(), before);
  const auto now = folder().open_file("a.png");
  EXPECT_NE(*now->fingerprint(), before);
  write("in/a.png", "longer than it was");  // the same file
  EXPECT_FALSE(now->unchanged());
}

TEST_F(FolderTest, NamesTheNearest) {
  EXPECT_THAT(error_of("b.mp5.mp4"), HasSubstr("glimt get list"));
  EXPECT_THAT(error_of("bb.mp4"), HasSubstr("near to it: b.mp4"));
  const auto wrong = folder().open_file("b.mp4", wire::ArchiveKind::still);
  EXPECT_THAT(wrong.error().message, HasSubstr("`glimt get video`"));
}

TEST_F(FolderTest, SaysWhyItCannotBeOpened) {
  EXPECT_THAT(Folder::open((top_ / "none").string()).error().message, HasSubstr("No such file"));
  EXPECT_THAT(Folder::open((top_ / "outside.png").string()).error().message, HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace glimt::archive

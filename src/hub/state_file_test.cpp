#include "hub/state_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace glimt::hub {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Changes changed(const std::string& source) {
  Change change;
  change.settings = StreamSettings{.name = "cam0", .source = source, .destinations = {{"d1", "udp://:5000"}}};
  return {{"cam0", change}};
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class StateFileTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }

  StateFile::Opened open() { return std::move(StateFile::open(path)).value(); }
  void put(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  void expect_unavailable(const Result<void>& written, const std::string& why) {
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(written.error().message, HasSubstr(why));
    EXPECT_THAT(written.error().message, HasSubstr("writable"));
  }

  const std::string folder = testing::TempDir() + "state_file_test." + std::to_string(getpid());
  const std::string path = folder + "/hub.json";
};

TEST_F(StateFileTest, WhereThereIsNoneNothingWasChanged) {
  auto opened = StateFile::open(folder + "/further/down/hub.json");
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened.value().changes.empty());
  EXPECT_EQ(opened.value().complaint, "");
  EXPECT_FALSE(fs::exists(folder + "/further/down/hub.json"));
}

TEST_F(StateFileTest, WhatWasWrittenLastIsThereAfterARestartForItsOwnerAlone) {
  {
    const auto opened = open();
    ASSERT_TRUE(opened.file->write(changed("0")));
    ASSERT_TRUE(opened.file->write(changed("test:")));
  }
  EXPECT_EQ(open().changes, changed("test:"));
  struct stat s {};
  ASSERT_EQ(stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0600u);
  EXPECT_THAT(files(), testing::ElementsAre("hub.json", "hub.json.lock"));
}

TEST_F(StateFileTest, ASecondHubIsRefusedUntilTheFirstHasGone) {
  {
    const auto first = open();
    const auto second = StateFile::open(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(second.error().message, HasSubstr("another hub"));
    EXPECT_TRUE(first.file->write(changed("0")));
  }
  EXPECT_EQ(open().changes, changed("0"));
}

TEST_F(StateFileTest, WhatAKilledHubLeftHalfWrittenIsClearedAway) {
  put(to_text(changed("0")));
  std::ofstream(path + ".new") << "{\"version\":1,\"str";
  EXPECT_EQ(open().changes, changed("0"));
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST_F(StateFileTest, WhatIsDamagedIsKeptAsideWordForWordAndSaid) {
  const std::string newer = R"({"version": 2, "streams": {}})";
  for (const std::string& text :
       {std::string(), std::string("{"), newer, std::string(kMaxStateBytes + 1, ' ')}) {
    put(text);
    {
      const auto opened = open();
      EXPECT_TRUE(opened.changes.empty());
      EXPECT_FALSE(fs::exists(path));
      const auto at = opened.complaint.find(path + ".damaged-");
      ASSERT_NE(at, std::string::npos) << opened.complaint;
      const std::string aside = opened.complaint.substr(at, opened.complaint.find(',', at) - at);
      EXPECT_TRUE(content(aside) == text);
      EXPECT_TRUE(opened.file->write(changed("0")));
    }
    EXPECT_EQ(open().changes, changed("0"));
  }
  // None of the four took the place of another, whatever second it was.
  EXPECT_EQ(files().size(), 6u);
}

TEST_F(StateFileTest, AnotherVersionIsNamed) {
  put(R"({"version": 2, "streams": {}})");
  EXPECT_THAT(open().complaint, HasSubstr("version 2"));
}

TEST_F(StateFileTest, AFifoOrFolderInItsPlaceIsLeftAloneAndHoldsNothingUp) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto fifo = StateFile::open(path);
  ASSERT_FALSE(fifo);
  EXPECT_THAT(fifo.error().message, HasSubstr("is no file"));
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_FALSE(StateFile::open(path));
  EXPECT_TRUE(fs::is_directory(path));
}

TEST_F(StateFileTest, AFolderThatCannotBeMadeIsUnavailable) {
  put("");
  const auto opened = StateFile::open(path + "/hub.json");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("`state`"));
}

// A file of this process may grow no further: as a full disk, it takes a part of the text and refuses the rest.
TEST_F(StateFileTest, ADiskThatIsFullLeavesTheOldOne) {
  const auto opened = open();
  ASSERT_TRUE(opened.file->write(changed("0")));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  const auto written = opened.file->write(changed(std::string(2000, 'x')));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  expect_unavailable(written, path);
  EXPECT_EQ(*parse_changes(content(path)), changed("0"));
  EXPECT_THAT(files(), testing::ElementsAre("hub.json", "hub.json.lock"));
  EXPECT_TRUE(opened.file->write(changed("test:")));
}

TEST_F(StateFileTest, AFolderThatIsGoneIsUnavailableUntilItIsBack) {
  const auto opened = open();
  fs::remove_all(folder);
  expect_unavailable(opened.file->write(changed("0")), folder);
  fs::create_directories(folder);
  EXPECT_TRUE(opened.file->write(changed("0")));
}

TEST_F(StateFileTest, WhatCannotTakeTheOldOnesPlaceIsClearedAway) {
  const auto opened = open();
  fs::create_directories(path + "/in the way");
  expect_unavailable(opened.file->write(changed("0")), path);
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST_F(StateFileTest, WhatWouldNotBeReadAgainIsNotWritten) {
  const auto opened = open();
  ASSERT_TRUE(opened.file->write(changed("0")));
  const auto written = opened.file->write(changed(std::string(kMaxStateBytes, 'x')));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::exhausted);
  EXPECT_EQ(*parse_changes(content(path)), changed("0"));
}

// The n-th change of a round, of any size up to some hundred kilobytes: what is killed dies in write() now and then.
Changes nth(uint32_t round, uint32_t n) {
  std::minstd_rand random(round * 7919 + n);
  Changes changes;
  for (uint32_t i = 0; i <= random() % 40; ++i) {
    StreamSettings settings{.name = "cam" + std::to_string(i), .source = std::to_string(n)};
    settings.filter = std::string(random() % 8000, static_cast<char>('a' + random() % 26));
    changes[settings.name].settings = settings;
  }
  changes["gone"].configured = StreamSettings{.name = "gone", .source = std::to_string(round)};
  return changes;
}

// Writes until it is killed, and says so of each change that it was promised.
[[noreturn]] void write_for_ever(const std::string& path, uint32_t round, int acknowledge) {
  auto opened = StateFile::open(path);
  if (!opened) _exit(1);
  for (uint32_t n = 1;; ++n) {
    if (!opened->file->write(nth(round, n))) _exit(2);
    if (::write(acknowledge, &n, sizeof n) != sizeof n) _exit(3);
  }
}

// The last change that a writer was promised before it was killed `after` its first; 0 where something went wrong.
uint32_t kill_a_writer(const std::string& path, uint32_t round, std::chrono::microseconds after) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return 0;
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t child = fork();
  if (child == 0) write_for_ever(path, round, to.get());
  to.reset();
  uint32_t last = 0, n = 0;
  const bool began = ::read(from.get(), &n, sizeof n) == sizeof n;
  usleep(static_cast<useconds_t>(after.count()));  // a time by chance, and nothing is waited for
  kill(child, SIGKILL);
  for (last = n; ::read(from.get(), &n, sizeof n) == sizeof n;) last = n;
  int status = 0;
  waitpid(child, &status, 0);
  return began && WIFSIGNALED(status) ? last : 0;
}

TEST_F(StateFileTest, KilledAtAnyTimeTheFileIsTheLastAcknowledgedOrTheOneInFlight) {
  std::minstd_rand random(testing::UnitTest::GetInstance()->random_seed() + 1);
  size_t in_flight = 0, half_written = 0;
  for (uint32_t round = 1; round <= 120; ++round) {
    const uint32_t last = kill_a_writer(path, round, std::chrono::microseconds(random() % 8000));
    ASSERT_GT(last, 0u);
    half_written += fs::exists(path + ".new");
    const auto opened = open();
    ASSERT_EQ(opened.complaint, "");
    const bool next = opened.changes == nth(round, last + 1);
    ASSERT_TRUE(next || opened.changes == nth(round, last)) << "round " << round << ", change " << last;
    in_flight += next;
  }
  RecordProperty("in_flight", static_cast<int>(in_flight));
  EXPECT_GT(half_written, 0u) << "no writer was killed while it wrote";
}

}  // namespace
}  // namespace glimt::hub

#include "hub/journal.hpp"

#include <gmock/gmock.h>

namespace glimt::hub {
namespace {

using testing::ElementsAre;

class JournalTest : public testing::Test {
 protected:
  void write(int n) {
    for (int i = 0; i < n; ++i) journal.write({.kind = Event::Kind::stream_changed, .stream = "cam0"});
  }
  static std::vector<uint64_t> numbers(const Journal::Read& read) {
    std::vector<uint64_t> all;
    for (const auto& event : read.events) all.push_back(event.number);
    return all;
  }
  Journal journal{4};
};

TEST_F(JournalTest, EventsAreNumberedAndReadInOrder) {
  write(3);
  const auto read = journal.read(1);
  EXPECT_THAT(numbers(read), ElementsAre(1, 2, 3));
  EXPECT_EQ(read.next, 4u);
  EXPECT_EQ(read.missed, 0u);
  EXPECT_GT(read.events[0].time_ms, 1'500'000'000'000);
}

TEST_F(JournalTest, FromNowOnIsWhatComesNext) {
  write(2);
  const auto read = journal.read(0);
  EXPECT_TRUE(read.events.empty());
  write(1);
  EXPECT_THAT(numbers(journal.read(read.next)), ElementsAre(3));
}

TEST_F(JournalTest, WhoFallsBehindIsToldHowManyItMissed) {
  write(10);
  const auto read = journal.read(3);
  EXPECT_EQ(read.missed, 4u);
  EXPECT_THAT(numbers(read), ElementsAre(7, 8, 9, 10));
}

TEST_F(JournalTest, AtMostSoManyAtOnce) {
  write(4);
  const auto read = journal.read(1, 3);
  EXPECT_THAT(numbers(read), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers(journal.read(read.next, 3)), ElementsAre(4));
}

TEST_F(JournalTest, ANumberThatIsNotYetThereIsWaitedFor) {
  write(1);
  const auto read = journal.read(9);
  EXPECT_TRUE(read.events.empty());
  EXPECT_EQ(read.missed, 0u);
}

TEST_F(JournalTest, WatchersAreWokenUntilTheyGo) {
  int woken = 0;
  const auto id = journal.watch([&] { ++woken; });
  write(2);
  EXPECT_EQ(woken, 2);
  journal.unwatch(id);
  write(1);
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace glimt::hub

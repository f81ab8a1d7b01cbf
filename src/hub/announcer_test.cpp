#include "hub/announcer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::hub {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

StreamStatus stream(const std::string& name, const std::vector<std::string>& destinations) {
  StreamStatus status;
  status.settings.name = name;
  for (const auto& url : destinations) {
    DestinationStatus destination;
    destination.settings.url = url;
    status.destinations.push_back(destination);
  }
  return status;
}

TEST(AnnouncementsTest, AreOfDestinationsThatListenWhereOthersReachThem) {
  const auto all =
      announcements({stream("cam0", {"udp://:5000", "tcp://@:5001?quality=70"}),
                     stream("cam1", {"udp://0.0.0.0:5002"}), stream("cam2", {"tcp://[::]:5003"})});
  EXPECT_THAT(all, ElementsAre(Announcement{.stream = "cam0", .port = 5000},
                               Announcement{.stream = "cam0", .tcp = true, .port = 5001},
                               Announcement{.stream = "cam1", .port = 5002},
                               Announcement{.stream = "cam2", .tcp = true, .port = 5003}));
}

TEST(AnnouncementsTest, LeaveOutWhatNobodyElseCouldReceive) {
  for (const char* url : {"udp://10.0.0.5:5000", "udp://127.0.0.1:5000?listen", "tcp://localhost:5000?listen",
                          "udp://[::1]:5000?listen", "udp://239.1.2.3:5000", "unix:///tmp/cam.sock",
                          "tcp://:5000?wire=pickle-q", "udp://h", ""})
    EXPECT_THAT(announcements({stream("cam0", {url})}), IsEmpty()) << url;
  EXPECT_THAT(announcements({}), IsEmpty());
}

TEST(AnnouncementsTest, NameTheOneAddressOfADestinationThatListensThereOnly) {
  const auto all = announcements({stream("v4", {"udp://10.0.0.5:5000?listen"}),
                                  stream("v6", {"udp://[2001:db8::1]:5000?listen"}),
                                  stream("named", {"udp://studio.lan:5000?listen"})});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].address, "10.0.0.5");
  EXPECT_EQ(all[1].address, "2001:db8::1");
  EXPECT_EQ(all[2].address, "");
}

TEST(AnnouncementsTest, AreOneOfEachKindOfSocket) {
  const auto all =
      announcements({stream("cam0", {"tcp://:5003", "udp://:5000", "udp://:5001", "tcp://:5004"})});
  EXPECT_THAT(all, ElementsAre(Announcement{.stream = "cam0", .tcp = true, .port = 5003},
                               Announcement{.stream = "cam0", .port = 5000}));
}

TEST(AnnouncementsTest, LeaveOutADestinationThatCannotBeOpened) {
  auto status = stream("cam0", {"udp://:5000", "udp://:5001"});
  status.destinations[0].state = DestinationState::refused;
  EXPECT_THAT(announcements({status}), ElementsAre(Announcement{.stream = "cam0", .port = 5001}));
}

TEST(AnnouncementsTest, SayTheCodec) {
  auto status = stream("cam0", {"udp://:5000"});
  status.settings.encoding.codec = Codec::h264;
  EXPECT_EQ(announcements({status}).at(0).codec, Codec::h264);
}

// A hub's streams, and an announcer that keeps what it was told.
class HubAnnouncerTest : public ::testing::Test {
 protected:
  struct Recorder final : Announcer {
    explicit Recorder(HubAnnouncerTest& t) : test(t) {}
    ~Recorder() override {
      MutexLock lock(test.m_);
      test.taken_back_ = true;
    }
    void set(const std::vector<Announcement>& wanted) override {
      MutexLock lock(test.m_);
      test.told_.push_back(wanted);
      test.changed_.notify_all();
    }
    HubAnnouncerTest& test;
  };

  std::vector<StreamStatus> streams() {
    MutexLock lock(m_);
    return streams_;
  }
  void start() {
    announcer_.emplace(
        journal_, [this] { return streams(); },
        [this]() -> Result<std::unique_ptr<Announcer>> {
          return std::unique_ptr<Announcer>(new Recorder(*this));
        });
  }
  void become(std::vector<StreamStatus> streams) {
    {
      MutexLock lock(m_);
      streams_ = std::move(streams);
    }
    journal_.write({.kind = Event::Kind::destination_added});
  }
  // Whether it was told at last.
  bool is_told(const std::vector<Announcement>& wanted) {
    const auto until = now() + 20s;
    MutexLock lock(m_);
    while (told_.empty() || told_.back() != wanted) {
      if (!changed_.wait_until(m_, until)) return false;
    }
    return true;
  }

  Journal journal_;
  Mutex m_;
  Condition changed_;
  std::vector<StreamStatus> streams_;
  std::vector<std::vector<Announcement>> told_;
  bool taken_back_ = false;
  std::optional<HubAnnouncer> announcer_;
};

TEST_F(HubAnnouncerTest, TellsWhatThereIsAndWhatChanges) {
  streams_ = {stream("cam0", {"udp://:5000"})};
  start();
  EXPECT_TRUE(is_told({{.stream = "cam0", .port = 5000}}));
  become({stream("cam0", {"udp://:5001"})});
  EXPECT_TRUE(is_told({{.stream = "cam0", .port = 5001}}));
  become({});
  EXPECT_TRUE(is_told({}));
}

TEST_F(HubAnnouncerTest, TellsNothingAnewWhereNothingChanged) {
  start();
  become({stream("cam0", {"udp://:5000"})});
  ASSERT_TRUE(is_told({{.stream = "cam0", .port = 5000}}));
  become({stream("cam0", {"udp://:5000", "udp://10.0.0.5:6000"})});
  become({stream("cam0", {"udp://:5001"})});
  ASSERT_TRUE(is_told({{.stream = "cam0", .port = 5001}}));
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(HubAnnouncerTest, TakesBackWhatItToldAtItsEnd) {
  start();
  become({stream("cam0", {"udp://:5000"})});
  ASSERT_TRUE(is_told({{.stream = "cam0", .port = 5000}}));
  announcer_.reset();
  EXPECT_TRUE(taken_back_);
  journal_.write({.kind = Event::Kind::closing});  // nobody watches any more
}

TEST_F(HubAnnouncerTest, EndsWhereThereIsNoLibrary) {
  announcer_.emplace(
      journal_, [this] { return streams(); },
      []() -> Result<std::unique_ptr<Announcer>> {
        return Error{ErrorKind::unavailable, "not installed"};
      });
  become({stream("cam0", {"udp://:5000"})});
  announcer_.reset();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace glimt::hub

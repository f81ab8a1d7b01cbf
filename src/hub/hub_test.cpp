#include "hub/hub.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

namespace glimt::hub {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// What the test lets happen to all engines, and what they were asked.
struct World {
  std::set<std::string> closed_ways;   // addresses that cannot be opened
  std::string no_engine, no_encoding;  // why, where there is none
  std::map<std::string, StreamEngine::SourceStatus> sources;
  std::map<std::string, PublisherStats> stats;
  std::vector<std::string> calls;
};

class FakeEngine final : public StreamEngine {
 public:
  FakeEngine(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  void set_source(const StreamSettings& s) override {
    world_.calls.push_back(name_ + ": source " + s.source + (s.paused ? ", paused" : ""));
  }
  Result<void> set_encoding(const StreamSettings& s) override {
    if (!world_.no_encoding.empty()) return Error{ErrorKind::unsupported, world_.no_encoding};
    world_.calls.push_back(name_ + ": quality " + std::to_string(s.encoding.quality));
    return {};
  }
  Result<uint32_t> add(const std::string& url) override {
    world_.calls.push_back(name_ + ": add " + url);
    if (world_.closed_ways.contains(url)) return Error{ErrorKind::unavailable, url + " is in use"};
    DestinationStats stats;
    stats.id = ++newest_;
    stats.address = url;
    world_.stats[name_].destinations.push_back(stats);
    return newest_;
  }
  bool remove(uint32_t id) override {
    world_.calls.push_back(name_ + ": remove");
    return std::erase_if(world_.stats[name_].destinations, [&](const auto& d) { return d.id == id; }) > 0;
  }
  SourceStatus source() const override { return world_.sources[name_]; }
  PublisherStats stats() override { return world_.stats[name_]; }
  Result<Snapshot> snapshot() override { return Error{ErrorKind::unavailable, "no picture yet"}; }
  Result<uint32_t> watch(WatchAs as, OnUnit) override {
    world_.calls.push_back(name_ + (as == WatchAs::jpeg ? ": watch as jpeg" : ": watch"));
    return 17;
  }
  void unwatch(uint32_t id) override { world_.calls.push_back(name_ + ": unwatch " + std::to_string(id)); }
  void request_key() override { world_.calls.push_back(name_ + ": key"); }
  void close() override { world_.calls.push_back(name_ + ": close"); }

 private:
  World& world_;
  const std::string name_;
  uint32_t newest_ = 0;
};

StreamSettings stream(const std::string& name, std::vector<DestinationSettings> destinations = {}) {
  StreamSettings settings;
  settings.name = name;
  settings.source = "test:";
  settings.destinations = std::move(destinations);
  return settings;
}

class HubTest : public testing::Test {
 protected:
  HubTest() { hub = open({}); }
  ~HubTest() override {
    hub.reset();
    std::filesystem::remove_all(folder);
  }

  std::unique_ptr<Hub> open(const std::vector<StreamSettings>& configured, bool keeps = false) {
    hub.reset();  // two do not share a state file
    auto opened = Hub::open(options(keeps), configured);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  Hub::Options options(bool keeps) {
    if (keeps) std::filesystem::create_directories(folder);
    return {.limits = {.streams = 3, .destinations = 6},
            .state_path = keeps ? (folder / "hub.json").string() : "",
            .make_engine = [this](const StreamSettings& s) -> Result<std::unique_ptr<StreamEngine>> {
              if (!world.no_engine.empty()) return Error{ErrorKind::unsupported, world.no_engine};
              return std::unique_ptr<StreamEngine>(std::make_unique<FakeEngine>(world, s.name));
            },
            .clock = [this] { return at; },
            .manual_ticks = true,
            .seed = 1};
  }
  void pass(Duration time) {
    for (const Instant end = at + time; at < end; at += milliseconds(50)) hub->tick();
  }
  DestinationStatus first_destination(const std::string& name) {
    return hub->stream(name)->destinations.at(0);
  }
  std::vector<std::string> events() {
    std::vector<std::string> lines;
    for (const auto& e : hub->journal().read(1).events) {
      lines.push_back(std::string(to_string(e.kind)) + " " + e.stream +
                      (e.destination.empty() ? "" : "/" + e.destination));
    }
    return lines;
  }
  static size_t count(const std::vector<std::string>& lines, const std::string& line) {
    return static_cast<size_t>(std::count(lines.begin(), lines.end(), line));
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("glimt-hub-test-" + std::to_string(random_seed()));
  static uint64_t random_seed() { return static_cast<uint64_t>(now().time_since_epoch().count()); }
  World world;
  Instant at = Instant(seconds(1000));
  std::unique_ptr<Hub> hub;
};

TEST_F(HubTest, AWatcherOfUnitsIsItsEnginesForAsLongAsItLives) {
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  world.calls.clear();
  {
    const auto watch = hub->watch_units("cam0", WatchAs::jpeg, [](const Ref<media::AccessUnit>&) {});
    ASSERT_TRUE(watch);
    (*watch)->request_key();
    ASSERT_TRUE(hub->remove_stream("cam0"));  // the engine stays for whoever watches
  }
  EXPECT_THAT(world.calls,
              ElementsAre("cam0: watch as jpeg", "cam0: key", "cam0: close", "cam0: unwatch 17"));
  EXPECT_EQ(hub->watch_units("cam0", WatchAs::stream, {}).error().kind, ErrorKind::not_found);
}

TEST_F(HubTest, AStreamThatCannotRunCannotBeWatchedAndSaysWhy) {
  world.no_engine = "no such codec here";
  hub = open({stream("cam0")});
  const auto watch = hub->watch_units("cam0", WatchAs::stream, {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(watch.error().message, HasSubstr("no such codec"));
}

TEST_F(HubTest, AStreamIsAddedChangedAndRemovedAndTellsIt) {
  ASSERT_TRUE(hub->add_stream(stream("cam0", {{"tv", "udp://10.0.0.5:5000"}})));
  ASSERT_TRUE(hub->update_stream("cam0", [](StreamSettings& s) {
    s.encoding.quality = 70;
    return Result<void>();
  }));
  EXPECT_EQ(hub->stream("cam0")->settings.encoding.quality, 70);
  ASSERT_TRUE(hub->remove_stream("cam0"));
  EXPECT_THAT(world.calls, ElementsAre("cam0: source test:", "cam0: add udp://10.0.0.5:5000",
                                       "cam0: quality 70", "cam0: close"));
  EXPECT_THAT(events(),
              ElementsAre("stream_added cam0", "destination_added cam0/tv", "destination_state cam0/tv",
                          "stream_changed cam0", "stream_removed cam0"));
  EXPECT_EQ(hub->stream("cam0").error().kind, ErrorKind::not_found);
}

TEST_F(HubTest, AddingTheSameAgainIsNothingAndAddingAnotherOfThatNameIsRefused) {
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  EXPECT_TRUE(hub->add_stream(stream("cam0")));
  auto other = stream("cam0");
  other.source = "0";
  EXPECT_EQ(hub->add_stream(other).error().kind, ErrorKind::already_exists);
  ASSERT_TRUE(hub->add_destination("cam0", {"tv", "udp://10.0.0.5:5000"}));
  EXPECT_TRUE(hub->add_destination("cam0", {"tv", "udp://10.0.0.5:5000"}));
  EXPECT_EQ(hub->add_destination("cam0", {"tv", "udp://10.0.0.6:5000"}).error().kind,
            ErrorKind::already_exists);
  EXPECT_EQ(count(world.calls, "cam0: source test:"), 1u);
  EXPECT_EQ(count(world.calls, "cam0: add udp://10.0.0.5:5000"), 1u);
}

TEST_F(HubTest, ADestinationWithoutANameGetsAFreeOne) {
  ASSERT_TRUE(hub->add_stream(stream("cam0", {{"d1", "udp://:5001"}, {"d3", "udp://:5002"}})));
  EXPECT_EQ(hub->add_destination("cam0", {"", "udp://:5003"})->settings.id, "d2");
  EXPECT_EQ(hub->add_destination("cam0", {"", "udp://:5004"})->settings.id, "d4");
  const auto both = hub->add_stream(stream("cam1", {{"", "udp://:5005"}, {"", "udp://:5006"}}));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->destinations[0].settings.id, "d1");
  EXPECT_EQ(both->destinations[1].settings.id, "d2");
}

TEST_F(HubTest, WhatMayNotBeIsRefusedBeforeAnythingIsTouched) {
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  world.calls.clear();
  EXPECT_EQ(hub->add_stream(stream("no/slash")).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(hub->add_stream(stream("")).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(hub->add_stream(stream("b", {{"x", "udp://nowhere"}})).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(hub->add_destination("cam0", {"", "udp://:5000?codec=h264"}).error().kind,
            ErrorKind::invalid_argument);
  EXPECT_EQ(hub->add_destination("cam9", {"", "udp://:5000"}).error().kind, ErrorKind::not_found);
  EXPECT_THAT(hub->add_destination("cam9", {"", "udp://:5000"}).error().message,
              HasSubstr("there are: cam0"));
  EXPECT_EQ(hub->remove_destination("cam0", "x").error().kind, ErrorKind::not_found);
  EXPECT_EQ(hub->update_stream("cam0",
                               [](StreamSettings& s) {
                                 s.encoding.quality = 101;
                                 return Result<void>();
                               })
                .error()
                .kind,
            ErrorKind::invalid_argument);
  EXPECT_TRUE(world.calls.empty());
}

TEST_F(HubTest, AnEncodingThatCannotBeLeavesTheStreamAsItWas) {
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  world.no_encoding = "no H.264 encoder here; choose jpeg";
  const auto done = hub->update_stream("cam0", [](StreamSettings& s) {
    s.encoding.codec = Codec::h264;
    return Result<void>();
  });
  EXPECT_EQ(done.error().message, world.no_encoding);
  EXPECT_FALSE(hub->stream("cam0")->settings.encoding.codec);
}

TEST_F(HubTest, LimitsAreHeldAndNameTheirCure) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(hub->add_stream(stream(name, {{"x", "udp://:5000"}})));
  EXPECT_EQ(hub->add_stream(stream("d")).error().kind, ErrorKind::exhausted);
  ASSERT_TRUE(hub->add_destination("a", {"", "udp://:5001"}));
  ASSERT_TRUE(hub->add_destination("a", {"", "udp://:5002"}));
  ASSERT_TRUE(hub->add_destination("a", {"", "udp://:5004"}));
  const auto seventh = hub->add_destination("b", {"", "udp://:5003"});
  EXPECT_EQ(seventh.error().kind, ErrorKind::exhausted);
  EXPECT_THAT(seventh.error().message, HasSubstr("raise [limits] destinations"));
}

TEST_F(HubTest, ADestinationThatIsDownIsToldAndTriedAgainUntilItIsUp) {
  world.closed_ways = {"udp://:5000"};
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  const auto added = hub->add_destination("cam0", {"tv", "udp://:5000"});
  ASSERT_TRUE(added);
  EXPECT_EQ(added->state, DestinationState::refused);
  EXPECT_EQ(added->why, "udp://:5000 is in use");
  EXPECT_GT(added->retry_in_ms, 0);
  pass(seconds(60));
  const size_t tries = count(world.calls, "cam0: add udp://:5000");
  EXPECT_GE(tries, 60 / 5);  // the longest wait
  EXPECT_LE(tries, 60 * 2 / 5 + 8);
  EXPECT_EQ(first_destination("cam0").retries, tries - 1);
  world.closed_ways.clear();
  pass(BackOff::kLongest + milliseconds(50));
  EXPECT_EQ(first_destination("cam0").state, DestinationState::connecting);
  EXPECT_EQ(count(events(), "destination_state cam0/tv"), 2u) << "refused, connecting";
}

TEST_F(HubTest, ABadStreamDoesNotTouchAnother) {
  ASSERT_TRUE(hub->add_stream(stream("good", {{"x", "udp://:5000"}})));
  world.no_engine = "no encoder";
  EXPECT_EQ(hub->add_stream(stream("bad")).error().message, "no encoder");
  EXPECT_EQ(hub->streams().size(), 1u);
  EXPECT_EQ(hub->stream("good")->settings.destinations.size(), 1u);
}

TEST_F(HubTest, AConfiguredStreamThatCannotRunIsTroubleAndComesWhenItCan) {
  world.no_engine = "no encoder";
  hub = open({stream("cam0", {{"x", "udp://:5000"}})});
  EXPECT_EQ(hub->stream("cam0")->state, StreamState::trouble);
  EXPECT_EQ(hub->stream("cam0")->why, "no encoder");
  EXPECT_EQ(first_destination("cam0").state, DestinationState::refused);
  world.no_engine.clear();
  pass(seconds(6));
  EXPECT_NE(hub->stream("cam0")->state, StreamState::trouble);
  EXPECT_EQ(first_destination("cam0").state, DestinationState::connecting);
}

TEST_F(HubTest, StatesOfSourceAndDestinationsFollowWhatIsCounted) {
  ASSERT_TRUE(hub->add_stream(stream("cam0", {{"tv", "udp://:5000"}})));
  world.sources["cam0"].state = StreamState::flowing;
  for (int i = 0; i < 20; ++i) {
    world.stats["cam0"].frames += 2;
    world.stats["cam0"].destinations[0].receivers = 1;
    world.stats["cam0"].destinations[0].frames += 2;
    pass(milliseconds(100));
  }
  EXPECT_EQ(first_destination("cam0").state, DestinationState::flowing);
  EXPECT_NEAR(hub->stream("cam0")->fps, 20, 3);
  world.sources["cam0"] = {StreamState::trouble, "it was pulled out", "", 0, 0, 0};
  pass(milliseconds(100));
  const auto seen = hub->journal().read(1).events;
  EXPECT_EQ(seen.back().text, "trouble: it was pulled out");
}

TEST_F(HubTest, WhatWasAcknowledgedHoldsAfterARestart) {
  hub = open({stream("cam0")}, true);
  ASSERT_TRUE(hub->add_destination("cam0", {"tv", "udp://:5000"}));
  ASSERT_TRUE(hub->add_stream(stream("cam1")));
  hub = open({stream("cam0")}, true);
  ASSERT_EQ(hub->streams().size(), 2u);
  EXPECT_EQ(first_destination("cam0").settings.id, "tv");
  ASSERT_TRUE(hub->remove_stream("cam0"));
  hub = open({stream("cam0")}, true);
  EXPECT_EQ(hub->streams().size(), 1u);
}

TEST_F(HubTest, WhatCannotBeKeptIsNotDone) {
  hub = open({stream("cam0")}, true);
  std::filesystem::remove_all(folder);
  const auto added = hub->add_destination("cam0", {"tv", "udp://:5000"});
  EXPECT_EQ(added.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(hub->add_stream(stream("cam1")).error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(hub->stream("cam0")->destinations.empty());
  EXPECT_EQ(count(world.calls, "cam0: add udp://:5000"), 0u);
}

TEST_F(HubTest, AReloadDoesWhatIsSaidOtherwiseAndNothingElse) {
  auto a = stream("a"), b = stream("b"), c = stream("c");
  hub = open({a, b});
  ASSERT_TRUE(hub->add_destination("a", {"mine", "udp://:5000"}));
  world.calls.clear();
  b.encoding.quality = 50;
  const auto done = hub->reload({a, b, c});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->added, ElementsAre("c"));
  EXPECT_THAT(done->changed, ElementsAre("b"));
  EXPECT_TRUE(done->removed.empty());
  EXPECT_THAT(world.calls, ElementsAre("b: quality 50", "c: source test:"));
  EXPECT_EQ(first_destination("a").settings.id, "mine") << "the file says of it what it said before";
  a.source = "0";
  ASSERT_TRUE(hub->reload({a}));
  EXPECT_TRUE(hub->stream("a")->destinations.empty()) << "the newest word wins";
  EXPECT_EQ(hub->streams().size(), 1u);
}

TEST_F(HubTest, AfterItsEndNothingIsChanged) {
  ASSERT_TRUE(hub->add_stream(stream("cam0")));
  hub->close();
  EXPECT_EQ(hub->add_stream(stream("cam1")).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(hub->add_destination("cam0", {"", "udp://:5000"}).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(events().back(), "closing ");
  EXPECT_EQ(world.calls.back(), "cam0: close");
}

}  // namespace
}  // namespace glimt::hub

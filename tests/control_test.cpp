// The control service and its client over a real channel: verbs, errors, watchers, limits, the end.
#include <gmock/gmock.h>

#include "support/control_ends.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

class ControlTest : public testing::Test, protected ControlEnds {
 protected:
  // Until the service knows of so many.
  bool watched_by(uint64_t watchers) const {
    return poll_until([&] { return service->counters().watchers == watchers; });
  }
};

class ControlVerbsTest : public ControlTest, public testing::WithParamInterface<std::string> {
 protected:
  ControlVerbsTest() {
    reload = [] { return hub::Hub::Reload{{"cam8"}, {"cam0"}, {"cam9"}}; };
    if (GetParam() == "tls") use_tls();
    start();
    client = GetParam() == "tls" ? tls_client(settings.steer_token_file) : unix_client();
  }
  std::unique_ptr<control::Client> client;
};

INSTANTIATE_TEST_SUITE_P(Over, ControlVerbsTest, testing::Values("unix", "tls"),
                         [](const auto& test) { return test.param; });

TEST_P(ControlVerbsTest, StreamIsAddedShownAndRemoved) {
  auto wanted = test_stream("cam0");
  wanted.filter = "faces";
  wanted.loop = true;
  wanted.encoding = {
      .codec = Codec::jpeg, .quality = 70, .chroma = Chroma::c444, .size = {{640, 360}}, .fps = 15};
  wanted.destinations = {{"d1", "udp://127.0.0.1:5000"}};
  EXPECT_EQ(client->add_stream(wanted).value().settings, wanted);
  EXPECT_EQ(client->add_stream(wanted).value().settings, wanted) << "again: the one that is there";
  EXPECT_EQ(client->stream("cam0").value().settings, wanted);
  EXPECT_EQ(client->streams().value().size(), 1u);
  EXPECT_EQ(client->stream("cam0").value().destinations.at(0).settings, wanted.destinations[0]);
  EXPECT_TRUE(client->remove_stream("cam0"));
  EXPECT_EQ(client->streams().value().size(), 0u);
}

TEST_P(ControlVerbsTest, DestinationsComeAndGo) {
  client->add_stream(test_stream("cam0")).value();
  const auto given = client->add_destination("cam0", {"wall", "udp://127.0.0.1:5000"}).value();
  EXPECT_EQ(given.settings.id, "wall");
  EXPECT_EQ(given.settings.url, "udp://127.0.0.1:5000");
  EXPECT_FALSE(client->add_destination("cam0", {"", "udp://127.0.0.1:5001"}).value().settings.id.empty());
  EXPECT_TRUE(client->remove_destination("cam0", "wall"));
  EXPECT_EQ(client->remove_destination("cam0", "wall").error().kind, ErrorKind::not_found);
}

TEST_P(ControlVerbsTest, UpdateChangesWhatItsMaskNames) {
  auto expected = test_stream("cam0");
  expected.encoding = {.chroma = Chroma::c422, .fps = 10};
  client->add_stream(expected).value();
  auto wanted = test_stream("cam0");
  wanted.source = "nobody looks at this";
  wanted.encoding.quality = 50;
  wanted.paused = true;
  expected.encoding.quality = 50;
  expected.paused = true;
  EXPECT_EQ(client->update_stream(wanted, {"encoding.quality", "paused"}).value().settings, expected);
  for (const std::vector<std::string>& mask : {std::vector<std::string>{}, {"name"}, {"paused", "colour"}}) {
    const auto refused = client->update_stream(wanted, mask);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr("encoding.quality"));
  }
  EXPECT_EQ(hub->stream("cam0").value().settings, expected);
}

TEST_P(ControlVerbsTest, SnapshotHubAndReload) {
  client->add_stream(test_stream("cam0")).value();
  const auto snapshot = client->snapshot("cam0").value();
  EXPECT_THAT(snapshot.jpeg, ElementsAre(0xff, 0xd8, 0, 1));
  EXPECT_EQ(snapshot.width, 1280);
  EXPECT_EQ(snapshot.height, 720);
  EXPECT_EQ(snapshot.age_ms, 12.5);
  EXPECT_THAT(client->reload().value().added, ElementsAre("cam8"));
  const auto info = client->info().value();
  EXPECT_EQ(info.calls, 4u);
  EXPECT_EQ(info.refused_calls, 0u);
  EXPECT_FALSE(info.version.empty());
}

TEST_P(ControlVerbsTest, WatchersAreTold) {
  EventWatch watch(GetParam() == "tls" ? tls_client(settings.view_token_file) : unix_client());
  ASSERT_TRUE(watched_by(1));
  client->add_stream(test_stream("cam0")).value();
  ASSERT_TRUE(poll_until([&] { return !watch.events().empty(); }));
  EXPECT_EQ(watch.events()[0].kind, hub::Event::Kind::stream_added);
  EXPECT_EQ(watch.events()[0].stream, "cam0");
  watch.stop();
  EXPECT_TRUE(watched_by(0));
}

TEST_F(ControlTest, ErrorsComeKindForKindWithTheCure) {
  start();
  const auto client = unix_client();
  client->add_stream(test_stream("cam0")).value();
  auto other = test_stream("cam0");
  other.loop = true;
  EXPECT_EQ(client->add_stream(other).error().kind, ErrorKind::already_exists);
  EXPECT_THAT(client->stream("cam7").error().message, HasSubstr("there are: cam0"));
  EXPECT_EQ(client->stream("cam7").error().kind, ErrorKind::not_found);
  EXPECT_EQ(client->add_stream(test_stream("no/name")).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(client->reload().error().kind, ErrorKind::unsupported);
  client->add_stream(test_stream("cam1")).value();
  client->add_stream(test_stream("cam2")).value();
  EXPECT_EQ(client->add_stream(test_stream("cam3")).error().kind, ErrorKind::exhausted);
  hub->close();
  EXPECT_EQ(client->add_stream(test_stream("cam4")).error().kind, ErrorKind::unavailable);
}

TEST_F(ControlTest, WhereNobodyAnswersTheCureIsToStartOne) {
  const auto none = unix_client()->streams();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(none.error().message, HasSubstr("nobody answers at unix://" + settings.unix_path));
  EXPECT_THAT(none.error().message, HasSubstr("start `glimt hub`"));
}

TEST_F(ControlTest, AddressThatIsNoneIsRefused) {
  for (const char* address :
       {"cam.local", "cam.local:", "cam.local:0", "cam.local:99999", ":5443", "tcp://cam:1", "x"})
    EXPECT_EQ(control::open_client({.address = address}).error().kind, ErrorKind::invalid_argument)
        << address;
}

TEST_F(ControlTest, PathWithMarksOfAnAddressIsAPath) {
  settings.unix_path = folder / "100% ä?#.sock";
  start();
  EXPECT_TRUE(unix_client()->info());
}

TEST_F(ControlTest, TextThatIsNoUtf8StillArrives) {
  trouble = "card \xff\xfe is gone";
  start();
  hub->add_stream(test_stream("cam0")).value();
  hub->tick();
  EXPECT_THAT(unix_client()->stream("cam0").value().why, HasSubstr("is gone"));
}

TEST_F(ControlTest, OversizedMessageIsRefusedAndTheNextIsTaken) {
  settings.max_message_bytes = 1024;
  start();
  const auto client = unix_client();
  auto large = test_stream("cam0");
  large.source = std::string(2000, 'x');
  EXPECT_EQ(client->add_stream(large).error().kind, ErrorKind::exhausted);
  EXPECT_TRUE(client->add_stream(test_stream("cam0")));
}

TEST_F(ControlTest, MoreCallsASecondThanMayAreRefusedWithTheCure) {
  settings.calls_per_second = 3;
  start();
  const auto client = unix_client();
  Result<control::Client::HubInfo> answer = client->info();
  EXPECT_TRUE(answer);
  ASSERT_TRUE(poll_until([&] { return !(answer = client->info()); }));
  EXPECT_EQ(answer.error().kind, ErrorKind::exhausted);
  EXPECT_THAT(answer.error().message, HasSubstr("raise calls_per_second"));
  EXPECT_EQ(service->counters().refused_calls, 1u);
  EXPECT_TRUE(poll_until([&] { return client->info().has_value(); })) << "a little later";
}

TEST_F(ControlTest, OneWatcherTooManyIsRefusedUntilAnotherEnds) {
  settings.watchers = 1;
  start();
  EventWatch first(unix_client());
  ASSERT_TRUE(watched_by(1));
  EventWatch second(unix_client());
  ASSERT_TRUE(poll_until([&] { return second.ended().has_value(); }));
  EXPECT_EQ(second.ended()->kind, ErrorKind::exhausted);
  EXPECT_THAT(second.ended()->message, HasSubstr("raise watchers"));
  first.stop();
  ASSERT_TRUE(watched_by(0));
  EventWatch third(unix_client());
  EXPECT_TRUE(watched_by(1));
}

TEST_F(ControlTest, SlowWatcherIsToldWhatItMissedAndSeesTheRestInOrder) {
  start();
  EventWatch watch(unix_client());
  ASSERT_TRUE(watched_by(1));
  watch.held = true;
  constexpr uint64_t kEvents = 8000;
  const std::string text(4000, 'x');
  for (uint64_t i = 0; i < kEvents; ++i) hub->journal().write({.stream = "cam0", .text = text});
  EXPECT_TRUE(unix_client()->info()) << "nobody waits for it";
  watch.held = false;
  ASSERT_TRUE(poll_until([&] { return watch.newest() == kEvents; }));
  const auto events = watch.events();
  const auto gone = watch.missed();
  uint64_t number = 0, missed = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    number += gone[i] + 1;
    missed += gone[i];
    ASSERT_EQ(events[i].number, number);
  }
  EXPECT_GT(missed, 0u);
  EXPECT_EQ(service->counters().events_missed, missed);
}

TEST_F(ControlTest, WatcherGoesOnWhereItWas) {
  start();
  for (int i = 0; i < 5; ++i) hub->journal().write({.stream = "cam0"});
  EventWatch watch(unix_client(), 3);
  ASSERT_TRUE(poll_until([&] { return watch.events().size() == 3; }));
  EXPECT_EQ(watch.events()[0].number, 3u);
  EventWatch ahead(unix_client(), 7);
  ASSERT_TRUE(poll_until([&] { return ahead.ended().has_value(); }));
  EXPECT_EQ(ahead.ended()->kind, ErrorKind::invalid_argument) << "of a hub that ran before";
}

TEST_F(ControlTest, StatesComeAgainAndAgainUntilStopped) {
  start();
  std::atomic<bool> stop{false};
  std::vector<size_t> seen;
  const auto watched =
      unix_client()->watch_streams(std::chrono::milliseconds(100), stop, [&](const auto& streams) {
        seen.push_back(streams.size());
        if (seen.size() == 1) (void)hub->add_stream(test_stream("cam0"));
        stop = seen.size() >= 3 && seen[seen.size() - 2] == 1;
      });
  EXPECT_TRUE(watched);
  EXPECT_EQ(seen.front(), 0u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 1u);
  const auto refused = unix_client()->watch_streams(std::chrono::milliseconds(1), stop, [](const auto&) {});
  EXPECT_TRUE(refused || refused.error().kind == ErrorKind::invalid_argument);
}

TEST_F(ControlTest, WatchersAreToldThatTheHubCloses) {
  start();
  EventWatch watch(unix_client());
  ASSERT_TRUE(watched_by(1));
  hub->close();
  ASSERT_TRUE(poll_until([&] { return watch.ended().has_value(); }));
  EXPECT_EQ(watch.ended()->kind, ErrorKind::unavailable);
  ASSERT_EQ(watch.events().size(), 1u);
  EXPECT_EQ(watch.events()[0].kind, hub::Event::Kind::closing);
}

TEST_F(ControlTest, WatchersAreToldThatTheServiceClosesAndOneThatReadsNothingIsLetGo) {
  start();
  EventWatch watch(unix_client()), deaf(unix_client());
  ASSERT_TRUE(watched_by(2));
  deaf.held = true;
  const std::string text(4000, 'x');
  for (int i = 0; i < 8000; ++i) hub->journal().write({.stream = "cam0", .text = text});
  ASSERT_TRUE(poll_until([&] { return watch.newest() == 8000; }));
  service.reset();
  ASSERT_TRUE(poll_until([&] { return watch.ended().has_value(); }));
  EXPECT_EQ(watch.ended()->kind, ErrorKind::unavailable);
  EXPECT_EQ(watch.events().back().kind, hub::Event::Kind::closing);
  EXPECT_FALSE(std::filesystem::exists(settings.unix_path));
}

TEST_F(ControlTest, SocketIsItsUsersOnlyAndOneThatADeadHubLeftIsTakenOver) {
  start();
  struct stat file {};
  ASSERT_EQ(lstat(settings.unix_path.c_str(), &file), 0);
  EXPECT_TRUE(S_ISSOCK(file.st_mode));
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  const auto second = control::open_service({*hub, settings, {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("another program listens there; stop it"));
  EXPECT_TRUE(unix_client()->info()) << "the first goes on";

  std::filesystem::rename(settings.unix_path, folder / "kept");
  service.reset();
  std::filesystem::rename(folder / "kept", settings.unix_path);
  EXPECT_FALSE(unix_client()->info());
  start();
  EXPECT_TRUE(unix_client()->info());
}

}  // namespace
}  // namespace glimt

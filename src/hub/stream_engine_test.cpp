// A stream's engine with receivers over loopback. No modules: test pictures, as JPEG and raw.
#include "hub/stream_engine.hpp"

#include <gmock/gmock.h>

#include <functional>

#include "media/jpeg_layout.hpp"
#include "pipeline/receiver.hpp"
#include "support/streams.hpp"

namespace glimt::hub {
namespace {

using namespace test;
using pipeline::Received;
using pipeline::Receiver;
using testing::Each;
using testing::HasSubstr;

constexpr char kSmall[] = "test:?size=160x120&fps=100";

std::pair<int, int> size_of(const Received& r) {
  return r.unit ? std::pair{r.unit->info.width, r.unit->info.height}
                : std::pair{r.frame.width, r.frame.height};
}

class StreamEngineTest : public testing::Test {
 protected:
  void start(const std::string& source = kSmall) {
    settings_.name = "cam";
    settings_.source = source;
    engine_ = make_stream_engine(settings_).value();
    engine_->add(link_.listening).value();
    engine_->set_source(settings_);
  }
  void show(const std::string& source) {
    settings_.source = source;
    engine_->set_source(settings_);
  }
  void pause(bool paused) {
    settings_.paused = paused;
    engine_->set_source(settings_);
  }
  void encode(const Encoding& encoding) {
    settings_.encoding = encoding;
    engine_->set_encoding(settings_).value();
  }
  Receiver& watch(bool encoded = false) {
    pipeline::ReceiverOptions options;
    options.subscriber.encoded = encoded;
    viewers_.push_back(Receiver::open(Url::parse(link_.connecting).value(), options).value());
    return *viewers_.back();
  }
  // False where no such picture comes within the deadline.
  static bool sees(Receiver& viewer, const std::function<bool(const Received&)>& such) {
    const Instant deadline = now() + kDeadline;
    while (now() < deadline) {
      const auto received = viewer.read(100ms);
      if (received && such(*received)) return true;
    }
    return false;
  }
  static bool sees(Receiver& viewer, std::pair<int, int> size) {
    return sees(viewer, [&](const Received& r) { return size_of(r) == size; });
  }
  static bool sees_codec(Receiver& viewer, Codec codec) {
    return sees(viewer, [&](const Received& r) { return r.unit && r.unit->info.codec == codec; });
  }
  bool falls_silent(Receiver& viewer) {
    return eventually([&] {
      const auto frames = engine_->stats().frames;
      return !viewer.read(100ms) && engine_->stats().frames == frames;
    });
  }
  bool becomes(StreamState state) {
    return eventually([&] { return engine_->source().state == state; });
  }
  std::vector<uint64_t> sessions() {
    std::vector<uint64_t> all;
    for (auto& viewer : viewers_) all.push_back(viewer->stats().sessions);
    return all;
  }
  uint64_t receivers_gone() {
    uint64_t sum = 0;
    for (const auto& d : engine_->stats().destinations) sum += d.receivers_gone;
    return sum;
  }

  const Link link_ = make_link("udp");
  StreamSettings settings_;
  std::unique_ptr<StreamEngine> engine_;
  const Instant deadline_ = now() + kDeadline;
  std::vector<std::unique_ptr<Receiver>> viewers_;
};

TEST_F(StreamEngineTest, ASourceFlowsToWhoeverReceivesAndIsTold) {
  start();
  ASSERT_TRUE(sees(watch(), {160, 120}));
  const auto source = engine_->source();
  EXPECT_EQ(source.state, StreamState::flowing);
  EXPECT_EQ(source.description, "test picture 160x120 at 100 fps");
  EXPECT_EQ(source.width, 160);
  EXPECT_EQ(source.height, 120);
  EXPECT_TRUE(eventually([&] { return engine_->stats().frames > 0; }));  // counted once it has left
}

TEST_F(StreamEngineTest, CodecAndBackUnderOneReceiverWhoseSessionStays) {
  start();
  auto& viewer = watch(true);
  for (const auto codec : {Codec::jpeg, Codec::raw, Codec::jpeg, Codec::raw}) {
    encode({.codec = codec});
    ASSERT_TRUE(sees_codec(viewer, codec)) << to_string(codec);
  }
  EXPECT_EQ(viewer.stats().sessions, 1u);
  EXPECT_EQ(viewer.stats().refused, 0u);
  EXPECT_EQ(receivers_gone(), 0u);
}

TEST_F(StreamEngineTest, QualityChangesTheSizeOfPictures) {
  start();
  auto& viewer = watch(true);
  const auto bytes = [](const Received& r) { return r.unit->size(); };
  size_t usual = 0;
  ASSERT_TRUE(sees(viewer, [&](const Received& r) { return (usual = bytes(r)) > 0; }));
  encode({.quality = 10});
  EXPECT_TRUE(sees(viewer, [&](const Received& r) { return bytes(r) < usual / 2; }));
  encode({.quality = 100});
  EXPECT_TRUE(sees(viewer, [&](const Received& r) { return bytes(r) > usual; }));
  EXPECT_THAT(sessions(), Each(1u));
}

TEST_F(StreamEngineTest, AnEncodingThatCannotBeChangesNothing) {
  start();
  settings_.encoding.codec = Codec::h264;
  settings_.encoding.encoder = "no-such-encoder";
  settings_.encoding.size = std::pair{16, 16};
  EXPECT_FALSE(engine_->set_encoding(settings_));
  auto& viewer = watch(true);
  ASSERT_TRUE(sees_codec(viewer, Codec::jpeg));
  EXPECT_TRUE(sees(viewer, {160, 120}));
}

TEST_F(StreamEngineTest, SizeIsFittedWithinWithItsShapeKeptAndNeverEnlarged) {
  start("test:?size=320x180&fps=100");
  auto& viewer = watch();
  ASSERT_TRUE(sees(viewer, {320, 180}));
  encode({.size = std::pair{160, 160}});
  EXPECT_TRUE(sees(viewer, {160, 90}));
  EXPECT_TRUE(eventually([&] { return engine_->source().width == 160; }));
  encode({.size = std::pair{1000, 45}});
  EXPECT_TRUE(sees(viewer, {80, 45}));
  encode({.size = std::pair{1000, 1000}});
  EXPECT_TRUE(sees(viewer, {320, 180}));
}

TEST_F(StreamEngineTest, MoreThanSoManyASecondAreLeftOut) {
  settings_.encoding.fps = 10;
  start();
  auto& viewer = watch();
  std::vector<int64_t> captured_us;
  for (int i = 0; i < 6; ++i) captured_us.push_back(viewer.read(kDeadline).value().frame.sender_captured_us);
  // The first may be up to one beat late, the last a quarter early.
  EXPECT_GE(captured_us.back() - captured_us.front(), 375'000);
}

TEST_F(StreamEngineTest, ASourceSwappedUnderTenViewersIsSeenByAllInTheSameSession) {
  start();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sees(watch(), {160, 120}));
  for (const auto& [source, size] : {std::pair{"test:?size=200x100&fps=100", std::pair{200, 100}},
                                     std::pair{kSmall, std::pair{160, 120}}}) {
    show(source);
    for (auto& viewer : viewers_) ASSERT_TRUE(sees(*viewer, size));
  }
  EXPECT_THAT(sessions(), Each(1u));
  EXPECT_EQ(receivers_gone(), 0u);
}

TEST_F(StreamEngineTest, BehindTheFirstPictureOfANewSourceNoneOfTheOldOneComes) {
  start();
  auto& viewer = watch();
  for (int width = 161; width < 181; ++width) {
    show("test:?size=" + std::to_string(width) + "x120&fps=200");
    bool seen = false;
    ASSERT_TRUE(sees(viewer, [&](const Received& r) {
      EXPECT_TRUE(!seen || r.frame.width == width) << r.frame.width;
      return std::exchange(seen, seen || r.frame.width == width);
    }));
  }
}

TEST_F(StreamEngineTest, TheOldSourceGoesOnUntilTheNewOneGivesPictures) {
  start();
  auto& viewer = watch();
  ASSERT_TRUE(sees(viewer, {160, 120}));
  show("/no/such/clip.mp4");
  ASSERT_TRUE(becomes(StreamState::trouble));
  EXPECT_THAT(engine_->source().why, HasSubstr("the former source goes on"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(sees(viewer, {160, 120}));
  show(kSmall);
  EXPECT_EQ(engine_->source().state, StreamState::flowing) << "that one never went";
}

TEST_F(StreamEngineTest, ASourceThatDoesNotOpenIsTroubleAndOnceReplacedFlows) {
  start("/no/such/clip.mp4");
  auto& viewer = watch();
  ASSERT_TRUE(becomes(StreamState::trouble));
  EXPECT_THAT(engine_->source().why, HasSubstr("check its name"));
  show(kSmall);
  EXPECT_TRUE(sees(viewer, {160, 120}));
  EXPECT_EQ(engine_->source().state, StreamState::flowing);
  EXPECT_EQ(engine_->source().why, "");
}

TEST_F(StreamEngineTest, AFilterThatIsUnknownIsTroubleWithTheCure) {
  settings_.filter = "blur";
  start();
  ASSERT_TRUE(becomes(StreamState::trouble));
  EXPECT_THAT(engine_->source().why, HasSubstr("known: faces"));
}

TEST_F(StreamEngineTest, PausedNothingFlowsAndResumedTheSameSessionsGoOn) {
  start();
  auto& viewer = watch();
  ASSERT_TRUE(sees(viewer, {160, 120}));
  for (int i = 0; i < 3; ++i) {
    pause(true);
    EXPECT_EQ(engine_->source().state, StreamState::paused);
    EXPECT_TRUE(falls_silent(viewer));
    pause(false);
    ASSERT_TRUE(sees(viewer, {160, 120}));
  }
  EXPECT_THAT(sessions(), Each(1u));
  EXPECT_EQ(engine_->source().reopened, 0u) << "let go is not lost";
}

TEST_F(StreamEngineTest, AnotherSourceWhilePausedIsWhatResumes) {
  start();
  auto& viewer = watch();
  ASSERT_TRUE(sees(viewer, {160, 120}));
  pause(true);
  ASSERT_TRUE(falls_silent(viewer));
  show("test:?size=200x100&fps=100");
  EXPECT_EQ(engine_->source().state, StreamState::paused);
  const auto resumed_us = to_us(now());
  pause(false);
  EXPECT_TRUE(sees(viewer, [&](const Received& r) {
    const bool is_new = size_of(r) == std::pair(200, 100);
    EXPECT_TRUE(is_new || r.frame.sender_captured_us < resumed_us) << "one that was still on its way";
    return is_new;
  }));
}

TEST_F(StreamEngineTest, ASnapshotIsTheNewestPictureAsAJpeg) {
  settings_.encoding.codec = Codec::raw;
  start();
  const auto snapshot = [&] {
    auto taken = engine_->snapshot();
    while (!taken && now() < deadline_) taken = engine_->snapshot();
    return taken.value();
  };
  const auto first = snapshot();
  EXPECT_EQ(first.width, 160);
  const auto scan = media::scan_jpeg(first.jpeg);
  EXPECT_EQ(scan.state, media::JpegScan::State::whole);
  EXPECT_EQ(scan.layout.width, 160);
  EXPECT_EQ(scan.layout.height, 120);
  EXPECT_GE(first.age_ms, 0);
  EXPECT_TRUE(eventually([&] { return engine_->snapshot().value().jpeg != first.jpeg; }));
}

TEST_F(StreamEngineTest, WithoutAPictureThereIsNoSnapshotYet) {
  start("/no/such/clip.mp4");
  const auto none = engine_->snapshot();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(none.error().message, HasSubstr("try again"));
}

TEST_F(StreamEngineTest, HoweverOftenTheSourceChangesTheLastOneIsShown) {
  start();
  auto& viewer = watch();
  for (int i = 0; i < 200; ++i) {
    show(i % 3 == 0 ? "/no/such/clip.mp4" : "test:?fps=100&size=" + std::to_string(64 + i % 7) + "x64");
    pause(i % 5 == 0);
  }
  pause(false);
  show("test:?size=200x100&fps=100");
  EXPECT_TRUE(sees(viewer, {200, 100}));
  EXPECT_THAT(sessions(), Each(1u));
}

TEST_F(StreamEngineTest, ReadFromManyThreadsWhileEverythingChanges) {
  start();
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        engine_->source();
        engine_->stats();
        const auto taken = engine_->snapshot();
        EXPECT_TRUE(!taken || !taken->jpeg.empty());
      }
    });
  }
  auto& viewer = watch();
  for (int i = 0; i < 30; ++i) {
    encode({.codec = i % 2 ? Codec::jpeg : Codec::raw, .quality = 50 + i, .size = std::pair{100 + i, 100}});
    show(i % 3 ? kSmall : "test:?size=200x100&fps=100");
    pause(i % 4 == 0);
    (void)viewer.read(20ms);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  pause(false);
  EXPECT_TRUE(sees(viewer, [](const Received&) { return true; }));
}

TEST_F(StreamEngineTest, ClosedItSaysGoodByeAndTakesNothingMore) {
  start();
  auto& viewer = watch();
  ASSERT_TRUE(sees(viewer, {160, 120}));
  engine_->close();
  EXPECT_TRUE(eventually([&] { return !viewer.stats().connected; }));
  const auto frames = engine_->stats().frames;
  show("test:?size=200x100&fps=100");
  EXPECT_EQ(engine_->stats().frames, frames);
}

// What a watcher was handed.
class Watched {
 public:
  OnUnit on_unit() {
    return [this](const Ref<media::AccessUnit>& unit) {
      if (!unit) {
        ended_ = true;
        return;
      }
      codec_ = unit->info.codec;
      whole_ = whole_ && unit->strips.size() == static_cast<size_t>(unit->info.strips);
      ++units_;
    };
  }
  int units() const { return units_; }
  bool ended() const { return ended_; }
  bool whole() const { return whole_; }
  Codec codec() const { return codec_; }

 private:
  std::atomic<int> units_{0};
  std::atomic<bool> ended_{false}, whole_{true};
  std::atomic<Codec> codec_{Codec::h264};
};

class WatchedEngineTest : public testing::Test {
 protected:
  void start(Codec codec = Codec::jpeg, const std::string& source = kSmall) {
    settings.name = "cam";
    settings.source = source;
    settings.encoding.codec = codec;
    engine = make_stream_engine(settings).value();
    engine->set_source(settings);
  }
  bool flows(const Watched& w) {
    const int before = w.units();
    return eventually([&] { return w.units() > before + 5; });
  }
  uint64_t encoded() { return engine->stats().frames; }

  StreamSettings settings;
  Watched watched, watched_too;
  std::unique_ptr<StreamEngine> engine;
};

TEST_F(WatchedEngineTest, EncodesForItsWatcherAloneAndForNobodyOnceThatHasGone) {
  start();
  ASSERT_TRUE(eventually([&] { return engine->stats().unwatched > 5; }));
  EXPECT_EQ(encoded(), 0u);
  const auto id = engine->watch(WatchAs::stream, watched.on_unit()).value();
  EXPECT_TRUE(flows(watched));
  EXPECT_TRUE(watched.whole());
  EXPECT_EQ(watched.codec(), Codec::jpeg);
  engine->unwatch(id);
  const int seen = watched.units();
  const auto unwatched = engine->stats().unwatched;
  ASSERT_TRUE(eventually([&] { return engine->stats().unwatched > unwatched + 5; }));
  EXPECT_EQ(watched.units(), seen);
}

TEST_F(WatchedEngineTest, HandsTheNewestPictureToWhoeverComesAtOnce) {
  start(Codec::jpeg, "test:?size=160x120&fps=1");
  engine->watch(WatchAs::stream, watched.on_unit()).value();
  ASSERT_TRUE(eventually([&] { return watched.units() > 0; }));
  engine->watch(WatchAs::stream, watched_too.on_unit()).value();
  EXPECT_GE(watched_too.units(), 1);  // at once: the next one is a second away
}

TEST_F(WatchedEngineTest, MakesJpegOfAnotherCodecForThoseThatWantItAndOnlyWhileTheyDo) {
  start(Codec::raw);
  const auto first = engine->watch(WatchAs::jpeg, watched.on_unit()).value();
  const auto second = engine->watch(WatchAs::jpeg, watched_too.on_unit()).value();
  EXPECT_TRUE(flows(watched));
  EXPECT_TRUE(flows(watched_too));
  EXPECT_EQ(watched.codec(), Codec::jpeg);
  EXPECT_EQ(encoded(), 0u);  // nobody wants it as it is
  engine->unwatch(first);
  EXPECT_TRUE(flows(watched_too));
  engine->unwatch(second);
  const int seen = watched_too.units();
  engine->watch(WatchAs::jpeg, watched.on_unit()).value();
  EXPECT_TRUE(flows(watched));
  EXPECT_EQ(watched_too.units(), seen);
}

TEST_F(WatchedEngineTest, TellsItsWatchersOnceThatItIsClosed) {
  start(Codec::raw);
  engine->watch(WatchAs::stream, watched.on_unit()).value();
  engine->watch(WatchAs::jpeg, watched_too.on_unit()).value();
  engine->close();
  EXPECT_TRUE(watched.ended());
  EXPECT_TRUE(watched_too.ended());
  Watched late;
  engine->watch(WatchAs::stream, late.on_unit()).value();
  EXPECT_TRUE(late.ended());
  EXPECT_FALSE(engine->watch(WatchAs::jpeg, late.on_unit()));
}

}  // namespace
}  // namespace glimt::hub

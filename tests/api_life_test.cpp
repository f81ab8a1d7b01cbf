// Publisher and Subscriber over time: who is there, what is newest, destinations that come and go.
#include <gmock/gmock.h>

#include <future>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;

class ApiLifeTest : public testing::TestWithParam<std::string> {
 protected:
  Stream open(const PublisherOptions& sending = {.codec = Codec::raw},
              const SubscriberOptions& receiving = {}) {
    return Stream::open(GetParam(), sending, receiving);
  }
  // Shared memory is looked at by the reader itself, when it reads.
  static bool decodes_ahead() { return GetParam() != "unix"; }
  static cv::Mat picture(uint64_t seed) { return make_noise(32, 24, CV_8UC3, seed); }
};

INSTANTIATE_TEST_SUITE_P(Over, ApiLifeTest, testing::Values("udp", "tcp", "unix"),
                         [](const auto& test) { return test.param; });

// Freed by whoever lets go of it last.
class CountingAllocator final : public cv::MatAllocator {
 public:
  cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, size_t* step, cv::AccessFlag flags,
                         cv::UMatUsageFlags usage) const override {
    auto* made = cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
    made->currAllocator = made->prevAllocator = this;
    ++alive;
    return made;
  }
  bool allocate(cv::UMatData*, cv::AccessFlag, cv::UMatUsageFlags) const override { return false; }
  void deallocate(cv::UMatData* data) const override {
    --alive;
    data->currAllocator = data->prevAllocator = cv::Mat::getStdAllocator();
    cv::Mat::getStdAllocator()->deallocate(data);
  }
  mutable std::atomic<int> alive{0};
};

TEST_P(ApiLifeTest, AMatThatIsMovedInIsNotCopied) {
  CountingAllocator allocator;
  auto stream = open();
  cv::Mat mat;
  mat.allocator = &allocator;
  mat.create(24, 32, CV_8UC3);
  picture(1).copyTo(mat);
  ASSERT_EQ(allocator.alive, 1);
  const int kept = GetParam() == "unix" ? 0 : 1;  // copied into shared memory, once
  stream.out.publish(std::move(mat)).value();
  EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), picture(1)));
  EXPECT_EQ(allocator.alive, kept) << "the newest picture is kept for who joins: in the Mat's own memory";
  EXPECT_TRUE(eventually([&] {
    stream.pass(picture(2));
    return allocator.alive == 0;
  })) << "and freed once newer ones are there";
}

TEST_P(ApiLifeTest, ReadSaysThatNobodySends) {
  auto in = Subscriber::open(make_link(GetParam()).listening).value();
  const auto frame = in.read(1ms);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(frame.error().message, HasSubstr("no sender has answered"));
}

TEST_P(ApiLifeTest, ReadSaysThatTheSenderHasNothing) {
  auto stream = open();
  auto frame = stream.in.read(1ms);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(frame.error().message, HasSubstr("a sender is there"));
  stream.pass(picture(1));
  frame = stream.in.read(1ms);
  ASSERT_FALSE(frame);
  EXPECT_THAT(frame.error().message, HasSubstr("its last picture came"));
}

TEST_P(ApiLifeTest, ReadSaysThatTheSenderHasGone) {
  const Link link = make_link(GetParam());
  auto in = Subscriber::open(link.listening).value();
  {
    Publisher out(link.connecting);
    ASSERT_TRUE(eventually([&] { return in.stats().connected; }));
  }
  ASSERT_TRUE(eventually([&] { return !in.stats().connected; }));
  const auto frame = in.read(1ms);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(frame.error().message, HasSubstr("the sender has gone"));
}

TEST_P(ApiLifeTest, CloseWakesAReaderInAnotherThread) {
  auto stream = open();
  auto reading = std::async(std::launch::async, [&] { return stream.in.read(1h); });
  stream.in.close();
  ASSERT_EQ(reading.wait_for(kDeadline), std::future_status::ready);
  const auto frame = reading.get();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::disconnected);
  EXPECT_EQ(stream.in.read(1h).error().kind, ErrorKind::disconnected) << "and so does every later read";
}

TEST_P(ApiLifeTest, SizeAndKindMayChangeFromOneToTheNext) {
  auto stream = open();
  for (const auto& mat : {make_noise(32, 24, CV_8UC3, 1), make_noise(640, 360, CV_8UC1, 2),
                          make_noise(1, 1, CV_8UC4, 3), make_noise(7, 5, CV_8UC3, 4)}) {
    EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat));
  }
}

TEST_P(ApiLifeTest, LatestHandsOutTheNewest) {
  auto stream = open();
  uint64_t published = 0;
  const auto reads_the_newest = [&] {
    for (int i = 0; i < 5; ++i) {
      stream.out.publish(picture(published++)).value();
      EXPECT_TRUE(!decodes_ahead() || eventually([&] { return stream.in.stats().frames == published; }));
    }
    // What was decoded last is on its way into the one place for the newest.
    EXPECT_TRUE(!decodes_ahead() || eventually([&] { return stream.in.stats().dropped == 4; }));
    const auto frame = stream.in.read(kDeadline).value();
    return same_pixels(frame.mat(), picture(published - 1)) && !stream.in.read(0ms);  // older ones are gone
  };
  // In shared memory a reader asks for the newest and waits no longer than 50 ms: a sender may be kept from its processor for so long.
  EXPECT_TRUE(decodes_ahead() ? reads_the_newest() : eventually(reads_the_newest));
}

TEST_P(ApiLifeTest, EveryHandsOutAllInOrder) {
  auto stream = open({.codec = Codec::raw}, {.mode = Mode::every});
  const auto publish = [&](uint64_t i) {
    stream.out.publish(picture(i)).value();
    ASSERT_TRUE(eventually([&] { return stream.out.stats().frames == i + 1; }));
  };
  publish(0);
  for (uint64_t i = 0; i < 20; ++i) {
    publish(i + 1);  // always one ahead of the reader
    EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), picture(i))) << i;
  }
  EXPECT_EQ(stream.in.stats().dropped, 0u);
}

TEST_P(ApiLifeTest, ManySubscribersOneEncode) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, {.codec = Codec::raw}).value();
  std::vector<Subscriber> all;
  for (int i = 0; i < 5; ++i) all.push_back(Subscriber::open(link.connecting).value());
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 5; }));
  for (uint64_t i = 0; i < 10; ++i) {
    out.publish(picture(i)).value();
    for (auto& in : all) EXPECT_TRUE(same_pixels(in.read(kDeadline).value().mat(), picture(i)));
  }
  EXPECT_TRUE(eventually([&] { return out.stats().frames == 10u; }));
  EXPECT_TRUE(eventually([&] { return out.stats().destinations[0].frames == 50; }));
}

TEST_P(ApiLifeTest, EachReceiverHasStatisticsOfItsOwn) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, {.codec = Codec::raw}).value();
  auto newest = Subscriber::open(link.connecting).value();
  auto each = Subscriber::open(link.connecting, {.mode = Mode::every}).value();
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 2; }));
  out.publish(picture(1)).value();
  ASSERT_TRUE(newest.read(kDeadline));
  ASSERT_TRUE(each.read(kDeadline));
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].frames == 2; }));
  const auto destination = out.stats().destinations[0];
  ASSERT_EQ(destination.each.size(), 2u);
  EXPECT_NE(destination.each[0].mode, destination.each[1].mode);
  EXPECT_NE(destination.each[0].peer, destination.each[1].peer);
  for (const auto& receiver : destination.each) EXPECT_EQ(receiver.frames, 1u);
}

TEST_P(ApiLifeTest, DestinationsComeAndGoWhileItRuns) {
  auto stream = open();
  const Link further = make_link(GetParam());
  const uint32_t first = stream.out.stats().destinations[0].id;
  const auto second = stream.out.add(further.listening);
  ASSERT_TRUE(second);
  auto other = Subscriber::open(further.connecting).value();
  ASSERT_TRUE(eventually([&] { return stream.receivers() == 2; }));
  EXPECT_TRUE(same_pixels(stream.pass(picture(1)).mat(), picture(1)));
  EXPECT_TRUE(same_pixels(other.read(kDeadline).value().mat(), picture(1)));

  EXPECT_TRUE(stream.out.remove(first));
  EXPECT_FALSE(stream.out.remove(first)) << "it is gone already";
  ASSERT_TRUE(eventually([&] { return !stream.in.stats().connected; }));
  stream.out.publish(picture(2)).value();
  EXPECT_TRUE(same_pixels(other.read(kDeadline).value().mat(), picture(2)));
  EXPECT_FALSE(stream.in.read(1ms));
}

TEST_P(ApiLifeTest, ADestinationThatCannotBeAddedHarmsNobody) {
  auto stream = open();
  EXPECT_FALSE(stream.out.add("pigeon://home"));
  EXPECT_FALSE(stream.out.add(GetParam() == "unix" ? "unix:///no/such/folder/s" : GetParam() + "://:0"));
  EXPECT_TRUE(same_pixels(stream.pass(picture(1)).mat(), picture(1)));
  EXPECT_EQ(stream.out.stats().destinations.size(), 1u);
}

TEST_P(ApiLifeTest, WhatNobodyReceivesIsNotEncoded) {
  auto out = Publisher::open(make_link(GetParam()).listening).value();
  out.publish(picture(1)).value();
  EXPECT_TRUE(eventually([&] { return out.stats().unwatched == 1; }));
  EXPECT_EQ(out.stats().frames, 0u);
}

TEST_P(ApiLifeTest, WhoJoinsSeesTheLastPictureAtOnce) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, {.codec = Codec::raw}).value();
  auto first = Subscriber::open(link.connecting).value();
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
  out.publish(picture(1)).value();
  ASSERT_TRUE(first.read(kDeadline));
  auto late = Subscriber::open(link.connecting).value();
  EXPECT_TRUE(same_pixels(late.read(kDeadline).value().mat(), picture(1)));
}

TEST_P(ApiLifeTest, WhoComesAfterATimeWithoutAnybodySeesTheNewestAndNothingOlder) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, {.codec = Codec::raw}).value();
  {
    auto first = Subscriber::open(link.connecting).value();
    ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
    out.publish(picture(1)).value();
    ASSERT_TRUE(first.read(kDeadline));
  }
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 0; }));
  for (uint64_t i = 2; i <= 3; ++i) {
    out.publish(picture(i)).value();
    ASSERT_TRUE(eventually([&] { return out.stats().unwatched == i - 1; }));
  }
  auto late = Subscriber::open(link.connecting).value();
  EXPECT_TRUE(same_pixels(late.read(kDeadline).value().mat(), picture(3)));
}

TEST_P(ApiLifeTest, ASessionWithoutPicturesSaysLittle) {
  auto stream = open();
  const auto packets = [&] { return stream.in.stats().packets; };
  ASSERT_TRUE(eventually([&] { return packets() >= 12; }));  // the first probes are over
  const auto since = std::chrono::steady_clock::now();
  const uint64_t before = packets();
  ASSERT_TRUE(eventually([&] { return packets() >= before + 10; }));
  EXPECT_GT(std::chrono::steady_clock::now() - since, 100ms) << "a slow machine makes it more, a storm less";
}

TEST_P(ApiLifeTest, ASubscriberMeetsTheNextPublisher) {
  const Link link = make_link(GetParam());
  auto in = Subscriber::open(link.listening).value();
  for (uint64_t i = 1; i <= 3; ++i) {
    auto out = Publisher::open(link.connecting, {.codec = Codec::raw}).value();
    ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
    out.publish(picture(i)).value();
    EXPECT_TRUE(same_pixels(in.read(kDeadline).value().mat(), picture(i)));
    EXPECT_EQ(in.stats().sessions, i);
  }
}

TEST_P(ApiLifeTest, FinishSendsWhatIsQueued) {
  auto stream = open({.codec = Codec::raw}, {.mode = Mode::every});
  stream.out.publish(make_noise(640, 360, CV_8UC3, 1)).value();
  stream.out.finish();
  EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), make_noise(640, 360, CV_8UC3, 1)));
  ASSERT_TRUE(eventually([&] { return !stream.in.stats().connected; }));
  EXPECT_THAT(stream.in.read(1ms).error().message, HasSubstr("the sender has gone"));
}

TEST_P(ApiLifeTest, TwoPublishersDoNotMeet) {
  const Link link = make_link(GetParam());
  Publisher one(link.listening), other(link.connecting);
  other.publish(picture(1)).value();
  ASSERT_TRUE(eventually([&] { return other.stats().unwatched == 1; }));
  EXPECT_EQ(one.stats().destinations[0].receivers + other.stats().destinations[0].receivers, 0u);
}

TEST_P(ApiLifeTest, ConstructorsThrowWhereOpenReturnsAnError) {
  const Link link = make_link(GetParam());
  const Subscriber first(link.listening);
  for (const std::string& bad :
       {link.listening, std::string("pigeon://home"), link.connecting + "&speed=9"}) {
    const auto opened = Subscriber::open(bad);
    ASSERT_FALSE(opened) << bad;
    EXPECT_THROW(Subscriber{bad}, Exception);
    EXPECT_THROW(Publisher{bad}, Exception);
  }
}

}  // namespace
}  // namespace glimt

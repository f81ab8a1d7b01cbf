// One stream over every transport, whoever listens and whoever comes first: the same pictures, in order.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;

struct Way {
  std::string scheme;
  bool publisher_listens = true;
  bool publisher_first = true;
};

std::string name_of(const Way& way) {
  return way.scheme + (way.publisher_listens ? "_publisher_listens" : "_subscriber_listens") +
         (way.publisher_first ? "_publisher_first" : "_subscriber_first");
}

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const char* scheme : {"udp", "tcp", "unix", "unixstream"}) {
    for (const bool listens : {true, false}) {
      for (const bool first : {true, false}) ways.push_back({scheme, listens, first});
    }
  }
  return ways;
}

class WayTest : public testing::TestWithParam<Way> {
 protected:
  Stream open(const PublisherOptions& sending, const SubscriberOptions& receiving) {
    const Link link = make_link(GetParam().scheme);
    const auto& to = GetParam().publisher_listens ? link.listening : link.connecting;
    const auto& at = GetParam().publisher_listens ? link.connecting : link.listening;
    if (GetParam().publisher_first) {
      auto out = Publisher::open(to, sending).value();
      return {std::move(out), Subscriber::open(at, patient(receiving)).value()};
    }
    auto in = Subscriber::open(at, patient(receiving)).value();
    return {Publisher::open(to, sending).value(), std::move(in)};
  }
};

INSTANTIATE_TEST_SUITE_P(Over, WayTest, testing::ValuesIn(all_ways()),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(WayTest, RawPicturesArriveByteForByteInOrder) {
  auto stream = open({.codec = Codec::raw}, {.mode = Mode::every});
  ASSERT_TRUE(stream.connected());
  for (uint64_t i = 0; i < 30; ++i) {
    const auto mat = make_noise(160, 120, CV_8UC3, i);
    const auto frame = stream.pass(mat);
    EXPECT_TRUE(same_pixels(frame.mat(), mat)) << "picture " << i;
  }
  const auto stats = stream.in.stats();
  EXPECT_EQ(stats.frames, 30u);
  EXPECT_EQ(stats.lost + stats.late + stats.dropped + stats.refused, 0u);
  EXPECT_EQ(stats.sessions, 1u);
}

TEST_P(WayTest, JpegPicturesArriveInOrder) {
  auto stream = open({.codec = Codec::jpeg, .quality = 90}, {});
  ASSERT_TRUE(stream.connected());
  const auto mat = make_smooth(640, 360, 3);
  for (uint8_t i = 0; i < 30; ++i) {
    const auto frame = stream.pass(mat, {&i, 1});
    EXPECT_THAT(frame.metadata(), testing::ElementsAre(i));
    EXPECT_GT(cv::PSNR(frame.mat(), mat), 30);
  }
}

class OddSizeTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Over, OddSizeTest, testing::Values("udp", "tcp", "unix"),
                         [](const auto& test) { return test.param; });

TEST_P(OddSizeTest, SmallPicturesOfAnySizeAndKind) {
  for (const Codec codec : {Codec::raw, Codec::jpeg}) {
    auto stream = Stream::open(GetParam(), {.codec = codec});
    for (const cv::Size size :
         {cv::Size(1, 1), cv::Size(7, 5), cv::Size(1, 300), cv::Size(300, 1), cv::Size(17, 33)}) {
      for (const int channels : {1, 3, 4}) {
        const auto mat = make_smooth(size.width, size.height, channels);
        const auto frame = stream.pass(mat);
        ASSERT_EQ(frame.mat().size(), size);
        const bool same = same_pixels(frame.mat(), mat);
        EXPECT_TRUE(same || codec == Codec::jpeg) << size << " x " << channels;
      }
    }
  }
}

TEST_P(OddSizeTest, ALargeOddPicture) {
  auto stream = Stream::open(GetParam(), {.codec = Codec::jpeg, .quality = 90});
  const auto mat = make_smooth(4095, 2161, 3);
  std::optional<Frame> frame;
  // A burst of two thousand packets may not fit into a UDP socket whose reader has to wait for its core: the next one comes.
  ASSERT_TRUE(eventually([&] {
    stream.out.publish(mat).value();
    if (auto read = stream.in.read(3s)) frame = *read;
    return frame.has_value();
  }));
  EXPECT_GT(cv::PSNR(frame->mat(), mat), 30);
}

TEST(TransportsTest, ALargeRawPictureOverWhatLosesNothing) {
  for (const char* scheme : {"tcp", "unix"}) {
    auto stream = Stream::open(scheme);
    const auto mat = make_noise(4095, 2161, CV_8UC3, 1);
    EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat)) << scheme;
  }
}

TEST(TransportsTest, OnePublisherServesAllTransportsAtOnce) {
  const std::vector<Link> links{make_link("udp"), make_link("tcp"), make_link("unix")};
  auto out =
      Publisher::open({links[0].listening, links[1].listening, links[2].listening}, {.codec = Codec::raw})
          .value();
  std::vector<Subscriber> all;
  for (const auto& link : links) all.push_back(Subscriber::open(link.connecting).value());
  ASSERT_TRUE(eventually([&] {
    const auto destinations = out.stats().destinations;
    return std::all_of(destinations.begin(), destinations.end(),
                       [](const auto& d) { return d.receivers == 1; });
  }));
  for (uint64_t i = 0; i < 10; ++i) {
    const auto mat = make_noise(160, 120, CV_8UC3, i);
    out.publish(mat).value();
    for (auto& in : all) EXPECT_TRUE(same_pixels(in.read(kDeadline).value().mat(), mat));
  }
  EXPECT_TRUE(eventually([&] { return out.stats().frames == 10u; })) << "one encode";
}

TEST(TransportsTest, AnAddressWithoutAHostListensForNames) {
  for (const std::string scheme : {"udp", "tcp"}) {
    const std::string port = std::to_string(free_port());
    Stream stream{Publisher::open(scheme + "://:" + port, {.codec = Codec::raw}).value(),
                  Subscriber::open(scheme + "://localhost:" + port).value()};
    ASSERT_TRUE(stream.connected());
    const auto mat = make_noise(32, 24, CV_8UC3, 1);
    EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat));
  }
}

TEST(TransportsTest, APortInUseIsSaid) {
  for (const std::string scheme : {"udp", "tcp"}) {
    const Link link = make_link(scheme);
    const auto first = Publisher::open(link.listening);
    ASSERT_TRUE(first);
    const auto second = Publisher::open(link.listening);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(second.error().message, testing::HasSubstr("the port is in use"));
  }
}

TEST(TransportsTest, AUnixSocketHasTheModeThatWasAskedFor) {
  for (const auto& [option, mode] : {std::pair{"", 0600u}, std::pair{"?mode=660", 0660u}}) {
    const std::string path = free_path();
    {
      const auto out = Publisher::open("unix://" + path + option);
      ASSERT_TRUE(out);
      struct stat file {};
      ASSERT_EQ(stat(path.c_str(), &file), 0);
      EXPECT_EQ(file.st_mode & 0777, mode);
    }
    EXPECT_FALSE(std::filesystem::exists(path)) << "it goes with its publisher";
  }
}

}  // namespace
}  // namespace glimt

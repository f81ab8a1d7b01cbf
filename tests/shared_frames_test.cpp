// Shared frames through the public API: pictures over unix:// lie in the sender's memory.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <numeric>

#include "support/descriptors.hpp"
#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;

cv::Mat picture(uint64_t seed) { return make_noise(32, 24, CV_8UC3, seed); }

// Its number in the first bytes, which a copy of the rest carries along.
cv::Mat numbered(cv::Mat mat, uint32_t number) {
  std::memcpy(mat.data, &number, sizeof number);
  return mat;
}
uint32_t number_in(const cv::Mat& mat) {
  uint32_t number = 0;
  std::memcpy(&number, mat.data, sizeof number);
  return number;
}

class SharedFramesTest : public testing::Test {
 protected:
  Stream open(const PublisherOptions& sending = {}, const SubscriberOptions& receiving = {}) {
    return Stream::open("unix", sending, receiving);
  }
};

TEST_F(SharedFramesTest, CarryAnyMat) {
  auto stream = open();
  for (const int type :
       {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4, CV_32FC1, CV_32FC3, CV_32FC4}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {640, 480}, {33, 17}, {1280, 720}}) {
      const auto mat = make_noise(width, height, type, static_cast<uint64_t>(type + width));
      EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat)) << "type " << type << ", " << width;
    }
  }
  EXPECT_EQ(stream.in.stats().refused, 0u);
}

TEST_F(SharedFramesTest, CarryPicturesUpToEightK) {
  auto stream =
      open({.max_frame_bytes = size_t{512} << 20, .slots = 3}, {.max_frame_bytes = size_t{512} << 20});
  for (const auto& [width, height] :
       {std::pair{640, 480}, {1920, 1080}, {3840, 2160}, {7680, 4320}, {640, 480}}) {
    cv::Mat mat(height, width, CV_8UC3, cv::Scalar(width % 251, 7, 9));
    mat.at<cv::Vec3b>(height - 1, width - 1) = {1, 2, 3};
    EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat)) << width;
  }
}

TEST_F(SharedFramesTest, ABorrowedMatIsHandedOverWhereItLies) {
  auto stream = open();
  stream.pass(picture(0));
  for (uint32_t i = 1; i <= 20; ++i) {
    cv::Mat mat = stream.out.borrow(24, 32, CV_8UC3).value();
    uint8_t* drawn = mat.data;
    picture(i).copyTo(mat);
    ASSERT_EQ(mat.data, drawn) << "drawing into it keeps its place";
    stream.out.publish(std::move(mat)).value();
    const auto frame = stream.in.read(kDeadline).value();
    EXPECT_TRUE(same_pixels(frame.mat(), picture(i)));
    drawn[5] ^= 0xFF;  // as only the sender can, and only against the rules
    EXPECT_EQ(frame.mat().data[5], drawn[5]) << "it is the same memory";
  }
}

TEST_F(SharedFramesTest, AMatThatWasBorrowedFromAnotherPublisherIsCarried) {
  auto one = open(), other = open();
  cv::Mat mat = one.out.borrow(24, 32, CV_8UC3).value();
  picture(5).copyTo(mat);
  other.out.publish(std::move(mat)).value();
  EXPECT_TRUE(same_pixels(other.in.read(kDeadline).value().mat(), picture(5)));
  EXPECT_TRUE(same_pixels(one.pass(picture(6)).mat(), picture(6)));
}

TEST_F(SharedFramesTest, ABorrowedMatOutlivesItsPublisher) {
  cv::Mat mat;
  {
    auto stream = open();
    mat = stream.out.borrow(24, 32, CV_8UC3).value();
  }
  mat.setTo(9);
  EXPECT_EQ(mat.at<cv::Vec3b>(23, 31)[2], 9);
}

TEST_F(SharedFramesTest, BorrowRefusesWhatCannotBeCarried) {
  auto stream = open({.max_frame_bytes = 3000});
  for (const auto& [rows, cols, type] : {std::tuple{24, 32, CV_8UC2},
                                         {24, 32, CV_64FC1},
                                         {0, 32, CV_8UC1},
                                         {-1, 5, CV_8UC1},
                                         {100, 100, CV_8UC1}}) {
    const auto mat = stream.out.borrow(rows, cols, type);
    ASSERT_FALSE(mat);
    EXPECT_EQ(mat.error().kind, ErrorKind::invalid_argument);
  }
}

TEST_F(SharedFramesTest, AReaderMayKeepAsManyAsItLikes) {
  auto stream = open();
  std::vector<Frame> kept;
  for (uint64_t i = 0; i < 30; ++i) kept.push_back(stream.pass(picture(i)));
  for (uint64_t i = 0; i < 30; ++i) EXPECT_TRUE(same_pixels(kept[i].mat(), picture(i))) << i;
}

TEST_F(SharedFramesTest, FramesOutliveBothEnds) {
  std::vector<Frame> kept;
  {
    auto stream = open();
    for (uint64_t i = 0; i < 5; ++i) kept.push_back(stream.pass(picture(i)));
  }
  for (uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(same_pixels(kept[i].mat(), picture(i))) << i;
}

TEST_F(SharedFramesTest, WhatIsKeptStaysAsItIsWhileTheStreamGoesOn) {
  auto stream = open({.slots = 3});
  const auto kept = stream.pass(picture(1));
  for (uint64_t i = 2; i < 200; ++i) {
    stream.out.publish(picture(i)).value();
    ASSERT_TRUE(stream.in.read(kDeadline)) << i;
  }
  EXPECT_TRUE(same_pixels(kept.mat(), picture(1)));
}

TEST_F(SharedFramesTest, CloseWakesAReader) {
  auto stream = open();
  stream.pass(picture(0));
  std::thread closer([&] { stream.in.close(); });
  const auto frame = stream.in.read(kDeadline);
  closer.join();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, ErrorKind::disconnected);
}

TEST_F(SharedFramesTest, ASubscriberMeetsThePublisherThatComesBack) {
  const Link link = make_link("unix");
  auto in = Subscriber::open(link.connecting).value();
  for (uint64_t i = 0; i < 5; ++i) {
    auto out = Publisher::open(link.listening).value();
    ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
    out.publish(picture(i)).value();
    ASSERT_TRUE(eventually([&] {
      const auto frame = in.read(100ms);
      return frame && same_pixels(frame->mat(), picture(i));
    })) << i;
  }
}

TEST_F(SharedFramesTest, WhoWakesUpReadsTheNewest) {
  auto stream = open();
  stream.pass(numbered(picture(0), 0));
  uint32_t published = 0;
  const auto reads_the_newest = [&] {
    for (int i = 0; i < 40; ++i) {  // the reader sleeps meanwhile
      stream.out.publish(numbered(picture(1), ++published)).value();
      std::this_thread::sleep_for(1ms);
    }
    return number_in(stream.in.read(kDeadline).value().mat()) == published;
  };
  // It asks for the newest and waits no longer than 50 ms: a sender may be kept from its processor for so long.
  for (int round = 0; round < 5; ++round) EXPECT_TRUE(eventually(reads_the_newest));
}

TEST_F(SharedFramesTest, EveryPictureOfAClipComesInOrder) {
  auto stream = open({}, {.mode = Mode::every});
  ASSERT_TRUE(stream.out.play("test:?size=64x48", {.fast = true, .frames = 500}));
  uint32_t last = 0;
  for (int i = 0; i < 500; ++i) {
    const auto frame = stream.in.read(kDeadline);
    ASSERT_TRUE(frame) << i << ": " << frame.error().message;
    ASSERT_TRUE(i == 0 || frame->number() == last + 1) << i;
    last = frame->number();
  }
  EXPECT_EQ(stream.out.stats().destinations[0].dropped, 0u);
}

TEST_F(SharedFramesTest, MetadataRidesWithItsPicture) {
  auto stream = open();
  for (const size_t size : {size_t{1}, size_t{1000}, size_t{65536}, size_t{0}}) {
    std::vector<uint8_t> metadata(size);
    std::iota(metadata.begin(), metadata.end(), static_cast<uint8_t>(size));
    cv::Mat mat = stream.out.borrow(24, 32, CV_8UC3).value();
    stream.out.publish(std::move(mat), {.metadata = metadata}).value();
    EXPECT_THAT(stream.in.read(kDeadline).value().metadata(), testing::ElementsAreArray(metadata));
  }
}

TEST_F(SharedFramesTest, ManyReadersEachAtItsOwnPace) {
  const Link link = make_link("unix");
  constexpr size_t kReaders = 6;
  auto out = Publisher::open(link.listening).value();
  constexpr uint32_t kLast = 300;
  std::vector<Subscriber> readers;
  for (size_t i = 0; i < kReaders; ++i) readers.push_back(Subscriber::open(link.connecting).value());
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == kReaders; }));
  std::vector<std::thread> threads;
  std::array<std::atomic<uint32_t>, kReaders> newest{};
  for (size_t i = 0; i < kReaders; ++i) {
    threads.emplace_back([&, i] {
      while (newest[i] < kLast) {
        const auto frame = readers[i].read(kDeadline);
        ASSERT_TRUE(frame);
        const uint32_t number = number_in(frame->mat());
        EXPECT_GT(number, newest[i]);
        EXPECT_TRUE(same_pixels(frame->mat(), numbered(picture(1), number)));
        newest[i] = number;
        std::this_thread::sleep_for(i * 2ms);
      }
    });
  }
  for (uint32_t i = 1; i <= kLast; ++i) {
    out.publish(numbered(picture(1), i)).value();
    std::this_thread::sleep_for(1ms);
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(SharedFramesTest, ScaleIsTheReceiversAsElsewhere) {
  auto stream = open({}, {.scale = 2});
  const cv::Mat flat(45, 101, CV_8UC3, cv::Scalar(10, 20, 30));
  const auto frame = stream.pass(flat);
  EXPECT_TRUE(same_pixels(frame.mat(), cv::Mat(23, 51, CV_8UC3, cv::Scalar(10, 20, 30))));
}

TEST_F(SharedFramesTest, OnePublisherSharesPixelsAndSendsH264) {
  const Link near = make_link("unix"), far = make_link("tcp");
  auto out = Publisher::open({near.listening, far.listening + "&codec=h264"}).value();
  auto sharing = Subscriber::open(near.connecting).value(),
       decoding = Subscriber::open(far.connecting).value();
  ASSERT_TRUE(eventually([&] {
    const auto ends = out.stats().destinations;
    return ends[0].receivers == 1 && ends[1].receivers == 1;
  }));
  for (int shade = 20; shade < 240; shade += 20) {
    const cv::Mat mat(48, 64, CV_8UC3, cv::Scalar::all(shade));
    out.publish(mat).value();
    EXPECT_TRUE(same_pixels(sharing.read(kDeadline).value().mat(), mat));
    const auto decoded = decoding.read(kDeadline).value();
    EXPECT_LT(cv::norm(decoded.mat(), mat, cv::NORM_INF), 6) << shade;
  }
}

TEST_F(SharedFramesTest, WhoTakesUnitsBesideMeetsThePictureThatStandsOnce) {
  const Link near = make_link("unix"), far = make_link("tcp");
  auto out = Publisher::open({near.listening, far.listening}).value();
  for (uint32_t i = 0; i < 10; ++i) {
    const auto flat = [&](uint32_t shade) { return cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(shade)); };
    auto in = Subscriber::open(far.connecting).value();
    if (i > 0) {
      EXPECT_NEAR(in.read(kDeadline).value().mat().data[0], 20 * i, 2) << "the one that stands";
    } else {
      ASSERT_TRUE(eventually([&] { return out.stats().destinations[1].receivers == 1; }));
    }
    out.publish(flat(20 * (i + 1))).value();
    EXPECT_NEAR(in.read(kDeadline).value().mat().data[0], 20 * (i + 1), 2) << "and not once more";
    in.close();
    ASSERT_TRUE(eventually([&] { return out.stats().destinations[1].receivers == 0; }));
  }
}

TEST_F(SharedFramesTest, TwoThreadsMayReadAtOnce) {
  auto stream = open({}, {.mode = Mode::every});
  std::atomic<int> got{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (stream.in.read(kDeadline)) ++got;
    });
  }
  ASSERT_TRUE(stream.out.play("test:?size=64x48", {.fast = true, .frames = 200}));
  EXPECT_TRUE(eventually([&] { return got == 200; }));
  stream.in.close();
  for (auto& reader : readers) reader.join();
}

TEST_F(SharedFramesTest, WithReadersThatHoardTheStreamGoesOn) {
  const Link link = make_link("unix");
  auto out = Publisher::open(link.listening, {.slots = 3}).value();
  std::vector<Subscriber> readers;
  for (int i = 0; i < 4; ++i) readers.push_back(Subscriber::open(link.connecting).value());
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 4; }));
  std::vector<Frame> hoard;
  uint32_t number = 0;
  const auto pass_one = [&](Subscriber& to) {
    const uint32_t sent = ++number;
    out.publish(numbered(picture(1), sent)).value();
    auto frame = to.read(20ms);
    if (frame && number_in(frame->mat()) == sent) hoard.push_back(std::move(*frame));
    return frame.has_value();
  };
  for (auto& reader : readers) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(eventually([&] { return pass_one(reader); }));
  }
  for (const auto& frame : hoard)
    EXPECT_TRUE(same_pixels(frame.mat(), numbered(picture(1), number_in(frame.mat()))))
        << "not written again";
}

TEST_F(SharedFramesTest, NothingStaysBehind) {
  { auto warm = open(); }
  const size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    auto stream = open();
    for (uint64_t j = 0; j < 10; ++j) stream.pass(picture(j));
  }
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }))
      << open_descriptors() << " > " << before;
}

TEST_F(SharedFramesTest, AWriteIntoAPictureEndsTheWriterOnly) {
  auto stream = open();
  const auto frame = stream.pass(picture(1));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    const_cast<cv::Mat&>(frame.mat()).data[0] = 1;
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSEGV);
  EXPECT_TRUE(same_pixels(frame.mat(), picture(1)));
  EXPECT_TRUE(same_pixels(stream.pass(picture(2)).mat(), picture(2)));
}

}  // namespace
}  // namespace glimt

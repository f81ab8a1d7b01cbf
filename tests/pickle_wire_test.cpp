// Pickled arrays at the receiving end, over real sockets: pixels as they were sent, whoever listens and whatever comes.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <fstream>

#include "support/plain_peer.hpp"
#include "wire/pickle.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;

std::string framed(std::string_view pickle) {
  std::string message(8, '\0');
  for (size_t i = 0; i < 8; ++i) message[i] = static_cast<char>(pickle.size() >> (8 * i));
  return message.append(pickle);
}

std::string pickled(const cv::Mat& mat) {
  const auto frame = wire::make_pickle_frame(mat.rows, mat.cols, mat.channels());
  std::string pickle(as_text(frame.head));
  pickle.append(reinterpret_cast<const char*>(mat.data), mat.total() * mat.elemSize());
  return framed(pickle.append(as_text(frame.tail)));
}

cv::Mat noise(uint64_t seed, int type = CV_8UC3) { return make_noise(97, 61, type, seed); }

std::string golden(const std::string& name) {
  std::ifstream file(std::string(GLIMT_SOURCE_DIR) + "/tests/corpus/pickle_fuzz/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class PickleWire : public testing::Test {
 protected:
  Subscriber open(const std::string& options = "", SubscriberOptions with = {}) const {
    return Subscriber::open("tcp://127.0.0.1:" + std::to_string(port_) + "?wire=pickle-q" + options, with)
        .value();
  }
  PlainPeer connect() const { return PlainPeer::tcp(port_); }
  static void expect_next(Subscriber& in, const PlainPeer& out, uint64_t seed) {
    ASSERT_TRUE(out.send(pickled(noise(seed))));
    const auto frame = in.read(kDeadline);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_TRUE(same_pixels(frame->mat(), noise(seed)));
  }

  const uint16_t port_ = free_port();
};

TEST_F(PickleWire, PixelsArriveAsTheyWereWhoeverListens) {
  for (const bool receiver_listens : {true, false}) {
    auto in = open(receiver_listens ? "&listen" : "&connect");
    const auto out = receiver_listens ? connect() : PlainPeer::accepted(port_);
    uint64_t seed = 0;
    for (const int type : {CV_8UC3, CV_8UC1, CV_8UC4}) {
      const auto mat = noise(++seed, type);
      ASSERT_TRUE(out.send(pickled(mat)));
      const auto frame = in.read(kDeadline).value();
      EXPECT_TRUE(same_pixels(frame.mat(), mat));
      EXPECT_EQ(frame.number(), seed);
      EXPECT_LT(frame.age(), kDeadline);
    }
    const auto stats = in.stats();
    EXPECT_TRUE(stats.connected);
    EXPECT_EQ(stats.frames, 3u);
    EXPECT_EQ(stats.total.captured_decoded.n, 0u) << "no time that is not known";
  }
}

TEST_F(PickleWire, EveryFormThatPythonWritesIsTheSamePicture) {
  auto in = open("&listen&mode=every");
  const auto out = connect();
  std::optional<cv::Mat> first;
  for (const char* name : {"numpy2_protocol5_c", "numpy2_protocol5_f", "numpy1_protocol2_c",
                           "numpy1_protocol2_f", "numpy1_protocol4_c", "numpy1_protocol4_f"}) {
    ASSERT_TRUE(out.send(framed(golden(name))));
    const auto mat = in.read(kDeadline).value().mat();
    if (!first) first = mat;
    EXPECT_TRUE(same_pixels(mat, *first)) << name;
  }
}

TEST_F(PickleWire, NoneIsNoPictureAndEndEndsTheStream) {
  auto in = open("&listen", {.once = true});
  const auto out = connect();
  expect_next(in, out, 1);
  ASSERT_TRUE(out.send(framed(as_text(wire::pickle_none()))));
  expect_next(in, out, 2);
  ASSERT_TRUE(out.send(framed(as_text(wire::pickle_bytes(as_bytes("end"))))));
  const auto end = in.read(kDeadline);
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("has ended"));
  EXPECT_EQ(in.stats().refused, 0u);
}

TEST_F(PickleWire, ClosingBetweenTwoPicturesEndsTheStream) {
  auto in = open("&listen", {.once = true});
  {
    const auto out = connect();
    expect_next(in, out, 1);
  }
  EXPECT_EQ(in.read(kDeadline).error().kind, ErrorKind::disconnected);
}

TEST_F(PickleWire, ASenderThatDiesInMidPictureAndComesAgainIsSeenAgain) {
  auto in = open("&listen", {.once = true});
  for (uint64_t life = 0; life < 20; ++life) {
    const auto out = connect();
    expect_next(in, out, life);
    ASSERT_TRUE(out.send(std::string_view(pickled(noise(life))).substr(0, 1000)));
  }
  EXPECT_TRUE(eventually([&] { return !in.stats().connected; }));
  EXPECT_EQ(in.stats().sessions, 20u);
}

TEST_F(PickleWire, APickleThatIsNoPictureIsRefusedAndTheNextPictureStands) {
  auto in = open("&listen");
  const auto out = connect();
  uint64_t refused = 0;
  for (const std::string& hostile : {std::string("cos\nsystem\n(S'true'\ntR."), std::string("garbage"),
                                     std::string(1, '\x80'), golden("numpy1_protocol4_c").substr(0, 60),
                                     std::string(as_text(wire::pickle_bytes(as_bytes("rm -rf"))))}) {
    ASSERT_TRUE(out.send(framed(hostile)));
    expect_next(in, out, ++refused);
    EXPECT_EQ(in.stats().refused, refused);
  }
}

TEST_F(PickleWire, ALengthThatCannotBeClosesItsConnectionAndNoOther) {
  auto in = open("&listen");
  const auto good = connect();
  expect_next(in, good, 1);
  for (const std::string& prefix : {std::string(8, '\0'), std::string("\0\0\0\0\0\0\0\x80", 8),
                                    std::string(8, '\xFF'), std::string("GET / HTTP/1.1\r\n\r\n")}) {
    const auto bad = connect();
    ASSERT_TRUE(bad.send(prefix));
    EXPECT_TRUE(bad.is_let_go());
    expect_next(in, good, 2);
  }
  EXPECT_EQ(in.stats().refused, 4u);
  EXPECT_EQ(in.stats().sessions, 1u);
}

TEST_F(PickleWire, OthersAreNotHeldUpAndAreFollowedWhenTheirTurnComes) {
  auto in = open("&listen");
  std::optional<PlainPeer> followed = connect();
  expect_next(in, *followed, 1);
  const auto other = connect();
  constexpr uint64_t kPictures = 2000;  // 35 MB: more than any buffer takes
  const std::string one = pickled(noise(2));
  for (uint64_t i = 0; i < kPictures; ++i) {
    ASSERT_TRUE(other.send(one));
    if (i % 50 == 49)
      expect_next(in, *followed, 1);  // whoever is silent for a second beside it is not followed any more
  }
  EXPECT_TRUE(eventually([&] { return in.stats().stray == kPictures; }));
  expect_next(in, *followed, 3);
  followed.reset();
  ASSERT_TRUE(eventually([&] { return !in.stats().connected; }));
  expect_next(in, other, 4);
}

TEST_F(PickleWire, InModeEveryTheSenderWaitsAndNothingIsLost) {
  for (const int side : {5, 400}) {  // many in what is read at once, and many reads for one
    auto in = open("&listen&mode=every");
    constexpr uint64_t kPictures = 100;
    std::jthread script([&] {
      const auto out = connect();
      for (uint64_t i = 0; i < kPictures; ++i)
        EXPECT_TRUE(out.send(pickled(make_noise(side, side, CV_8UC3, i))));
    });
    for (uint64_t i = 0; i < kPictures; ++i) {
      const auto frame = in.read(kDeadline);
      ASSERT_TRUE(frame) << frame.error().message;
      EXPECT_TRUE(same_pixels(frame->mat(), make_noise(side, side, CV_8UC3, i))) << i;
      if (i % 32 == 0) std::this_thread::sleep_for(10ms);  // a slow reader
    }
    EXPECT_EQ(in.stats().dropped, 0u);
  }
}

TEST_F(PickleWire, AThousandIdleConnectionsKeepNobodyOut) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  auto in = open("&listen");
  std::vector<PlainPeer> idle;
  const size_t room = files.rlim_cur / 2 - 100;  // both ends are here
  for (size_t i = 0; i < std::min<size_t>(1000, room); ++i) idle.push_back(connect());
  const auto out = connect();
  for (uint64_t i = 0; i < 10; ++i) expect_next(in, out, i);
  idle.clear();
  expect_next(in, out, 10);
  EXPECT_EQ(in.stats().sessions, 1u);
}

}  // namespace
}  // namespace glimt

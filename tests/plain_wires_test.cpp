// Publisher to subscriber in the wires of scripts: what goes out can be read, and no receiver holds up another.
#include <gmock/gmock.h>

#include <array>
#include <vector>

#include "pipeline/sender.hpp"
#include "support/plain_peer.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;

struct Wire {
  std::string name, sending, receiving;
  bool exact = false;  // pixels arrive as they were
};

Wire countdown_udp() {
  const std::string place = "udp://127.0.0.1:" + std::to_string(free_port()) + "?wire=countdown";
  return {"countdown_udp", place, place + "&listen"};
}
Wire countdown_unix() {
  const std::string place = "unix://" + free_path() + "?wire=countdown";
  return {"countdown_unix", place, place};
}
Wire pickle(bool sender_listens) {
  const std::string place = "tcp://127.0.0.1:" + std::to_string(free_port()) + "?wire=pickle-q";
  return {sender_listens ? "pickle_c" : "pickle_e", place + (sender_listens ? "&listen" : "&connect"),
          place + (sender_listens ? "&connect" : "&listen"), true};
}

class PlainWires : public testing::TestWithParam<Wire (*)()> {
 protected:
  const Wire wire_ = GetParam()();
};

Wire pickle_c() { return pickle(true); }
Wire pickle_e() { return pickle(false); }

INSTANTIATE_TEST_SUITE_P(Any, PlainWires,
                         testing::Values(&countdown_udp, &countdown_unix, &pickle_c, &pickle_e),
                         [](const auto& wire) { return wire.param().name; });

// Publishes until the subscriber reads a picture: the wire says nothing of who is there.
Frame first_picture(Publisher& out, Subscriber& in, const cv::Mat& mat) {
  while (true) {
    out.publish(mat).value();
    if (auto frame = in.read(100ms)) return std::move(*frame);
  }
}

TEST_P(PlainWires, PicturesComeOutAsTheyWentInWhoeverIsThereFirst) {
  for (const bool sender_first : {true, false}) {
    std::optional<Publisher> out;
    if (sender_first) out = Publisher::open(wire_.sending).value();
    auto in = Subscriber::open(wire_.receiving).value();
    if (!sender_first) out = Publisher::open(wire_.sending).value();
    for (const int channels : {3, 1}) {
      const auto mat = make_smooth(641, 479, channels);
      auto frame = first_picture(*out, in, mat);
      while (frame.mat().channels() != channels) frame = first_picture(*out, in, mat);
      ASSERT_EQ(frame.mat().size(), mat.size());
      EXPECT_LE(cv::norm(frame.mat(), mat, cv::NORM_L1) / static_cast<double>(mat.total()),
                wire_.exact ? 0 : 9);
    }
  }
}

TEST_P(PlainWires, AReceiverThatIsRestartedSeesPicturesAgain) {
  auto out = Publisher::open(wire_.sending).value();
  const auto mat = make_smooth(320, 240, 3);
  for (int round = 0; round < 3; ++round) {
    auto in = Subscriber::open(wire_.receiving).value();
    EXPECT_EQ(first_picture(out, in, mat).mat().size(), mat.size());
  }
}

TEST_P(PlainWires, ModeEveryLosesNothingWhereTheSocketCanMakeTheSenderWait) {
  if (wire_.name == "countdown_udp") return;  // it cannot
  auto in = Subscriber::open(wire_.receiving, {.mode = Mode::every}).value();
  auto out = Publisher::open(wire_.sending + "&mode=every", {.codec = Codec::raw}).value();
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
  out.play("test:?size=320x240&fps=1000", {.fast = true, .frames = 200}).value();
  for (uint32_t n = 1; n <= 200; ++n) {
    const auto frame = in.read(kDeadline);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_EQ(frame->number(), n);
  }
  const auto stats = out.stats();
  EXPECT_EQ(stats.destinations[0].dropped, 0u);
  EXPECT_EQ(stats.refused, 0u);
}

TEST(PickleSender, OneThatReadsNothingHoldsUpNobody) {
  const Wire wire = pickle(true);
  auto out = Publisher::open(wire.sending).value();
  const auto asleep = PlainPeer::tcp(static_cast<uint16_t>(Url::parse(wire.sending)->port));
  auto in = Subscriber::open(wire.receiving).value();
  ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 2; }));
  uint64_t seed = 0;
  for (int n = 0; n < 60;) {
    out.publish(make_noise(640, 480, CV_8UC3, ++seed)).value();
    if (in.read(100ms)) ++n;
  }
  EXPECT_TRUE(eventually([&] { return out.stats().destinations[0].each.size() == 2; }));
  uint64_t least = UINT64_MAX, most = 0;
  const auto stats = out.stats();
  for (const auto& receiver : stats.destinations[0].each) {
    least = std::min(least, receiver.frames);
    most = std::max(most, receiver.frames);
  }
  EXPECT_GE(most, 60u);
  EXPECT_LT(least, most) << "the other one's pictures were left out for it alone";
}

TEST(PickleSender, WhoLeavesIsLetGoAtOnce) {
  const Wire wire = pickle(true);
  auto out = Publisher::open(wire.sending).value();
  const auto port = static_cast<uint16_t>(Url::parse(wire.sending)->port);
  {
    const auto guest = PlainPeer::tcp(port);
    ASSERT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return out.stats().destinations[0].receivers == 0; }));
  EXPECT_EQ(out.stats().destinations[0].receivers_gone, 1u);
}

TEST(PickleSender, PlanesAreSentInterleaved) {
  const Wire wire = pickle(true);
  const auto out = pipeline::Sender::open({*Url::parse(wire.sending)}, {}).value();
  auto in = Subscriber::open(wire.receiving).value();
  media::BufferPool buffers;
  auto planes = media::make_frame(buffers, PixelFormat::i420, 320, 240);
  std::fill_n(planes.planes[0].data, media::packed_size(PixelFormat::i420, 320, 240), uint8_t{128});
  ASSERT_TRUE(eventually([&] {
    out->publish(planes);
    const auto frame = in.read(50ms);
    return frame && frame->mat().type() == CV_8UC3 && frame->mat().size() == cv::Size(320, 240);
  }));
}

TEST(PlainAddresses, AreRefusedWhereTheStreamIsEncodedOtherwise) {
  auto out = Publisher::open("udp://127.0.0.1:" + std::to_string(free_port())).value();
  const auto added = out.add("tcp://127.0.0.1:" + std::to_string(free_port()) + "?wire=pickle-q&listen");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("another codec"));
  EXPECT_TRUE(out.add("udp://127.0.0.1:" + std::to_string(free_port()) + "?wire=countdown"));
  const auto finer = out.add("udp://127.0.0.1:" + std::to_string(free_port()) + "?quality=95");
  ASSERT_FALSE(finer);
  EXPECT_THAT(finer.error().message, HasSubstr("another quality"));
}

}  // namespace
}  // namespace glimt

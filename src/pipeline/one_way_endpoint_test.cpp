#include "pipeline/one_way_endpoint.hpp"

#include "support/deaf_transport.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;
using Numbers = std::vector<uint32_t>;
using Changes = std::vector<Endpoint::Change>;
using enum Endpoint::Change;

struct KeepingSink final : media::StripSink {
  void begin(const Ref<media::AccessUnit>& unit) override { last = unit->info; }
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>& unit) override { ended.push_back(unit->info.number.value()); }
  void abandon(const Ref<media::AccessUnit>&) override {}
  Numbers ended;
  media::UnitInfo last;
};

struct KeepingReader final : Endpoint::Reader {
  uint64_t taken_units() const override { return 0; }
  Duration oldest_wait(Instant) const override { return {}; }
  void on_change(Endpoint::Change change, const std::string&) override { changes.push_back(change); }
  Changes changes;
};

transport::Peer peer(uint16_t port) {
  transport::Peer p;
  p.port = port;
  return p;
}

// Three packets a frame. Time is told with each datagram.
class OneWayEndpointTest : public ::testing::Test {
 protected:
  ~OneWayEndpointTest() override { EXPECT_TRUE(sent_.empty()) << "whatever comes, nothing goes back"; }

  void deliver(uint16_t from, uint32_t session, uint32_t frame, Duration at = {}, uint64_t clock = 42) {
    const Instant when = begin_ + at;
    const FramePackets packets(frame, {std::string(3000, 'x')},
                               {.payload_bytes = 1148, .captured_at = when, .clock_id = clock});
    for (size_t i = 0; i < packets.size(); ++i)
      receive(from, sealed(packets.packet(i, when), session, ++number_), at);
  }
  void receive(uint16_t from, const Datagram& datagram, Duration at = {}) {
    static_cast<transport::Transport::Events&>(endpoint_).on_datagram(peer(from), datagram, begin_ + at);
  }
  void close(uint16_t from, uint32_t session, Duration at = {}) {
    receive(from,
            sealed(wire::Type::close, session, ++number_, body_of(wire::Close{wire::CloseReason::leaving})),
            at);
  }
  SubscriberStats stats() const {
    SubscriberStats s;
    endpoint_.add_to(s);
    return s;
  }

  const std::unique_ptr<transport::EventLoop> loop_ = std::move(*transport::EventLoop::create());
  const Instant begin_ = now();
  std::vector<Datagram> sent_;
  KeepingSink sink_;
  KeepingReader reader_;
  OneWayEndpoint endpoint_{*loop_, std::make_unique<DeafTransport>(sent_), {}, sink_, reader_};
  uint64_t number_ = 0;
};

TEST_F(OneWayEndpointTest, ShowsTheFirstStreamThatIsHeard) {
  EXPECT_FALSE(stats().connected);
  deliver(1, 700, 5);
  deliver(1, 700, 6);
  EXPECT_EQ(sink_.ended, (Numbers{5, 6}));
  EXPECT_EQ(reader_.changes, Changes{connected});
  EXPECT_TRUE(stats().one_way);
  EXPECT_TRUE(stats().connected);
  EXPECT_EQ(stats().sessions, 1u);
  EXPECT_EQ(stats().packets, 6u);
}

TEST_F(OneWayEndpointTest, ClaimsNoTimesOfAnotherMachinesClock) {
  deliver(1, 700, 5);
  EXPECT_FALSE(sink_.last.clock_known);
  EXPECT_FALSE(stats().clock.known);
}

TEST_F(OneWayEndpointTest, TakesTheTimesOfItsOwnClockAsTheyAre) {
  deliver(1, 700, 5, {}, clock_id());
  EXPECT_TRUE(sink_.last.clock_known);
  EXPECT_EQ(to_us(sink_.last.stamps.captured_at), to_us(begin_));
  EXPECT_TRUE(stats().clock.known);
}

TEST_F(OneWayEndpointTest, LeavesALiveStreamForNobody) {
  deliver(1, 700, 5);
  deliver(2, 701, 50, 100ms);
  deliver(1, 702, 60, 200ms);
  deliver(2, 700, 70, 300ms);  // its number alone is not enough
  deliver(1, 700, 6, 400ms);
  EXPECT_EQ(sink_.ended, (Numbers{5, 6}));
  EXPECT_EQ(stats().stray, 9u);
  EXPECT_EQ(reader_.changes, Changes{connected});
}

TEST_F(OneWayEndpointTest, FollowsAnotherOnceTheStreamIsSilent) {
  deliver(1, 700, 5);
  deliver(2, 701, 50, OneWayEndpoint::kFollowAnother);
  EXPECT_EQ(sink_.ended, Numbers{5});
  deliver(2, 701, 51, OneWayEndpoint::kFollowAnother + 1ms);
  EXPECT_EQ(sink_.ended, (Numbers{5, 51}));
  EXPECT_EQ(reader_.changes, (Changes{connected, lost, connected}));
  EXPECT_EQ(stats().sessions, 2u);
  deliver(1, 700, 6, OneWayEndpoint::kFollowAnother + 2ms);
  EXPECT_EQ(sink_.ended, (Numbers{5, 51})) << "and does not go back to it";
}

TEST_F(OneWayEndpointTest, FollowsAnotherAtOnceAfterAClose) {
  deliver(1, 700, 5);
  close(1, 700, 10ms);
  EXPECT_FALSE(stats().connected);
  deliver(1, 700, 6, 20ms);  // was still on its way
  EXPECT_EQ(sink_.ended, Numbers{5});
  deliver(1, 701, 7, 30ms);
  EXPECT_EQ(sink_.ended, (Numbers{5, 7}));
  EXPECT_EQ(reader_.changes, (Changes{connected, ended, connected}));
}

TEST_F(OneWayEndpointTest, AfterItWasStoppedItGoesOnWithTheNewestAndWithTheSameStream) {
  deliver(1, 700, 5);
  deliver(2, 701, 50, 2s);  // waited in the kernel before ours
  deliver(1, 700, 6, 2s);
  deliver(1, 700, 7, 2s);
  EXPECT_EQ(sink_.ended, Numbers{5}) << "most likely a newer one is on its way";
  EXPECT_EQ(stats().dropped, 1u);
  EXPECT_EQ(stats().stray, 3u);
  deliver(1, 700, 8, 2400ms);
  EXPECT_EQ(sink_.ended.back(), 8u);
  EXPECT_EQ(reader_.changes, Changes{connected});
}

TEST_F(OneWayEndpointTest, ACloseOfAStrangerEndsNothing) {
  deliver(1, 700, 5);
  close(2, 700);
  close(1, 701);
  EXPECT_EQ(reader_.changes, Changes{connected});
  EXPECT_EQ(stats().stray, 2u);
}

TEST_F(OneWayEndpointTest, OnlyWhatCouldBeAPictureIsFollowed) {
  close(1, 700);
  receive(1, sealed(wire::Type::hello, 0, 1, body_of(hello_of(wire::Role::sender, 700, 0))));
  receive(1, sealed(wire::Type::skip, 700, 1, Datagram(8)));
  receive(1, sealed(wire::Type::data, 700, 1, Datagram(20)));
  deliver(1, 0, 5);
  EXPECT_TRUE(reader_.changes.empty());
  receive(1, Datagram(100, 'n'));
  EXPECT_GT(stats().refused, 0u);
  deliver(1, 700, 5);
  EXPECT_EQ(sink_.ended, Numbers{5});
}

TEST_F(OneWayEndpointTest, AnswersNoQuestionOfTheStreamThatItFollows) {
  deliver(1, 700, 5);
  receive(1, sealed(wire::Type::hello, 700, ++number_, body_of(hello_of(wire::Role::sender, 9, 700))));
  std::array<uint8_t, wire::kClockBodyBytes> question{};
  const size_t size = serialize(question, wire::Clock{false, 1, 0, 0});
  receive(1, sealed(wire::Type::clock, 700, ++number_, Bytes(question).first(size)));
  EXPECT_EQ(stats().stray, 2u);
  deliver(1, 700, 6);
  EXPECT_EQ(sink_.ended, (Numbers{5, 6}));
}

}  // namespace
}  // namespace glimt::pipeline

#include "pipeline/one_way_destination.hpp"

#include <algorithm>

#include "packetize/symbol_packetizer.hpp"
#include "support/deaf_transport.hpp"

namespace glimt::pipeline {
namespace {

using namespace test;

class QuietStream final : public Destination::Stream {
 public:
  explicit QuietStream(transport::EventLoop& loop) : shared_(loop, std::nullopt) {}
  Ref<packetize::SymbolUnit> newest_key(const packetize::Packetizer::Options&) override { return {}; }
  const packetize::PacketHistory& history(const packetize::Packetizer::Options&) override { return history_; }
  Duration frame_interval() const override { return 33ms; }
  SharedStream& shared() override { return shared_; }
  void demand_changed() override {}
  bool may_let_go() const override { return true; }

 private:
  SharedStream shared_;
  packetize::PacketHistory history_{{}};
};

class OneWayDestinationTest : public ::testing::Test {
 protected:
  struct Way {
    Way(transport::EventLoop& loop, QuietStream& stream, int parity)
        : destination(loop, std::make_unique<DeafTransport>(sent), {.pace_bps = 0, .parity_percent = parity},
                      stream) {
      events().on_connected({});
    }
    transport::Transport::Events& events() { return destination; }

    std::vector<Datagram> sent;
    OneWayDestination destination;
  };
  Way open(int parity = 20) { return {*loop_, stream_, parity}; }

  // Of so many symbols, the last of which is short.
  Ref<packetize::SymbolUnit> unit(uint32_t frame, size_t symbols = 3, bool key = true) {
    strip_.assign(symbols * 1148 - 500, 's');
    Ref<media::AccessUnit> access_unit(new media::AccessUnit);
    access_unit->info.number = Sequence(frame);
    access_unit->info.key = key;
    access_unit->info.width = access_unit->info.height = 8;
    auto to = packetizer_.begin(access_unit, false);
    EXPECT_TRUE(packetizer_.add(*to, {Ref<Shared>(), as_bytes(strip_), 0}));
    packetizer_.end(*to).value();
    EXPECT_EQ(to->symbols.size(), symbols);
    return to;
  }
  static void send(Way& way, const Ref<packetize::SymbolUnit>& unit) {
    way.destination.offer(unit);
    way.destination.pump();
  }
  static std::vector<wire::Packet> packets_of(const Way& way) {
    std::vector<wire::Packet> packets;
    for (const auto& datagram : way.sent) packets.push_back(wire::parse_packet(datagram).packet.value());
    return packets;
  }
  static size_t count(const Way& way, wire::Type type) {
    const auto packets = packets_of(way);
    return static_cast<size_t>(
        std::count_if(packets.begin(), packets.end(), [&](const auto& p) { return p.header.type == type; }));
  }

  const std::unique_ptr<transport::EventLoop> loop_ = std::move(*transport::EventLoop::create());
  QuietStream stream_{*loop_};
  packetize::SymbolPacketizer packetizer_;
  std::string strip_;
};

TEST_F(OneWayDestinationTest, SendsWithoutBeingAnsweredUnderANumberOfItsOwn) {
  Way way = open();
  EXPECT_EQ(way.destination.receivers(), 1u);
  for (uint32_t frame = 1; frame <= 20; ++frame) send(way, unit(frame));
  const auto packets = packets_of(way);
  ASSERT_EQ(packets.size(), 20u * (3 + 2));
  for (size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].header.number, i + 1);
    EXPECT_EQ(packets[i].header.session, packets[0].header.session);
  }
  EXPECT_NE(packets[0].header.session, 0u);
  EXPECT_EQ(count(way, wire::Type::data) + count(way, wire::Type::parity), packets.size())
      << "and nothing else";
  EXPECT_EQ(way.destination.stats().frames, 20u);

  Way again = open();
  send(again, unit(21));
  EXPECT_NE(packets_of(again)[0].header.session, packets[0].header.session) << "another one at each start";
}

TEST_F(OneWayDestinationTest, ParityIsAShareOfTheDataOfTwoRowsAtLeast) {
  struct Row {
    int percent;
    size_t symbols, parity;
  };
  for (const Row& row : std::vector<Row>{{20, 1, 2},
                                         {20, 10, 2},
                                         {20, 11, 3},
                                         {20, 100, 20},
                                         {20, 150, 30},
                                         {0, 100, 0},
                                         {1, 100, 2},
                                         {100, 100, 100}}) {
    Way way = open(row.percent);
    send(way, unit(1, row.symbols));
    EXPECT_EQ(count(way, wire::Type::data), row.symbols);
    EXPECT_EQ(count(way, wire::Type::parity), row.parity) << row.percent << " % of " << row.symbols;
    EXPECT_EQ(way.destination.stats().parity, row.parity);
    EXPECT_EQ(way.destination.stats().parity_percent, row.percent);
  }
}

TEST_F(OneWayDestinationTest, SaysGoodByeThreeTimes) {
  Way way = open();
  send(way, unit(1));
  way.destination.close(wire::CloseReason::end_of_stream);
  const auto packets = packets_of(way);
  EXPECT_EQ(count(way, wire::Type::close), 3u);
  const auto said = wire::parse_close(packets.back().body);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->reason, wire::CloseReason::end_of_stream);
  EXPECT_EQ(packets.back().header.session, packets.front().header.session);
  EXPECT_EQ(way.destination.receivers(), 0u);
}

TEST_F(OneWayDestinationTest, WantsAKeyFrameWhereNoneWasOfferedOfLate) {
  Way way = open();
  EXPECT_TRUE(way.destination.wants_key());
  send(way, unit(1, 3, false));
  EXPECT_TRUE(way.destination.wants_key());
  send(way, unit(2));
  EXPECT_FALSE(way.destination.wants_key());
}

TEST_F(OneWayDestinationTest, WhatComesBackIsCountedAndThrownAway) {
  Way way = open();
  way.events().on_datagram({}, sealed(wire::Type::hello, 0, 1, body_of(hello_of(wire::Role::receiver, 7, 0))),
                           now());
  way.destination.pump();
  EXPECT_TRUE(way.sent.empty());
  EXPECT_EQ(way.destination.stats().stray, 1u);
}

}  // namespace
}  // namespace glimt::pipeline

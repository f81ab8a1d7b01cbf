#include "transport/transport.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "support/loopback.hpp"
#include "wire/packet.hpp"

namespace glimt::transport {
namespace {

using testing::HasSubstr;

const std::string kUdp = own_address("udp");
const std::string kTcp = own_address("tcp");

std::string socket_path() {
  return (std::filesystem::temp_directory_path() / ("glimt-test-" + std::to_string(getpid()) + ".sock"))
      .string();
}

class TransportTest : public testing::Test {
 protected:
  Address address(const std::string& text, bool sends = false) {
    return *Address::from_url(*Url::parse(text), sends);
  }
  Result<std::unique_ptr<Transport>> open(const std::string& text) {
    return open_transport(*net.loop, address(text));
  }

  // A listening and a connecting end that know each other.
  void join(const std::string& where) {
    listener = std::move(*open(where + "?listen"));
    net.do_on([&] { listener->start(at_listener); });
    connector = std::move(*open(where + "?connect"));
    net.do_on([&] { connector->start(at_connector); });
    ASSERT_TRUE(net.until([&] { return at_connector.connected == 1; }));
  }
  void send(Transport& from, const Peer& to, const std::vector<std::vector<uint8_t>>& packets) {
    const auto gathered = gather(packets);
    net.do_on([&] { EXPECT_EQ(from.send(to, gathered).packets, packets.size()); });
  }
  void TearDown() override {
    net.do_on([&] {
      listener.reset();
      connector.reset();
    });
  }

  RunningLoop net;
  Recorder at_listener, at_connector;
  std::unique_ptr<Transport> listener, connector;
};

class EveryTransport : public TransportTest, public testing::WithParamInterface<std::string> {};

TEST_P(EveryTransport, CarriesPacketsBothWaysWholeAndInOrder) {
  join(GetParam());
  const auto there =
      std::vector{pattern(1200, 1), pattern(1200, 2), pattern(700, 3), pattern(1200, 4), pattern(32, 5)};
  send(*connector, at_connector.last_peer, there);
  ASSERT_TRUE(net.until([&] { return at_listener.datagrams.size() == there.size(); }));
  EXPECT_EQ(at_listener.datagrams, there);

  const auto back = std::vector{pattern(40, 9), pattern(1200, 10)};
  send(*listener, at_listener.last_peer, back);
  ASSERT_TRUE(net.until([&] { return at_connector.datagrams.size() == back.size(); }));
  EXPECT_EQ(at_connector.datagrams, back);
}

TEST_P(EveryTransport, CarriesMoreThanOneBatchOfTheKernel) {
  join(GetParam());
  std::vector<std::vector<uint8_t>> packets;
  for (int i = 0; i < 150; ++i) packets.push_back(pattern(1200, static_cast<uint8_t>(i)));
  send(*connector, at_connector.last_peer, packets);
  ASSERT_TRUE(net.until([&] { return at_listener.datagrams.size() == packets.size(); }));
  EXPECT_EQ(at_listener.datagrams, packets);
}

INSTANTIATE_TEST_SUITE_P(All, EveryTransport, testing::Values(kUdp, kTcp, "unix://" + socket_path()));

class StreamTransport : public TransportTest, public testing::WithParamInterface<std::string> {};

TEST_P(StreamTransport, BlocksRatherThanCutsAPacketAndSaysWhenThereIsRoom) {
  join(GetParam());
  // The reader does not read: its watch is the same loop, which this callback holds up.
  const std::vector<std::vector<uint8_t>> packets(64, pattern(32 * 1024, 7));
  const auto gathered = gather(packets);
  size_t accepted = 0;
  bool blocked = false;
  net.do_on([&] {
    for (int i = 0; i < 1000 && !blocked; ++i) {
      const auto sent = connector->send(at_connector.last_peer, gathered);
      accepted += sent.packets;
      blocked = sent.blocked;
    }
  });
  ASSERT_TRUE(blocked);
  ASSERT_TRUE(
      net.until([&] { return at_connector.writable > 0 && at_listener.datagrams.size() == accepted; }));
  for (const auto& datagram : at_listener.datagrams) EXPECT_EQ(datagram, packets[0]);
}

TEST_P(StreamTransport, TellsBothEndsOfAHangUp) {
  join(GetParam());
  ASSERT_TRUE(net.until([&] { return at_listener.connected == 1; }));
  net.do_on([&] { listener->disconnect(at_listener.last_peer); });
  ASSERT_TRUE(net.until([&] { return at_connector.disconnected == 1; }));
  EXPECT_EQ(at_connector.last_error.kind, ErrorKind::disconnected);
  EXPECT_TRUE(net.until([&] { return at_connector.connected == 2; })) << "and connects again by itself";
}

INSTANTIATE_TEST_SUITE_P(All, StreamTransport, testing::Values(kTcp, "unix://" + socket_path()));

TEST_F(TransportTest, TcpClosesAConnectionThatBreaksTheFraming) {
  listener = std::move(*open(kTcp + "?listen"));
  net.do_on([&] { listener->start(at_listener); });
  const auto where = *resolve(address(kTcp));
  UniqueFd stranger(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(stranger.get(), where.get(), where.length), 0);
  const std::array<uint8_t, 4> huge{0xFF, 0xFF, 0xFF, 0x7F};
  ASSERT_EQ(::send(stranger.get(), huge.data(), huge.size(), 0), 4);
  EXPECT_TRUE(net.until([&] { return at_listener.disconnected == 1; }));
  EXPECT_TRUE(at_listener.datagrams.empty());
}

class ByteStream : public TransportTest {
 protected:
  void SetUp() override {
    const auto at = address(kTcp + "?listen&wire=pickle-q"), to = address(kTcp + "?wire=pickle-q");
    listener = std::move(*open_transport(*net.loop, at));
    net.do_on([&] { listener->start(at_listener); });
    connector = std::move(*open_transport(*net.loop, to));
    net.do_on([&] { connector->start(at_connector); });
    ASSERT_TRUE(net.until([&] { return at_connector.connected == 1 && at_listener.connected == 1; }));
  }
  std::vector<uint8_t> arrived() {
    std::vector<uint8_t> all;
    for (const auto& chunk : at_listener.datagrams) all.insert(all.end(), chunk.begin(), chunk.end());
    return all;
  }
};

TEST_F(ByteStream, CarriesBytesAsTheyAreInOrder) {
  std::vector<std::vector<uint8_t>> runs;
  std::vector<uint8_t> all;
  for (int i = 0; i < 100; ++i) {
    runs.push_back(pattern(static_cast<size_t>(1 + i * 7), static_cast<uint8_t>(i)));
    all.insert(all.end(), runs.back().begin(), runs.back().end());
  }
  send(*connector, at_connector.last_peer, runs);
  ASSERT_TRUE(net.until([&] { return arrived().size() >= all.size(); }));
  EXPECT_EQ(arrived(), all);
}

TEST_F(ByteStream, MakesTheOtherEndWaitWhileItIsHeld) {
  net.do_on([&] { listener->hold(at_listener.last_peer, true); });
  const std::vector<std::vector<uint8_t>> runs(1024, pattern(64 * 1024, 7));
  const auto gathered = gather(runs);
  Transport::Sent sent;
  net.do_on([&] { sent = connector->send(at_connector.last_peer, gathered); });
  ASSERT_TRUE(sent.blocked);
  EXPECT_TRUE(arrived().empty());
  net.do_on([&] { listener->hold(at_listener.last_peer, false); });
  ASSERT_TRUE(net.until(
      [&] { return at_connector.writable > 0 && arrived().size() == sent.packets * runs[0].size(); }));
}

TEST_F(TransportTest, WiresOfOthersAskForTheirSocketsAndRoles) {
  const auto error_of = [](const std::string& text, bool sends) {
    const auto a = Address::from_url(*Url::parse(text), sends);
    return a ? std::string() : a.error().message;
  };
  EXPECT_EQ(error_of("udp://127.0.0.1:9?wire=countdown", true), "");
  EXPECT_EQ(error_of("udp://:9?wire=countdown", false), "");
  EXPECT_EQ(error_of("unix:///tmp/x?wire=countdown", true), "");
  EXPECT_EQ(error_of("tcp://:9?wire=pickle-q", true), "");
  EXPECT_EQ(error_of("tcp://a:9?wire=pickle-q", false), "");
  EXPECT_THAT(error_of("udp://:9?wire=countdown", true), HasSubstr("the receiver listens"));
  EXPECT_THAT(error_of("udp://127.0.0.1:9?wire=countdown", false), HasSubstr("add ?listen"));
  EXPECT_THAT(error_of("tcp://:9?wire=countdown", false), HasSubstr("udp:// or unix://"));
  EXPECT_THAT(error_of("udp://:9?wire=pickle-q", true), HasSubstr("tcp://"));
  EXPECT_THAT(error_of("udp://:9?wire=pickles", true), HasSubstr("known: native, countdown"));
  EXPECT_EQ(address("unix:///tmp/x?wire=countdown", true).role, Role::connect);
  EXPECT_EQ(address("unix:///tmp/x?wire=countdown", false).role, Role::listen);
}

// By loopback, and of this process alone.
std::string own_group(const std::string& options = "") {
  const auto pid = static_cast<unsigned>(getpid());
  return "udp://239.255." + std::to_string(pid / 250 % 250) + "." + std::to_string(1 + pid % 250) + ":" +
         std::to_string(20000 + pid % 10000) + "?interface=lo" + options;
}

TEST_F(TransportTest, EachReceiverOfAGroupGetsWhatIsSentToIt) {
  listener = std::move(*open(own_group("&listen")));
  net.do_on([&] { listener->start(at_listener); });
  Recorder at_second;
  auto second = std::move(*open(own_group("&listen")));
  net.do_on([&] { second->start(at_second); });
  connector = std::move(*open_transport(*net.loop, address(own_group(), true)));
  net.do_on([&] { connector->start(at_connector); });
  ASSERT_TRUE(net.until([&] { return at_connector.connected == 1; }));
  std::vector<std::vector<uint8_t>> packets;
  for (int i = 0; i < 150; ++i) packets.push_back(pattern(1200, static_cast<uint8_t>(i)));
  send(*connector, at_connector.last_peer, packets);
  ASSERT_TRUE(net.until([&] {
    return at_listener.datagrams.size() == packets.size() && at_second.datagrams.size() == packets.size();
  }));
  EXPECT_EQ(at_listener.datagrams, packets);
  EXPECT_EQ(at_second.datagrams, packets);
  net.do_on([&] { second.reset(); });
}

TEST_F(TransportTest, OneWayAddressesSayWhatIsWrongWithThem) {
  const auto error_of = [](const std::string& text, bool sends) {
    const auto a = Address::from_url(*Url::parse(text), sends);
    return a ? std::string() : a.error().message;
  };
  for (const char* to : {"udp://a:9?feedback=off", "udp://239.1.2.3:9", "udp://[ff02::1:2]:9?interface=lo"})
    EXPECT_EQ(error_of(to, true), "");
  for (const char* at :
       {"udp://:9?feedback=off", "udp://239.1.2.3:9?listen", "udp://a:9?listen&feedback=off"})
    EXPECT_EQ(error_of(at, false), "");
  EXPECT_THAT(error_of("udp://a:9?feedback=no", true), HasSubstr("on or off"));
  EXPECT_THAT(error_of("udp://239.1.2.3:9?feedback=on", true), HasSubstr("leave feedback=on out"));
  EXPECT_THAT(error_of("udp://:9?feedback=off", true), HasSubstr("name the receiver's host"));
  EXPECT_THAT(error_of("udp://239.1.2.3:9?listen", true), HasSubstr("leave ?listen out"));
  EXPECT_THAT(error_of("udp://239.1.2.3:9", false), HasSubstr("add ?listen"));
  EXPECT_THAT(error_of("udp://a:9?feedback=off", false), HasSubstr("udp://:9?feedback=off"));
  EXPECT_THAT(error_of("tcp://a:9?feedback=off", true), HasSubstr("for udp://"));
  EXPECT_THAT(error_of("tcp://239.1.2.3:9", true), HasSubstr("over udp://"));
  EXPECT_THAT(error_of("unix:///tmp/x?feedback=off", true), HasSubstr("for udp://"));
  EXPECT_THAT(error_of("udp://239.1.2.3:9?wire=countdown", true), HasSubstr("Glimt's own wire"));
  EXPECT_THAT(error_of("udp://a:9?interface=eth0", true), HasSubstr("is for groups"));
}

TEST_F(TransportTest, SaysWhatIsWrongWithAnInterface) {
  for (const bool sends : {true, false}) {
    const std::string options = sends ? "" : "&listen";
    const auto none =
        open_transport(*net.loop, address("udp://239.1.2.3:9?interface=nowhere0" + options, sends));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(none.error().message, HasSubstr("no interface 'nowhere0'"));
  }
  const auto unnamed = open_transport(*net.loop, address("udp://[ff02::1:2]:9", true));
  ASSERT_FALSE(unnamed);
  EXPECT_THAT(unnamed.error().message, HasSubstr("?interface=eth0"));
}

TEST_F(TransportTest, SaysWhoHasAPortThatIsInUse) {
  for (const std::string& where : {kUdp, kTcp}) {
    const auto first = open(where + "?listen");
    ASSERT_TRUE(first);
    const auto second = open(where + "?listen");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(second.error().message, HasSubstr("in use"));
  }
}

TEST_F(TransportTest, UnixTakesOverASocketThatNobodyListensOnAnyMore) {
  const std::string path = socket_path();
  {
    UniqueFd dead(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un un{.sun_family = AF_UNIX};
    std::strncpy(un.sun_path, path.c_str(), sizeof un.sun_path - 1);
    ASSERT_EQ(bind(dead.get(), reinterpret_cast<sockaddr*>(&un), sizeof un), 0);
  }
  EXPECT_TRUE(open("unix://" + path + "?listen"));
}

TEST_F(TransportTest, UnixLeavesAFileThatIsNoSocketAlone) {
  const std::string path = socket_path();
  std::ofstream(path) << "precious";
  const auto opened = open("unix://" + path + "?listen");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("no socket"));
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
  std::filesystem::remove(path);
}

TEST_F(TransportTest, UnixSocketFileHasTheModeThatWasAskedFor) {
  const std::string path = socket_path();
  const auto mode_of = [&] {
    struct stat file {};
    stat(path.c_str(), &file);
    return file.st_mode & 0777;
  };
  {
    const auto own = open("unix://" + path + "?listen");
    EXPECT_EQ(mode_of(), 0600u);
  }
  const auto shared = open("unix://" + path + "?listen&mode=660");
  EXPECT_EQ(mode_of(), 0660u);
}

TEST_F(TransportTest, UdpGoesOnWhereNobodyListens) {
  connector = std::move(*open(kUdp + "?connect"));
  net.do_on([&] { connector->start(at_connector); });
  ASSERT_TRUE(net.until([&] { return at_connector.connected == 1; }));
  for (int i = 0; i < 20; ++i) send(*connector, at_connector.last_peer, {pattern(100, 1)});
  EXPECT_EQ(at_connector.disconnected, 0);
}

}  // namespace
}  // namespace glimt::transport

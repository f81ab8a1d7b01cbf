#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "support/loopback.hpp"
#include "transport/socket_file.hpp"

namespace glimt::transport {
namespace {

using testing::HasSubstr;

constexpr size_t kDatagram = 65473;  // what countdown fills its datagrams to

class UnixDatagramTest : public testing::Test {
 protected:
  static std::string path() {
    return (std::filesystem::temp_directory_path() / ("glimt-test-" + std::to_string(getpid()) + ".dgram"))
        .string();
  }
  static Address address(bool sends, const std::string& options = "") {
    return *Address::from_url(*Url::parse("unix://" + path() + "?wire=countdown" + options), sends);
  }
  Result<std::unique_ptr<Transport>> open(bool sends, const std::string& options = "") {
    return open_transport(*net.loop, address(sends, options));
  }
  void start_receiver() {
    receiver = std::move(*open(false));
    net.do_on([&] { receiver->start(at_receiver); });
  }
  void start_sender() {
    sender = std::move(*open(true));
    net.do_on([&] { sender->start(at_sender); });
  }
  void stop_receiver() {
    net.do_on([&] { receiver.reset(); });
  }
  Transport::Sent send(const std::vector<std::vector<uint8_t>>& packets) {
    Transport::Sent sent;
    const auto gathered = gather(packets);
    net.do_on([&] { sent = sender->send(at_sender.last_peer, gathered); });
    return sent;
  }
  bool arrived(size_t datagrams) {
    return net.until([&] { return at_receiver.datagrams.size() >= datagrams; });
  }
  void TearDown() override {
    net.do_on([&] {
      receiver.reset();
      sender.reset();
    });
    std::filesystem::remove(path());
  }

  RunningLoop net;
  Recorder at_receiver, at_sender;
  std::unique_ptr<Transport> receiver, sender;
};

TEST_F(UnixDatagramTest, CarriesDatagramsWholeInAnyStartOrder) {
  for (const bool receiver_first : {true, false}) {
    if (receiver_first) start_receiver();
    start_sender();
    if (!receiver_first) start_receiver();
    ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
    const auto packets = std::vector{pattern(kDatagram, 1), pattern(2, 2), pattern(700, 3)};
    EXPECT_EQ(send(packets).packets, packets.size());
    ASSERT_TRUE(arrived(packets.size()));
    EXPECT_EQ(at_receiver.datagrams, packets);
    TearDown();
    at_sender = {};
    at_receiver = {};
  }
}

TEST_F(UnixDatagramTest, TellsTheSendersProcess) {
  start_receiver();
  start_sender();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
  send({pattern(10, 1)});
  ASSERT_TRUE(arrived(1));
  EXPECT_EQ(at_receiver.last_peer.connection, static_cast<uint32_t>(getpid()));
}

TEST_F(UnixDatagramTest, BlocksAtAFullQueueAndGoesOnWithoutALoss) {
  const auto bound = bind_socket_file(address(false), SOCK_DGRAM);
  ASSERT_TRUE(bound);
  start_sender();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
  const std::vector<std::vector<uint8_t>> packets(100, pattern(kDatagram, 7));
  size_t accepted = 0, read = 0;
  std::vector<uint8_t> datagram(kDatagram + 1);
  while (accepted < packets.size()) {
    const auto sent = send({packets.begin() + static_cast<ptrdiff_t>(accepted), packets.end()});
    accepted += sent.packets;
    if (!sent.blocked) break;
    int writable = 0;
    net.do_on([&] { writable = at_sender.writable; });
    while (recv(bound->fd.get(), datagram.data(), datagram.size(), MSG_DONTWAIT) > 0) ++read;
    ASSERT_TRUE(net.until([&] { return at_sender.writable > writable; }));
  }
  while (recv(bound->fd.get(), datagram.data(), datagram.size(), MSG_DONTWAIT) > 0) ++read;
  EXPECT_EQ(accepted, packets.size());
  EXPECT_EQ(read, packets.size());
}

TEST_F(UnixDatagramTest, MakesTheSenderWaitWhileItIsHeld) {
  start_receiver();
  start_sender();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
  net.do_on([&] { receiver->hold({}, true); });
  const auto sent = send(std::vector(100, pattern(1000, 7)));
  EXPECT_TRUE(sent.blocked);
  EXPECT_TRUE(at_receiver.datagrams.empty());
  net.do_on([&] { receiver->hold({}, false); });
  EXPECT_TRUE(arrived(sent.packets));
  EXPECT_TRUE(net.until([&] { return at_sender.writable > 0; }));
}

TEST_F(UnixDatagramTest, ConnectsAnewWhereTheReceiverWasRestarted) {
  start_sender();
  for (int life = 1; life <= 3; ++life) {
    start_receiver();
    ASSERT_TRUE(net.until([&] { return at_sender.connected == life; }));
    send({pattern(10, 1)});
    ASSERT_TRUE(arrived(static_cast<size_t>(life)));
    stop_receiver();
    send({pattern(10, 1)});
    ASSERT_TRUE(net.until([&] { return at_sender.disconnected == life; }));
    EXPECT_EQ(at_sender.last_error.kind, ErrorKind::disconnected);
  }
}

TEST_F(UnixDatagramTest, NoticesAReceiverThatDiedWithAFullQueue) {
  auto bound = bind_socket_file(address(false), SOCK_DGRAM);
  start_sender();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
  ASSERT_TRUE(send(std::vector(100, pattern(kDatagram, 7))).blocked);
  bound = Error{ErrorKind::internal, "closed"};
  ASSERT_TRUE(net.until([&] { return at_sender.writable > 0; }));
  EXPECT_FALSE(send({pattern(10, 1)}).blocked);
  EXPECT_TRUE(net.until([&] { return at_sender.disconnected == 1; }));
}

TEST_F(UnixDatagramTest, FollowsThePathToTheSocketThatStandsThereNow) {
  const auto former = bind_socket_file(address(false), SOCK_DGRAM);
  start_sender();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 1; }));
  std::filesystem::remove(path());  // the former lives on without a name
  start_receiver();
  ASSERT_TRUE(net.until([&] { return at_sender.connected == 2; }));
  send({pattern(10, 1)});
  EXPECT_TRUE(arrived(1));
}

TEST_F(UnixDatagramTest, TakesOverAFileThatNobodyHasBoundAndNoOther) {
  {
    UniqueFd dead(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto where = unix_socket_address(address(false));
    ASSERT_EQ(bind(dead.get(), where.get(), where.length), 0);
  }
  {
    const auto first = open(false);
    ASSERT_TRUE(first);
    const auto second = open(false);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another program listens there"));
    const auto native = open_transport(*net.loop, *Address::from_url(*Url::parse("unix://" + path()), true));
    ASSERT_FALSE(native) << "a socket of another kind lives there";
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
  std::ofstream(path()) << "precious";
  const auto opened = open(false);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("no socket"));
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixDatagramTest, LeavesTheFileOfItsSuccessorAlone) {
  auto former = bind_socket_file(address(false), SOCK_DGRAM);
  std::filesystem::remove(path());
  const auto successor = bind_socket_file(address(false), SOCK_DGRAM);
  ASSERT_TRUE(successor);
  former = Error{ErrorKind::internal, "closed"};
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixDatagramTest, FileHasTheModeThatWasAskedFor) {
  for (const auto& [option, mode] : {std::pair{"", 0600u}, std::pair{"&mode=660", 0660u}}) {
    const auto receiving = open(false, option);
    struct stat file {};
    ASSERT_EQ(stat(path().c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, mode);
  }
}

}  // namespace
}  // namespace glimt::transport

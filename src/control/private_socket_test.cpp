#include "control/private_socket.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace glimt::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class PrivateSocketTest : public testing::Test {
 protected:
  PrivateSocketTest() {
    std::string name = "/tmp/glimt-socket-XXXXXX";
    folder = mkdtemp(name.data());
    path = folder / "control.sock";
  }
  ~PrivateSocketTest() override { std::filesystem::remove_all(folder); }

  // As a library would: bound with a mode of its own.
  static transport::BoundSocket bind(const std::string& where) {
    transport::Address address;
    address.kind = transport::Kind::unix_socket;
    address.path = address.text = where;
    address.mode = 0777;
    return transport::bind_socket_file(address, SOCK_STREAM).value();
  }
  static unsigned mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(lstat(file.c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      names.push_back(entry.path().filename());
    return names;
  }

  std::filesystem::path folder;
  std::string path;
};

TEST_F(PrivateSocketTest, NobodyElseGetsAtItBeforeItHasItsMode) {
  auto socket = PrivateSocket::prepare(path).value();
  const auto bound = bind(socket.bind_path());
  EXPECT_EQ(mode_of(socket.bind_path()), 0777u) << "as it was bound";
  EXPECT_EQ(mode_of(std::filesystem::path(socket.bind_path()).parent_path()), 0700u);
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(socket.publish());
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_THAT(files(), testing::ElementsAre("control.sock"));
}

TEST_F(PrivateSocketTest, NothingIsLeftBehind) {
  {
    auto published = PrivateSocket::prepare(path).value();
    const auto bound = bind(published.bind_path());
    ASSERT_TRUE(published.publish());
    const auto prepared_only = PrivateSocket::prepare(folder / "other.sock").value();
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(PrivateSocketTest, SocketOfADeadProgramIsTakenOver) {
  {
    auto dead = bind(path);
    dead.file = {};
    std::filesystem::rename(path, folder / "kept");
  }
  std::filesystem::rename(folder / "kept", path);
  ASSERT_TRUE(std::filesystem::is_socket(path));
  auto socket = PrivateSocket::prepare(path).value();
  const auto bound = bind(socket.bind_path());
  EXPECT_TRUE(socket.publish());
}

TEST_F(PrivateSocketTest, OneThatIsAnsweredIsInUse) {
  auto first = PrivateSocket::prepare(path).value();
  const auto bound = bind(first.bind_path());
  ASSERT_TRUE(first.publish());
  ASSERT_EQ(::listen(bound.fd.get(), 5), 0);
  const auto second = PrivateSocket::prepare(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("another program listens there; stop it"));
}

TEST_F(PrivateSocketTest, OfTwoThatStartTogetherOneIsToldThatItIsInUse) {
  auto first = PrivateSocket::prepare(path).value(), second = PrivateSocket::prepare(path).value();
  const auto one = bind(first.bind_path()), other = bind(second.bind_path());
  ASSERT_TRUE(first.publish());
  const auto published = second.publish();
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("another program listens there"));
}

TEST_F(PrivateSocketTest, FileThatIsNoSocketIsLeftAlone) {
  std::ofstream(path) << "precious";
  EXPECT_EQ(PrivateSocket::prepare(path).error().kind, ErrorKind::invalid_argument);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(PrivateSocketTest, PathThatIsTooLongOrInNoFolderIsRefusedWithTheCure) {
  EXPECT_THAT(PrivateSocket::prepare(folder.string() + "/" + std::string(100, 'x')).error().message,
              HasSubstr("too long"));
  EXPECT_THAT(PrivateSocket::prepare("").error().message, HasSubstr("path"));
  EXPECT_THAT(PrivateSocket::prepare(folder / "none" / "control.sock").error().message,
              HasSubstr("create the folder"));
}

}  // namespace
}  // namespace glimt::control

// The control service over TCP: who may do what, certificates, and those who speak something else.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/unique_fd.hpp"
#include "support/control_ends.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::hours kDay{24};

class ControlTlsTest : public testing::Test, protected ControlEnds {
 protected:
  ControlTlsTest() { use_tls(); }

  control::CertificateFiles certificate(const std::string& name, bool over = false) const {
    control::CertificateOptions options{.folder = folder / name};
    if (over) {
      options.from -= 10 * kDay;
      options.valid_for = kDay;
    }
    return control::make_certificate(options).value();
  }
  std::unique_ptr<control::Client> client_with(const control::CertificateFiles& files) const {
    return std::move(control::open_client({.address = tcp_address(),
                                           .ca = settings.certificate,
                                           .certificate = files.certificate,
                                           .key = files.key})
                         .value());
  }
  std::string why_not_open() {
    const auto opened = control::open_service({*hub, settings, {}});
    EXPECT_FALSE(opened);
    if (opened) return "";
    EXPECT_EQ(opened.error().kind, ErrorKind::invalid_argument);
    return opened.error().message;
  }

  UniqueFd connect_tcp() const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(tcp_address().substr(tcp_address().rfind(':') + 1))));
    return connect_to(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  UniqueFd connect_unix() const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    settings.unix_path.copy(to.sun_path, sizeof to.sun_path - 1);
    return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

 private:
  static UniqueFd connect_to(int family, const sockaddr* to, socklen_t size) {
    UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), to, size), 0) << strerror(errno);
    return fd;
  }
};

TEST_F(ControlTlsTest, ViewTokenMayViewAndNotSteer) {
  start();
  const auto client = tls_client(settings.view_token_file);
  EXPECT_TRUE(client->streams());
  const auto refused = client->add_stream(test_stream("cam0"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("use the steer token"));
  EXPECT_TRUE(hub->streams().empty());
  EXPECT_EQ(service->counters().refused_calls, 1u);
}

TEST_F(ControlTlsTest, WrongTokenIsRefusedCountedAndLoggedWithoutIt) {
  start();
  testing::internal::CaptureStderr();
  const auto refused = tls_client(write("wrong.token", "wrong-token-0123456789"))->streams();
  const auto text = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unauthenticated);
  EXPECT_THAT(text, HasSubstr("refused ListStreams of ipv4:127.0.0.1:"));
  EXPECT_THAT(text, HasSubstr("wrong token"));
  EXPECT_THAT(text, Not(HasSubstr("0123456789")));
  EXPECT_EQ(service->counters().refused_calls, 1u);
}

TEST_F(ControlTlsTest, ClientAsksForWhatTcpWants) {
  start();
  EXPECT_THAT(control::open_client({.address = tcp_address()}).error().message, HasSubstr("--ca"));
  EXPECT_THAT(control::open_client({.address = tcp_address(), .ca = settings.certificate}).error().message,
              HasSubstr("--token"));
}

TEST_F(ControlTlsTest, CertificateThatTheClientAuthoritySignedMaySteer) {
  const auto caller = certificate("caller");
  settings.client_ca = caller.certificate;
  start();
  EXPECT_TRUE(client_with(caller)->add_stream(test_stream("cam0")));
  EXPECT_TRUE(tls_client(settings.view_token_file)->streams()) << "tokens are taken too";
  EXPECT_FALSE(client_with(certificate("stranger"))->streams());
}

TEST_F(ControlTlsTest, WithoutTokensEveryCallerShowsACertificate) {
  const auto caller = certificate("caller");
  settings.client_ca = caller.certificate;
  const std::string token = settings.steer_token_file;
  settings.view_token_file = settings.steer_token_file = "";
  start();
  EXPECT_TRUE(client_with(caller)->add_stream(test_stream("cam0")));
  EXPECT_FALSE(tls_client(token)->streams());
}

TEST_F(ControlTlsTest, ClientCertificateThatIsOverIsRefused) {
  const auto caller = certificate("caller", true);
  settings.client_ca = caller.certificate;
  start();
  EXPECT_FALSE(client_with(caller)->streams());
}

TEST_F(ControlTlsTest, HubWhoseCertificateIsOverIsRefusedByTheClient) {
  const auto over = certificate("over", true);
  settings.certificate = over.certificate;
  settings.key = over.key;
  testing::internal::CaptureStderr();
  start();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("is over"));
  const auto refused = tls_client(settings.steer_token_file)->streams();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("still valid"));
}

TEST_F(ControlTlsTest, HubThatShowsAnotherCertificateIsRefusedByTheClient) {
  start();
  auto client = control::open_client({.address = tcp_address(),
                                      .ca = certificate("other").certificate,
                                      .token_file = settings.steer_token_file});
  EXPECT_FALSE(client.value()->streams());
}

TEST_F(ControlTlsTest, TcpWithoutTlsOrWithoutWhoMayIsRefusedAtOpen) {
  const auto good = settings;
  settings.key = "";
  EXPECT_THAT(why_not_open(), HasSubstr("--make-cert"));
  settings = good;
  settings.view_token_file = settings.steer_token_file = "";
  EXPECT_THAT(why_not_open(), HasSubstr("steer_token_file"));
  settings = good;
  settings.key = certificate("other").key;
  EXPECT_THAT(why_not_open(), HasSubstr("do not belong together"));
  settings = good;
  settings.certificate = settings.key;
  EXPECT_THAT(why_not_open(), HasSubstr("no certificate in PEM"));
  settings = good;
  settings.client_ca = settings.key;
  EXPECT_THAT(why_not_open(), HasSubstr("no certificate in PEM"));
  EXPECT_FALSE(std::filesystem::exists(settings.unix_path)) << "nothing was opened";
}

TEST_F(ControlTlsTest, PortInUseIsSaidWithTheCure) {
  start();
  settings.tcp = tcp_address();
  settings.unix_path = folder / "second.sock";
  const auto second = control::open_service({*hub, settings, {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("choose another for tcp"));
}

TEST_F(ControlTlsTest, PlainTextOnTheTlsPortIsClosedAndHurtsNobody) {
  start();
  for (const std::string& text : {std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\0')}) {
    const auto fd = connect_tcp();
    (void)send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    char answer[256];
    ssize_t got = 0;
    while ((got = recv(fd.get(), answer, sizeof answer, 0)) > 0) continue;
    EXPECT_LE(got, 0) << "an alert at most, and the end";
  }
  EXPECT_TRUE(tls_client(settings.view_token_file)->streams());
}

TEST_F(ControlTlsTest, FiveHundredConnectionsThatSayNothingHoldUpNobody) {
  start();
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 250; ++i) {
    silent.push_back(connect_tcp());
    silent.push_back(connect_unix());
  }
  EXPECT_TRUE(tls_client(settings.view_token_file)->streams());
  EXPECT_TRUE(unix_client()->add_stream(test_stream("cam0")));
  char byte = 0;
  EXPECT_TRUE(poll_until([&] {
    const ssize_t got = recv(silent[0].get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  })) << "and are closed";
}

TEST_F(ControlTlsTest, RubbishOnTheUnixSocketHurtsNobody) {
  start();
  for (const std::string& text : {std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(1000, '\xff'),
                                  std::string(5000, 'x')}) {
    const auto fd = connect_unix();
    (void)send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  EXPECT_TRUE(unix_client()->info());
}

TEST_F(ControlTlsTest, MadeCertificateIsNeverWrittenOverAndItsKeyIsItsUsersOnly) {
  const auto files = certificate("made");
  struct stat file {};
  ASSERT_EQ(stat(files.key.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  const auto again = control::make_certificate({.folder = folder / "made"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::already_exists);
  std::filesystem::remove(files.certificate);
  EXPECT_FALSE(control::make_certificate({.folder = folder / "made"}));
  EXPECT_FALSE(std::filesystem::exists(files.certificate)) << "both or neither";
}

TEST_F(ControlTlsTest, CertificateTakesNamesAndAddressesAndNothingElse) {
  EXPECT_TRUE(control::make_certificate(
      {.folder = folder / "names",
       .names = {"hub.example.org", "*.example.org", "10.0.0.5", "fd00::1", "localhost"}}));
  for (const char* name : {"", "two words", "a,DNS:evil.example.org", "x/y"}) {
    const auto refused = control::make_certificate({.folder = folder / "bad", .names = {name}});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_argument);
  }
}

}  // namespace
}  // namespace glimt

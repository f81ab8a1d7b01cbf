#include "hub/discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "hub/paths.hpp"

namespace glimt::hub {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A network on which some services are told of, at times of the test's own; and this user's run-time folder.
class DiscoveryTest : public ::testing::Test {
 protected:
  struct Told {
    Duration at;
    Service service;
  };

  void SetUp() override {
    char folder[] = "/tmp/discovery-XXXXXX";
    folder_ = mkdtemp(folder);
    setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Service service(const std::string& stream, const std::string& address = "10.0.0.5",
                         bool tcp = false) {
    return {.instance = stream,
            .stream = stream,
            .host = "studio.local",
            .address = address,
            .port = 5000,
            .tcp = tcp};
  }
  Result<Url> find(const std::string& text, std::vector<Told> network) {
    looked_for_ = 0s;
    return resolve(Url::parse(text).value(), 3s, [&](Duration timeout, const Found& found) {
      auto until = timeout;
      for (const auto& one : network) {
        if (one.at >= until) break;
        if (const auto left = found(one.service)) until = std::min(until, one.at + *left);
      }
      looked_for_ = until;
      return Result<void>();
    });
  }
  std::string found_at(const std::string& text, std::vector<Told> network) {
    const auto url = find(text, std::move(network));
    return url ? url->text : "error: " + url.error().message;
  }

  std::string folder_;
  Duration looked_for_{};
};

TEST_F(DiscoveryTest, NamedStreamIsReceivedWhereItIsToldOf) {
  const auto url = find("glimt://cam0", {{10ms, service("cam1", "10.0.0.4")}, {20ms, service("cam0")}});
  ASSERT_TRUE(url);
  EXPECT_EQ(url->text, "udp://10.0.0.5:5000");
  EXPECT_EQ(url->scheme, "udp");
  EXPECT_EQ(url->host, "10.0.0.5");
  EXPECT_EQ(url->port, 5000);
  EXPECT_EQ(looked_for_, 20ms);
}

TEST_F(DiscoveryTest, OptionsAreCarriedOver) {
  const auto url = find("glimt://cam0?mode=every&latency=40ms", {{10ms, service("cam0", "2001:db8::1")}});
  ASSERT_TRUE(url);
  EXPECT_EQ(url->text, "udp://[2001:db8::1]:5000?mode=every&latency=40ms");
  EXPECT_EQ(url->find("mode"), "every");
  EXPECT_EQ(url->host, "2001:db8::1");
}

TEST_F(DiscoveryTest, UdpIsPreferredToTcpWhereItIsToldOfSoonAfter) {
  const auto tcp = service("cam0", "10.0.0.5", true);
  EXPECT_EQ(found_at("glimt://cam0", {{10ms, tcp}, {100ms, service("cam0")}}), "udp://10.0.0.5:5000");
  EXPECT_EQ(found_at("glimt://cam0", {{10ms, tcp}, {2s, service("cam0")}}), "tcp://10.0.0.5:5000");
  EXPECT_EQ(looked_for_, 310ms);
}

TEST_F(DiscoveryTest, WhoHasTheNameComesBeforeWhoWasRenamed) {
  auto renamed = service("cam0", "10.0.0.9");
  renamed.instance = "cam0 on attic";
  renamed.host = "attic.local";
  const std::vector<Told> both{{10ms, renamed}, {20ms, service("cam0", "10.0.0.5", true)}};
  EXPECT_EQ(found_at("glimt://cam0", both), "tcp://10.0.0.5:5000");
  EXPECT_EQ(found_at("glimt://cam0", {{10ms, renamed}}), "udp://10.0.0.9:5000");
}

TEST_F(DiscoveryTest, HostMayBeNamedWithOrWithoutItsDomain) {
  auto other = service("cam0", "10.0.0.9");
  other.host = "attic.local";
  const std::vector<Told> both{{10ms, service("cam0")}, {20ms, other}};
  EXPECT_EQ(found_at("glimt://cam0@attic", both), "udp://10.0.0.9:5000");
  EXPECT_EQ(found_at("glimt://cam0@Attic.local", both), "udp://10.0.0.9:5000");
  EXPECT_THAT(found_at("glimt://cam0@cellar", both),
              HasSubstr("seen: glimt://cam0@attic, glimt://cam0@studio"));
}

TEST_F(DiscoveryTest, OwnHubsSocketComesFirstUnlessAHostIsNamed) {
  const auto path = default_stream_path("cam0").value();
  ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
  const auto url = find("glimt://cam0?mode=every", {{10ms, service("cam0")}});
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "unix");
  EXPECT_EQ(url->path, path);
  EXPECT_EQ(url->text, "unix://" + path + "?mode=every");
  EXPECT_EQ(found_at("glimt://cam0@studio", {{10ms, service("cam0")}}), "udp://10.0.0.5:5000");
}

TEST_F(DiscoveryTest, NameThatNobodyToldOfIsAnErrorThatListsTheOthers) {
  const auto nobody = find("glimt://cam0", {});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::not_found);
  EXPECT_EQ(looked_for_, 3s);
  EXPECT_THAT(nobody.error().message, AllOf(HasSubstr("no stream was seen"), HasSubstr("udp://HOST:5000")));
  EXPECT_THAT(found_at("glimt://cam0", {{1s, service("cam1")}}), HasSubstr("seen: glimt://cam1@studio"));
}

TEST_F(DiscoveryTest, WithoutANameTheErrorListsWhatIsSeen) {
  const auto url = find("glimt://", {{1s, service("cam1")}, {2s, service("cam0")}});
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().kind, ErrorKind::invalid_argument);
  EXPECT_THAT(url.error().message, HasSubstr("seen: glimt://cam0@studio, glimt://cam1@studio"));
}

TEST_F(DiscoveryTest, WhatCannotBeTrueIsNotListedNorFollowed) {
  auto escape = service("cam\x1b[2J"), host = service("cam0"), port = service("cam0");
  host.host = "a\x1b]0;b";
  port.port = 0;
  const auto message = found_at(
      "glimt://cam0", {{1ms, escape}, {2ms, host}, {3ms, port}, {4ms, service("cam0", "evil?listen")}});
  EXPECT_THAT(message, AllOf(HasSubstr("no stream was seen"), Not(HasSubstr("\x1b"))));
}

TEST_F(DiscoveryTest, ListOfNamesIsBounded) {
  std::vector<Told> network;
  for (int i = 0; i < 5000; ++i) network.push_back({1ms, service("cam" + std::to_string(i + 1))});
  EXPECT_LT(found_at("glimt://cam0", network).size(), 2000u);
  network.push_back({2ms, service("cam0")});
  EXPECT_EQ(found_at("glimt://cam0", network), "udp://10.0.0.5:5000");
}

TEST_F(DiscoveryTest, NameThatNoStreamMayHaveIsRefusedAtOnce) {
  EXPECT_THAT(found_at("glimt://a b", {{0ms, service("a b")}}), HasSubstr("letters, digits"));
  EXPECT_THAT(found_at("glimt://host:5000", {}), HasSubstr("letters, digits"));
  EXPECT_EQ(looked_for_, 0s);
}

TEST_F(DiscoveryTest, WithoutADaemonTheErrorSaysWhatElseThereIs) {
  const auto url =
      resolve(Url::parse("glimt://cam0").value(), 3s, [](Duration, const Found&) -> Result<void> {
        return Error{ErrorKind::unavailable, "no daemon"};
      });
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(url.error().message, AllOf(HasSubstr("no daemon"), HasSubstr("udp://HOST:5000")));
}

TEST_F(DiscoveryTest, OtherAddressesComeBackAsTheyAre) {
  EXPECT_EQ(found_at("udp://10.0.0.7:6000?mode=every", {}), "udp://10.0.0.7:6000?mode=every");
  EXPECT_EQ(looked_for_, 0s);
}

}  // namespace
}  // namespace glimt::hub

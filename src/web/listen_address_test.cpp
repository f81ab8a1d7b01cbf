#include "web/listen_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::web {
namespace {

using testing::HasSubstr;

TEST(ListenAddress, IsHostAndPort) {
  struct Row {
    std::string text, host;
    uint16_t port;
  };
  for (const Row& row : {Row{"127.0.0.1:8080", "127.0.0.1", 8080}, Row{"localhost:80", "localhost", 80},
                         Row{"[::1]:8080", "::1", 8080}, Row{":8080", "", 8080},
                         Row{"0.0.0.0:0", "0.0.0.0", 0}, Row{"cam.example:65535", "cam.example", 65535}}) {
    const auto address = parse_listen_address(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->host, row.host) << row.text;
    EXPECT_EQ(address->port, row.port) << row.text;
    EXPECT_EQ(address->kind, transport::Kind::tcp);
  }
}

TEST(ListenAddress, OfAnotherFormIsRefusedWithTheForm) {
  for (const std::string text : {"", "8080", "127.0.0.1", "[::1]", "[::1:8080", "[]:80", "[::1]8080"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(address.error().message, HasSubstr("as in 127.0.0.1:8080")) << text;
  }
  for (const std::string text :
       {"::1:8080", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":-0", ":http"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().message, HasSubstr("expected a whole number from 0 to 65535")) << text;
  }
}

TEST(OwnHost, IsLocalhostAndEveryIpAddress) {
  for (const char* host : {"localhost", "localhost:8080", "LocalHost:1", "127.0.0.1", "127.0.0.1:8080",
                           "[::1]", "[::1]:8080", "10.0.0.5:8080", "[fe80::1]:80"})
    EXPECT_TRUE(is_own_host(host)) << host;
}

TEST(OwnHost, IsNoNameThatSomebodyElseMayResolve) {
  for (const char* host :
       {"", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
        "127.0.0.1:8080@evil.example", "::1", "[127.0.0.1]", "[localhost]", "[::1", "[::1]x",
        "localhost:", "localhost:99999", "localhost:-0", "127.0.0.1:80:80", "0x7f.1", "[fe80::1%eth0]"})
    EXPECT_FALSE(is_own_host(host)) << host;
  EXPECT_FALSE(is_own_host(std::string_view("127.0.0.1\0.evil", 15)));
}

TEST(SameOrigin, IsSchemeAndTheHostThatWasAsked) {
  EXPECT_TRUE(is_same_origin("http://127.0.0.1:8080", "127.0.0.1:8080"));
  EXPECT_TRUE(is_same_origin("https://Cameras.example", "cameras.example"));
  for (const char* other :
       {"", "null", "http://", "127.0.0.1:8080", "http://127.0.0.1", "http://127.0.0.1:80801",
        "http://evil.example", "http://127.0.0.1:8080.evil.example", "file://127.0.0.1:8080"})
    EXPECT_FALSE(is_same_origin(other, "127.0.0.1:8080")) << other;
}

TEST(PageAddress, IsWhatStandsBetweenSchemeAndPath) {
  const auto address_of = [](std::string_view text) { return page_address(Url::parse(text).value()); };
  EXPECT_EQ(address_of("http://:8080/").value(), ":8080");
  EXPECT_EQ(address_of("http://127.0.0.1:0").value(), "127.0.0.1:0");
  EXPECT_EQ(address_of("HTTP://[::1]:8080/").value(), "[::1]:8080");
  for (const char* text :
       {"http://", "http:///", "http:8080", "http://:8080/cam0", "http://:8080/?x", "http://:8080#a",
        "http://me:secret@:8080/", "http://host", "http://:65536/", "https://:8443/"})
    EXPECT_FALSE(address_of(text)) << text;
}

}  // namespace
}  // namespace glimt::web

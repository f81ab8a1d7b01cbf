#include "pipeline/endpoint_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::pipeline {
namespace {

using testing::HasSubstr;

Result<SendEndpoint> sending(const std::string& text) {
  PublisherOptions options;
  const auto endpoints = parse_send_endpoints({*Url::parse(text)}, options);
  if (!endpoints) return endpoints.error();
  return endpoints->front();
}
std::string other_side_of(const std::string& text, bool sends) {
  return other_side(*transport::Address::from_url(*Url::parse(text), sends));
}

TEST(EndpointOptionsTest, OneWayStreamsHaveAFifthOfParityUnlessSaidOtherwise) {
  EXPECT_EQ(sending("udp://a:9?feedback=off")->parity_percent, 20);
  EXPECT_EQ(sending("udp://239.1.2.3:9")->parity_percent, 20);
  EXPECT_EQ(sending("udp://239.1.2.3:9?parity=0")->parity_percent, 0);
  EXPECT_EQ(sending("udp://239.1.2.3:9?parity=100")->parity_percent, 100);
  EXPECT_EQ(sending("udp://a:9")->parity_percent, 0);
}

TEST(EndpointOptionsTest, ParityIsAPercentageAndOfOneWayStreamsOnly) {
  for (const char* wrong : {"101", "-1", "20%", "much", ""}) {
    const auto endpoint = sending(std::string("udp://239.1.2.3:9?parity=") + wrong);
    ASSERT_FALSE(endpoint) << wrong;
    EXPECT_THAT(endpoint.error().message, HasSubstr("from 0 to 100"));
  }
  for (const char* address :
       {"udp://a:9?parity=20", "tcp://a:9?parity=20", "udp://:9?feedback=on&parity=20"}) {
    const auto endpoint = sending(address);
    ASSERT_FALSE(endpoint) << address;
    EXPECT_THAT(endpoint.error().message, HasSubstr("is for one-way streams"));
  }
}

TEST(EndpointOptionsTest, OtherSideOfAOneWayStreamIsOneWayToo) {
  EXPECT_EQ(other_side_of("udp://a:9?feedback=off", true), "udp://:9?feedback=off");
  EXPECT_EQ(other_side_of("udp://1.2.3.4:9?listen&feedback=off", false), "udp://1.2.3.4:9?feedback=off");
  EXPECT_EQ(other_side_of("udp://239.1.2.3:9", true), "udp://239.1.2.3:9?listen");
  EXPECT_EQ(other_side_of("udp://239.1.2.3:9?listen", false), "udp://239.1.2.3:9");
  EXPECT_EQ(other_side_of("udp://239.1.2.3:9?interface=lo", true), "udp://239.1.2.3:9?listen&interface=lo");
  EXPECT_EQ(other_side_of("udp://239.1.2.3:9?listen&interface=lo", false), "udp://239.1.2.3:9?interface=lo");
  EXPECT_EQ(other_side_of("udp://a:9?feedback=on", true), "udp://:9");
}

}  // namespace
}  // namespace glimt::pipeline

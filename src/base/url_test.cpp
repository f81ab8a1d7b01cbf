#include "glimt/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glimt/options.hpp"

namespace glimt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class UrlTest : public ::testing::Test {
 protected:
  static Url parsed(std::string_view text) {
    const auto url = Url::parse(text);
    EXPECT_TRUE(url) << text;
    return url ? *url : Url{};
  }
  static std::string refusal(std::string_view text) {
    const auto url = Url::parse(text);
    if (url) return "accepted";
    EXPECT_EQ(url.error().kind, ErrorKind::invalid_argument);
    return url.error().message;
  }
};

TEST_F(UrlTest, NetworkAddressHasHostAndPort) {
  const auto url = parsed("udp://10.0.0.5:5000?mode=every&latency=40ms&listen");
  EXPECT_EQ(url.scheme, "udp");
  EXPECT_EQ(url.host, "10.0.0.5");
  EXPECT_EQ(url.port, 5000);
  EXPECT_EQ(url.find("mode"), "every");
  EXPECT_EQ(url.find("latency"), "40ms");
  EXPECT_EQ(url.find("listen"), "");
  EXPECT_FALSE(url.has("quality"));
  EXPECT_EQ(url.text, "udp://10.0.0.5:5000?mode=every&latency=40ms&listen");
}

TEST_F(UrlTest, ListeningAddressHasNoHost) {
  EXPECT_EQ(parsed("tcp://:5000").host, "");
  EXPECT_EQ(parsed("udp://@:5000").host, "@");
  EXPECT_EQ(parsed("UDP://:5000/").scheme, "udp");
}

TEST_F(UrlTest, Ipv6StandsInBrackets) {
  EXPECT_EQ(parsed("udp://[fe80::1]:65535").host, "fe80::1");
  EXPECT_EQ(parsed("udp://[fe80::1]:65535").port, 65535);
  EXPECT_THAT(refusal("udp://fe80::1:5000"), HasSubstr("brackets"));
  EXPECT_THAT(refusal("udp://[fe80::1:5000"), HasSubstr("]"));
}

TEST_F(UrlTest, ShortFormsGetTheirScheme) {
  EXPECT_EQ(parsed("0").scheme, "camera");
  EXPECT_EQ(parsed("/dev/video2").path, "/dev/video2");
  EXPECT_EQ(parsed("clip.mp4").scheme, "file");
  EXPECT_EQ(parsed("C:\\clip.mp4").scheme, "file");
  EXPECT_EQ(parsed("-").scheme, "-");
  EXPECT_EQ(parsed("0?fps=30").find("fps"), "30");
}

TEST_F(UrlTest, OtherPeoplesAddressesStayWhole) {
  const auto url = parsed("rtsp://user:pw@cam/stream?channel=1");
  EXPECT_EQ(url.path, "rtsp://user:pw@cam/stream?channel=1");
  EXPECT_TRUE(url.options.empty());
}

TEST_F(UrlTest, UnixAddressHasAPath) {
  EXPECT_EQ(parsed("unix:///run/cam.sock?mode=660").path, "/run/cam.sock");
  EXPECT_EQ(parsed("unix:/run/cam.sock").path, "/run/cam.sock");
  EXPECT_THAT(refusal("unix:"), HasSubstr("the path is missing"));
}

TEST_F(UrlTest, NameOfAStreamMayHaveAHostBehindIt) {
  EXPECT_EQ(parsed("glimt://cam0?mode=every").path, "cam0");
  EXPECT_EQ(parsed("glimt://cam0?mode=every").find("mode"), "every");
  EXPECT_EQ(parsed("Glimt://cam0/").scheme, "glimt");
  EXPECT_EQ(parsed("glimt://cam0/").path, "cam0");
  EXPECT_EQ(parsed("glimt://cam0").host, "");
  EXPECT_EQ(parsed("glimt://cam0@studio.local").path, "cam0");
  EXPECT_EQ(parsed("glimt://cam0@studio.local").host, "studio.local");
  EXPECT_EQ(parsed("glimt://").path, "");  // whoever resolves it tells which names there are
  EXPECT_THAT(refusal("glimt:cam0"), HasSubstr("glimt://NAME"));
  EXPECT_THAT(refusal("glimt://cam0@"), HasSubstr("the host is missing"));
}

TEST_F(UrlTest, RefusalSaysTheFormThatWasExpected) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("udp:10.0.0.5:5000"), HasSubstr("udp://host:port"));
  EXPECT_THAT(refusal("tcp://10.0.0.5"), HasSubstr("the port is missing"));
  EXPECT_THAT(refusal("udp://[::1]"), HasSubstr("the port is missing"));
  for (const char* port : {"0", "65536", "-1", "x", "", "5000x", "99999999999"})
    EXPECT_THAT(refusal(std::string("udp://h:") + port), HasSubstr("from 1 to 65535")) << port;
}

TEST_F(UrlTest, UnknownOptionIsAnErrorThatListsTheKnownOnes) {
  const auto url = parsed("test:?siez=1x1");
  const auto allowed = url.allow_only({"size", "fps"});
  ASSERT_FALSE(allowed);
  EXPECT_THAT(allowed.error().message, HasSubstr("'siez'"));
  EXPECT_THAT(allowed.error().message, HasSubstr("known here: size, fps"));
  EXPECT_THAT(url.allow_only({}).error().message, HasSubstr("there are none here"));
  EXPECT_TRUE(url.allow_only({"siez"}));
}

TEST(ParseDurationTest, NeedsItsUnit) {
  EXPECT_EQ(*parse_duration("40ms"), 40ms);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("250us"), 250us);
  EXPECT_EQ(*parse_duration("10m"), 10min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  for (const char* bad : {"", "40", "ms", "-1ms", "1 ms", "1ms ", "nan", "inf", "1e300s", "40MS"})
    EXPECT_EQ(parse_duration(bad).error().kind, ErrorKind::invalid_argument) << bad;
}

TEST(ParseBitrateTest, IsBitsPerSecondWithOrWithoutAUnit) {
  EXPECT_EQ(*parse_bitrate("500M"), 500e6);
  EXPECT_EQ(*parse_bitrate("20k"), 20e3);
  EXPECT_EQ(*parse_bitrate("1.5G"), 1.5e9);
  EXPECT_EQ(*parse_bitrate("0"), 0);
  for (const char* bad : {"", "M", "-5M", "5X", "5MM", "nan", "inf"})
    EXPECT_EQ(parse_bitrate(bad).error().kind, ErrorKind::invalid_argument) << bad;
}

TEST(ParseBytesTest, TakesPowersOf1000AndOf1024) {
  EXPECT_EQ(*parse_bytes("1"), 1u);
  EXPECT_EQ(*parse_bytes("256M"), 256'000'000u);
  EXPECT_EQ(*parse_bytes("1.5G"), 1'500'000'000u);
  EXPECT_EQ(*parse_bytes("20k"), 20'000u);
  EXPECT_EQ(*parse_bytes("4Ki"), 4096u);
  EXPECT_EQ(*parse_bytes("64Mi"), size_t{64} << 20);
  EXPECT_EQ(*parse_bytes("1Gi"), size_t{1} << 30);
  for (const char* bad : {"", "M", "0", "0.5", "-5M", "5X", "5MB", "5 M", "nan", "inf", "1000000000000G"})
    EXPECT_EQ(parse_bytes(bad).error().kind, ErrorKind::invalid_argument) << bad;
}

TEST(ParseSizeTest, IsWidthAndHeight) {
  EXPECT_EQ(*parse_size("1280x720"), (std::pair{1280, 720}));
  for (const char* bad : {"", "x", "1280", "1280x", "x720", "0x5", "5x0", "5x65536", "1280X720", "1x2x3"})
    EXPECT_EQ(parse_size(bad).error().kind, ErrorKind::invalid_argument) << bad;
}

TEST(ParseIntegerTest, NamesWhatItIsAndItsRange) {
  EXPECT_EQ(*parse_integer("-5", -5, 5, "level"), -5);
  EXPECT_EQ(*parse_integer("5", -5, 5, "level"), 5);
  const auto bad = parse_integer("6", -5, 5, "level");
  EXPECT_THAT(bad.error().message, HasSubstr("'6' is not a level; expected a whole number from -5 to 5"));
}

TEST(ParseWordsTest, UnknownWordListsTheKnownOnes) {
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32, PixelFormat::i420})
    EXPECT_EQ(*parse_pixel_format(to_string(format)), format);
  EXPECT_EQ(*parse_mode("every"), Mode::every);
  EXPECT_EQ(*parse_codec("raw"), Codec::raw);
  EXPECT_THAT(parse_mode("all").error().message, HasSubstr("known: latest, every"));
  EXPECT_THAT(parse_codec("h265").error().message, HasSubstr("known: raw, jpeg"));
}

}  // namespace
}  // namespace glimt

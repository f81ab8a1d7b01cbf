#include "hub/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace glimt::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

HubConfig parsed(const std::string& text) { return std::move(parse_config(text, "hub.toml")).value(); }

std::string refusal(const std::string& text) {
  const auto config = parse_config(text, "hub.toml");
  if (config) return "accepted";
  EXPECT_EQ(config.error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(config.error().message.find('\n'), std::string::npos);
  return config.error().message;
}
// Of a stream with one key more, in line 4.
std::string refusal_of_key(const std::string& line) {
  return refusal("[[stream]]\nname = \"cam0\"\nsource = \"test:\"\n" + line + "\n");
}

TEST(ConfigTest, AnEmptyFileIsAHubWithoutStreams) {
  const auto config = parsed("");
  EXPECT_TRUE(config.streams.empty());
  EXPECT_TRUE(config.announce);
  EXPECT_EQ(config.state_path, "");
  EXPECT_EQ(config.web.listen, "127.0.0.1:8080");
  EXPECT_EQ(config.limits.streams, 64u);
  EXPECT_EQ(config.limits.destinations, 4096u);
}

TEST(ConfigTest, ReadsWhatConcernsTheHub) {
  const auto config = parsed(R"(
state = "none"
announce = false
limits = {streams = 2, destinations = 3}
[control]
unix = "/run/glimt/control.sock"
tcp = "0.0.0.0:5443"
certificate = "hub.pem"
key = "hub.key"
client_ca = "ca.pem"
view_token_file = "view"
steer_token_file = "steer"
calls_per_second = 0
watchers = 7
max_message = "2Mi"
[web]
listen = "none"
tls = true
)");
  EXPECT_EQ(config.state_path, "none");
  EXPECT_FALSE(config.announce);
  EXPECT_EQ(config.limits.streams, 2u);
  EXPECT_EQ(config.limits.destinations, 3u);
  const auto& control = config.control;
  EXPECT_EQ(control.unix_path, "/run/glimt/control.sock");
  EXPECT_EQ(control.tcp, "0.0.0.0:5443");
  EXPECT_EQ(control.certificate + control.key + control.client_ca, "hub.pemhub.keyca.pem");
  EXPECT_EQ(control.view_token_file + control.steer_token_file, "viewsteer");
  EXPECT_EQ(control.calls_per_second, 0);
  EXPECT_EQ(control.watchers, 7);
  EXPECT_EQ(control.max_message_bytes, size_t{2} << 20);
  EXPECT_EQ(config.web.listen, "");
  EXPECT_TRUE(config.web.tls);
}

TEST(ConfigTest, TlsOfThePageWantsCertificateAndKey) {
  EXPECT_THAT(refusal("[web]\ntls = true\n[control]\nkey = \"hub.key\"\n"), StartsWith("hub.toml:2: tls: "));
  EXPECT_FALSE(parsed("[web]\ntls = false\n").web.tls);
}

TEST(ConfigTest, ReadsAllThatIsSaidOfAStream) {
  const auto config = parsed(R"(
[[stream]]
name = "cam0"
source = "clip.mp4"
format = "mjpeg"
filter = "faces"
loop = true
paused = true
codec = "h264"
quality = 70
chroma = "444"
encoder = "libx264"
bitrate = "6M"
intra_refresh = true
workers = 2
size = "1280x720"
fps = 15
[[stream.destination]]
id = "wall"
url = "udp://10.0.0.5:5000"
)");
  StreamSettings expected{.name = "cam0", .source = "clip.mp4", .format = "mjpeg", .filter = "faces"};
  expected.loop = expected.paused = true;
  expected.encoding = {.codec = Codec::h264,
                       .quality = 70,
                       .chroma = Chroma::c444,
                       .encoder = "libx264",
                       .bitrate_bps = 6e6,
                       .intra_refresh = true,
                       .workers = 2,
                       .size = std::pair{1280, 720},
                       .fps = 15};
  expected.destinations = {{"wall", "udp://10.0.0.5:5000"}};
  EXPECT_THAT(config.streams, ElementsAre(expected));
}

TEST(ConfigTest, DestinationsWithoutAnIdAreNumberedByTheirPlace) {
  const auto config = parsed(R"(
[[stream]]
name = "a"
source = "test:"
destinations = ["udp://:5000", "tcp://:5000"]
[[stream.destination]]
id = "d3"
url = "udp://:5001"
[[stream.destination]]
url = "udp://:5002"
[[stream]]
name = "b"
source = "test:"
[[stream.destination]]
id = "wall"
url = "udp://:5003"
[[stream.destination]]
url = "udp://:5004"
)");
  EXPECT_THAT(
      config.streams[0].destinations,
      ElementsAre(DestinationSettings{"d1", "udp://:5000"}, DestinationSettings{"d2", "tcp://:5000"},
                  DestinationSettings{"d3", "udp://:5001"}, DestinationSettings{"d4", "udp://:5002"}));
  EXPECT_THAT(config.streams[1].destinations, ElementsAre(DestinationSettings{"wall", "udp://:5003"},
                                                          DestinationSettings{"d2", "udp://:5004"}));
}

TEST(ConfigTest, AnUnknownKeyNamesItsLineAndTheNearestKnownOne) {
  EXPECT_THAT(refusal("announce = true\nstat = \"none\"\n"),
              StartsWith("hub.toml:2: unknown key 'stat'; 'state'"));
  EXPECT_THAT(refusal("[limits]\nstream = 3\n"), HasSubstr("'streams' is the nearest"));
  EXPECT_THAT(refusal("[control]\n\ntpc = \"\"\n"), StartsWith("hub.toml:3: unknown key 'tpc'; 'tcp'"));
  EXPECT_THAT(refusal("web.lissten = \"none\"\n"), HasSubstr("'listen' is the nearest"));
  EXPECT_THAT(refusal_of_key("qualty = 70"), StartsWith("hub.toml:4: unknown key 'qualty'; 'quality'"));
  EXPECT_THAT(refusal_of_key("destination = [{ulr = \"udp://:5000\"}]"), HasSubstr("'url' is the nearest"));
}

TEST(ConfigTest, TheFirstOfManyFaultsInTheFileIsTheOneNamed) {
  EXPECT_THAT(refusal("[web]\nzzz = 1\naaa = 1\n[control]\naaa = 1\n"),
              StartsWith("hub.toml:2: unknown key 'zzz'"));
}

TEST(ConfigTest, AValueOfAnotherTypeIsRefusedWithWhatWasExpected) {
  EXPECT_THAT(refusal("state = 1\n"), StartsWith("hub.toml:1: state: expected a text in quotes"));
  EXPECT_THAT(refusal("announce = \"yes\"\n"), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal("limits = 3\n"), HasSubstr("expected a table, as in [limits]"));
  EXPECT_THAT(refusal("[stream]\nname = \"a\"\n"), HasSubstr("expected [[stream]]"));
  EXPECT_THAT(refusal("stream = [3]\n"), HasSubstr("expected a table"));
  EXPECT_THAT(refusal("state = 1979-05-27\n"), HasSubstr("expected a text"));
  EXPECT_THAT(refusal_of_key("source = 0"), HasSubstr("already"));
  EXPECT_THAT(refusal_of_key("fps = \"15\""), StartsWith("hub.toml:4: fps: expected a number"));
  EXPECT_THAT(refusal_of_key("quality = 70.5"), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal_of_key("chroma = 420"), HasSubstr("expected a text in quotes"));
  EXPECT_THAT(refusal_of_key("destinations = \"udp://:5000\""), HasSubstr("expected a list of addresses"));
  EXPECT_THAT(refusal_of_key("destinations = [5000]"), HasSubstr("expected a text in quotes"));
  EXPECT_THAT(refusal_of_key("[stream.destination]\nurl = \"udp://:5000\""),
              HasSubstr("[[stream.destination]]"));
}

TEST(ConfigTest, WhatIsOutOfRangeIsRefusedInItsLine) {
  for (const char* line :
       {"quality = 0", "quality = 101", "quality = 9223372036854775807", "workers = -1", "workers = 65",
        "fps = 0", "fps = nan", "fps = 1001", "bitrate = \"0\"", "bitrate = \"fast\"", "size = \"0x720\"",
        "size = \"1280\"", "codec = \"mpeg2\"", "chroma = \"411\"", "encoder = \"a\\u0000b\""})
    EXPECT_THAT(refusal_of_key(line), StartsWith("hub.toml:4: ")) << line;
  for (const char* line :
       {"[limits]\nstreams = 0", "[limits]\nstreams = 4097", "[limits]\ndestinations = 0",
        "[control]\ncalls_per_second = -1", "[control]\nwatchers = 5000", "[control]\nmax_message = \"1\"",
        "[control]\nmax_message = \"1G\"", "[control]\nunix = \"control.sock\"", "[web]\nlisten = \"8080\"",
        "[web]\nlisten = \":80\"", "[web]\nlisten = \"a:65536\"", "[web]\nlisten = \"::1:80\"",
        "[web]\nlisten = \"\""})
    EXPECT_THAT(refusal(line), StartsWith("hub.toml:2: ")) << line;
  EXPECT_THAT(refusal("[control]\nunix = \"/" + std::string(107, 'a') + "\""),
              HasSubstr("at most 107 bytes"));
}

TEST(ConfigTest, PortsOfAllAddressesAndAnyFreePortAreTaken) {
  for (const char* listen : {"0.0.0.0:8080", "[::1]:8080", "[::]:0", "localhost:8080", "127.0.0.1:0"})
    EXPECT_EQ(parsed("[web]\nlisten = \"" + std::string(listen) + "\"").web.listen, listen);
}

TEST(ConfigTest, AStreamHasANameAndASource) {
  EXPECT_THAT(refusal("\n[[stream]]\nsource = \"0\"\n"), StartsWith("hub.toml:2: name is missing"));
  EXPECT_THAT(refusal("[[stream]]\nname = \"a b\"\nsource = \"0\"\n"),
              StartsWith("hub.toml:1: the name of a stream"));
  EXPECT_THAT(refusal("[[stream]]\nname = \"a\"\n"), HasSubstr("source is missing"));
  EXPECT_THAT(refusal("[[stream]]\nname = \"a\"\nsource = \"-\"\n"),
              StartsWith("hub.toml:1: a hub has no standard"));
}

TEST(ConfigTest, TwoStreamsOfOneNameAreRefusedWithBothLines) {
  const std::string one = "[[stream]]\nname = \"cam0\"\nsource = \"0\"\n";
  EXPECT_EQ(refusal(one + one), "hub.toml:4: the name 'cam0' is taken, as in line 1; change one of the two");
}

TEST(ConfigTest, DestinationsThatCannotStandTogetherAreRefusedWithBothLines) {
  const auto of = [](const std::string& a, const std::string& b, const std::string& next) {
    return "[[stream]]\nname = \"a\"\nsource = \"0\"\n[[stream.destination]]\n" + a + "\n" + next +
           "[[stream.destination]]\n" + b + "\n";
  };
  const std::string other = "[[stream]]\nname = \"b\"\nsource = \"1\"\n";
  EXPECT_THAT(refusal(of("id = \"x\"\nurl = \"udp://:1\"", "id = \"x\"\nurl = \"udp://:2\"", "")),
              StartsWith("hub.toml:7: the id 'x' is taken, as in line 4"));
  EXPECT_THAT(refusal(of("url = \"udp://:1\"", "url = \"udp://0.0.0.0:1\"", other)),
              StartsWith("hub.toml:9: 'udp://0.0.0.0:1' is taken, as in line 4"));
  EXPECT_THAT(refusal(of("url = \"unix:///a\"", "url = \"unix:///a?mode=660\"", other)),
              HasSubstr("is taken"));
  EXPECT_THAT(refusal(of("url = \"udp://h:1\"", "url = \"udp://h:1\"", "")), HasSubstr("is taken"));
  EXPECT_EQ(refusal(of("url = \"udp://h:1\"", "url = \"udp://h:1\"", other)), "accepted");
  EXPECT_EQ(refusal(of("url = \"udp://:1\"", "url = \"tcp://:1\"", "")), "accepted");
}

TEST(ConfigTest, ADestinationIsRefusedInItsLine) {
  EXPECT_THAT(refusal_of_key("destinations = [\"udp://:5000\",\n\"udp://host\"]"),
              StartsWith("hub.toml:5: "));
  EXPECT_THAT(refusal_of_key("destinations = [\"udp://:5000?quality=3\"]"), HasSubstr("another quality"));
  EXPECT_THAT(refusal_of_key("destinations = [\"\"]"), HasSubstr("url is missing"));
  EXPECT_THAT(refusal_of_key("[[stream.destination]]\nid = \"a\""), StartsWith("hub.toml:4: url is missing"));
  EXPECT_THAT(refusal_of_key("[[stream.destination]]\nid = \"a/b\"\nurl = \"udp://:1\""),
              HasSubstr("the name of"));
}

TEST(ConfigTest, MoreThanTheLimitsIsRefusedWithTheLimitToRaise) {
  const std::string streams =
      "[[stream]]\nname = \"a\"\nsource = \"0\"\ndestinations = [\"udp://:1\", \"udp://:2\"]\n"
      "[[stream]]\nname = \"b\"\nsource = \"0\"\n";
  EXPECT_THAT(refusal("limits.streams = 1\n" + streams),
              StartsWith("hub.toml:6: more streams than 1; raise"));
  EXPECT_THAT(refusal("limits.destinations = 1\n" + streams),
              StartsWith("hub.toml:2: more destinations than 1"));
}

TEST(ConfigTest, TcpWantsACertificateAndAProofOfWhoCalls) {
  const std::string tcp = "[control]\ntcp = \"0.0.0.0:5443\"\n", pair = "certificate = \"c\"\nkey = \"k\"\n";
  EXPECT_THAT(refusal(tcp), HasSubstr("--make-cert"));
  EXPECT_THAT(refusal(tcp + "certificate = \"c\"\nsteer_token_file = \"t\"\n"),
              HasSubstr("certificate and key"));
  EXPECT_THAT(refusal(tcp + pair), StartsWith("hub.toml:2: tcp: nobody could prove"));
  for (const char* proof : {"steer_token_file", "view_token_file", "client_ca"})
    EXPECT_EQ(refusal(tcp + pair + proof + " = \"p\"\n"), "accepted");
}

TEST(ConfigTest, WhatIsNoTomlIsRefusedInItsLine) {
  EXPECT_THAT(refusal("a=1\nb=\n"), StartsWith("hub.toml:2: missing value"));
  EXPECT_THAT(refusal("state = \"a\"\n\nstate = \"b\"\n"), StartsWith("hub.toml:3: "));
  EXPECT_THAT(refusal("\nstate = 'K\xFC"
                      "che'\n"),
              StartsWith("hub.toml:2: is no UTF-8"));
  EXPECT_THAT(refusal("\"a\\nb\" = 1\n"), StartsWith("hub.toml:1: unknown key 'a?b'"));
}

TEST(ConfigTest, SizeAndDepthAreBounded) {
  EXPECT_THAT(refusal(std::string(1'000'001, '#')), HasSubstr("more than 1 MB"));
  for (const std::string part : {"[", "{a=", "a.", "[\"]\",", "['''\n''','''a'''''',"}) {
    std::string deep = part.front() == 'a' ? "" : "state = ";
    while (deep.size() < 900'000) deep += part;
    EXPECT_THAT(refusal(deep), HasSubstr("nested too deep")) << part;
  }
}

TEST(ConfigTest, BracketsInTextsAndCommentsAreNoDepth) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "# [[[ it's\n";
  text +=
      "state = \"[[[[[[[[[[[[[[[[[[\\\"[[[\"\n[web]\nlisten = '[::1]:80' # [[[\n[control]\nkey = "
      "'''[[[[[[[[[[[[['''\n";
  EXPECT_EQ(parsed(text).web.listen, "[::1]:80");
}

TEST(ConfigTest, AFileThatIsNotThereOrAFolderIsRefusedWithItsName) {
  EXPECT_THAT(read_config("/nowhere/hub.toml").error().message,
              StartsWith("/nowhere/hub.toml: No such file"));
  EXPECT_THAT(read_config("/").error().message, HasSubstr("name a file"));
}

TEST(ConfigTest, AFileIsReadAndNamedInWhatIsWrongWithIt) {
  const std::string path = testing::TempDir() + "config_test." + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << "announce = false\n";
  EXPECT_FALSE(read_config(path).value().announce);
  std::ofstream(path) << "announce = 0\n";
  EXPECT_THAT(read_config(path).error().message, StartsWith(path + ":1: announce"));
  std::ofstream(path) << std::string(1'500'000, ' ');
  EXPECT_THAT(read_config(path).error().message, HasSubstr("more than 1 MB"));
  std::filesystem::remove(path);
}

TEST(ConfigTest, WithoutAFileThereIsOneStreamThatMayBe) {
  const std::string folder = testing::TempDir() + "config_test." + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
  auto config = default_config();
  ASSERT_TRUE(config);
  ASSERT_EQ(config.value().streams.size(), 1u);
  const auto& stream = config.value().streams[0];
  EXPECT_EQ(stream.name, "cam0");
  EXPECT_EQ(stream.source, access("/dev/video0", F_OK) == 0 ? "0" : "test:");
  EXPECT_THAT(stream.destinations,
              ElementsAre(DestinationSettings{"local", "unix://" + folder + "/glimt/cam0.sock"}));
  EXPECT_TRUE(check(stream));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace glimt::hub

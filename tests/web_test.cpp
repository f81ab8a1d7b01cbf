// The web server's sockets: what comes over a connection, in whatever pieces, and what becomes of connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "support/http_peer.hpp"
#include "support/hub_of_pictures.hpp"
#include "support/streams.hpp"
#include "web/server.hpp"

namespace glimt {
namespace {

using test::HttpPeer;
using testing::HasSubstr;

class WebTest : public testing::Test {
 protected:
  web::ServerOptions options() { return {.hub = *hub, .listen = "127.0.0.1:0"}; }
  void open(const web::ServerOptions& with) {
    server = web::open_server(with).value();
    address = server->address();
  }
  // Of glimt_web_connections; asks over a connection of its own, which it counts too.
  double connections() {
    const auto text = HttpPeer(address).get("/metrics").body;
    const std::string name = "\nglimt_web_connections ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }

  test::StreamsInTest streams{{"cam0", {hub::StreamState::flowing, std::vector<uint8_t>(50'000, 7)}}};
  std::unique_ptr<hub::Hub> hub = test::open_hub_of_pictures(streams);
  std::unique_ptr<web::Server> server;
  std::string address;
};

TEST_F(WebTest, AnswersWithTheGuardsThatABrowserKnows) {
  open(options());
  const auto answer = HttpPeer(address).get("/snapshot/cam0.jpg");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(50'000, 7));
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"content-type", "image/jpeg"},
           {"cache-control", "no-store"},
           {"x-content-type-options", "nosniff"},
           {"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
           {"cross-origin-resource-policy", "same-origin"},
           {"referrer-policy", "no-referrer"}}) {
    EXPECT_EQ(answer.fields.at(name), value) << name;
  }
  EXPECT_THAT(answer.fields.at("date"),
              testing::MatchesRegex("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 2[0-9]{3} "
                                    "[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"));
}

TEST_F(WebTest, AnswersHeadLikeGetWithoutTheBody) {
  open(options());
  HttpPeer peer(address);
  const auto head = peer.get("/snapshot/cam0", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-length"), "50000");
  EXPECT_EQ(peer.get("/health").status, 200);  // what follows is no body
}

TEST_F(WebTest, AnswersWhatIsSentAheadInItsOrder) {
  open(options());
  HttpPeer peer(address);
  std::string ahead;
  for (int i = 0; i < 50; ++i)
    ahead += "GET " + std::string(i % 2 == 0 ? "/health" : "/nowhere") + " HTTP/1.1\r\nHost: [::1]\r\n\r\n";
  ASSERT_TRUE(peer.send(ahead));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(peer.read().status, i % 2 == 0 ? 200 : 404) << i;
}

TEST_F(WebTest, TakesARequestInPiecesOfOneByte) {
  open(options());
  HttpPeer peer(address);
  for (const char c : std::string("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
    ASSERT_TRUE(peer.send({&c, 1}));
  }
  EXPECT_EQ(peer.read().status, 200);
}

TEST_F(WebTest, ClosesAfterTheAnswerWhereThePeerWantsThat) {
  open(options());
  for (const std::string request : {"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                                    "GET /health HTTP/1.0\r\n\r\n"}) {
    HttpPeer peer(address);
    ASSERT_TRUE(peer.send(request));
    EXPECT_EQ(peer.read().status, 200);
    EXPECT_TRUE(peer.ends());
  }
}

TEST_F(WebTest, RefusesWhatIsNoRequestForItAndCloses) {
  open(options());
  struct Row {
    std::string request;
    int status;
  };
  const std::string get = "GET /health HTTP/1.1\r\n", host = "Host: localhost\r\n";
  for (const Row& row :
       {Row{get + "\r\n", 400}, Row{get + host + host + "\r\n", 400},
        Row{get + "Host: evil.example\r\n\r\n", 421}, Row{"\x16\x03\x01 hello TLS\r\n\r\n", 400},
        Row{"GET /health HTTP/9.9\r\n" + host + "\r\n", 400},
        Row{get + host + "Content-Length: 5\r\n\r\nhello", 413},
        Row{get + host + "Content-Length: 99999999999\r\n\r\n", 413},
        Row{get + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 413},
        Row{"POST /health HTTP/1.1\r\n" + host + "\r\n", 405},
        Row{get + host + "X: " + std::string(9'000, 'x') + "\r\n\r\n", 431},
        Row{get + host + "X: " + std::string(1 << 17, 'x'), 431}}) {
    HttpPeer peer(address);
    peer.send(row.request);
    const auto answer = peer.read();
    EXPECT_EQ(answer.status, row.status) << row.request.substr(0, 200);
    EXPECT_THAT(answer.body, testing::EndsWith("\n"));
    peer.say_that_was_all();
    EXPECT_TRUE(peer.ends()) << row.request.substr(0, 200);
  }
  EXPECT_EQ(HttpPeer(address).get("/health").status, 200);
}

TEST_F(WebTest, TellsConnectionsBeyondTheLimitAndServesOnWhenOneGoes) {
  auto few = options();
  few.connections = 2;
  std::atomic<int> asked = 0;
  few.more_metrics = [&asked] { return std::string(asked++ == 0 ? 32 << 20 : 0, '#'); };
  open(few);
  std::optional<HttpPeer> looks(address);
  HttpPeer is_answered(address);
  ASSERT_TRUE(looks->send("GET /stream/cam0 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(looks->read().status, 200);
  ASSERT_TRUE(is_answered.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_TRUE(test::eventually([&] { return asked == 1; }));
  HttpPeer third(address);
  const auto told = third.read();
  EXPECT_EQ(told.status, 503);
  EXPECT_THAT(told.fields, testing::Contains(testing::Key("retry-after")));
  EXPECT_TRUE(third.ends());
  EXPECT_EQ(is_answered.read().body.size() >> 20, 32u);
  looks.reset();
  EXPECT_TRUE(test::eventually([&] {
    HttpPeer another(address);
    return another.get("/health").status == 200;
  }));
  EXPECT_THAT(is_answered.get("/metrics").body, testing::ContainsRegex("glimt_web_turned_away_total [1-9]"));
}

TEST_F(WebTest, GivesANewcomerTheSeatOfWhoeverHasGoneLongestWithoutAWholeRequest) {
  auto few = options();
  few.connections = 3;
  open(few);
  HttpPeer header(address), body(address), idle(address);
  header.send("GET /hea");
  body.send(
      "PATCH /streams/cam0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 20\r\n\r\n{");
  EXPECT_EQ(idle.get("/health").status, 200);
  HttpPeer first(address);
  EXPECT_EQ(first.get("/health").status, 200);
  EXPECT_TRUE(header.ends());
  EXPECT_EQ(idle.get("/health").status, 200);  // asked again: first has waited longer now
  HttpPeer second(address);
  EXPECT_EQ(second.get("/health").status, 200);
  EXPECT_TRUE(body.ends());
  HttpPeer third(address);
  EXPECT_EQ(third.get("/health").status, 200);
  EXPECT_TRUE(first.ends());
  EXPECT_THAT(idle.get("/metrics").body,
              AllOf(HasSubstr("\nglimt_web_connections 3\n"), HasSubstr("\nglimt_web_made_room_total 3\n"),
                    HasSubstr("\nglimt_web_turned_away_total 0\n")));
}

TEST_F(WebTest, EndsAHeaderThatDripsAndAConnectionThatIdles) {
  auto short_times = options();
  short_times.header_time = short_times.idle_time = std::chrono::milliseconds(100);
  open(short_times);
  HttpPeer silent(address), drips(address);
  std::optional<HttpPeer> idles;
  EXPECT_TRUE(test::eventually([&] { return idles.emplace(address).get("/health").status == 200; }));
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(idles->ends());
  EXPECT_TRUE(test::eventually([&] { return !drips.send("G"); }));
}

TEST_F(WebTest, AChangeThatTakesItsTimeKeepsNobodyElseWaiting) {
  std::promise<void> closes, let_go;
  streams.at("cam0").on_close = [&] {
    closes.set_value();
    let_go.get_future().wait();
  };
  open(options());
  HttpPeer steers(address);
  ASSERT_TRUE(steers.send("DELETE /streams/cam0 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_EQ(closes.get_future().wait_for(test::kDeadline), std::future_status::ready);
  EXPECT_EQ(HttpPeer(address).get("/health").status, 200);
  let_go.set_value();
  EXPECT_EQ(steers.read().status, 204);
}

TEST_F(WebTest, EndsAReaderThatDoesNotRead) {
  auto large = options();
  large.answer_time = std::chrono::milliseconds(200);
  std::atomic<int> asked = 0;
  large.more_metrics = [&asked] { return std::string(asked++ == 0 ? 32 << 20 : 0, '#'); };
  open(large);
  HttpPeer lazy(address);
  ASSERT_TRUE(lazy.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_TRUE(test::eventually([&] { return asked == 1; }));
  EXPECT_TRUE(test::eventually([&] { return connections() == 1; }));
}

TEST_F(WebTest, KeepsTheAnswersThatWaitWithinABound) {
  auto large = options();
  large.more_metrics = [] { return std::string(40 << 20, '#'); };
  open(large);
  HttpPeer lazy(address), next(address);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(lazy.send(request));
  EXPECT_TRUE(test::eventually([&] { return next.get("/metrics").status == 503; }));
  EXPECT_EQ(lazy.read().status, 200);
  EXPECT_TRUE(test::eventually([&] { return next.get("/metrics").status == 200; }));
}

TEST_F(WebTest, GoesWithConnectionsInEveryState) {
  auto large = options();
  large.more_metrics = [] { return std::string(32 << 20, '#'); };
  open(large);
  HttpPeer silent(address), half(address), idle(address), lazy(address);
  half.send("GET /hea");
  EXPECT_EQ(idle.get("/health").status, 200);
  lazy.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  server.reset();
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(idle.ends());
}

TEST_F(WebTest, TellsHealthWhileTheHubClosesUnderIt) {
  open(options());
  HttpPeer peer(address);
  EXPECT_EQ(peer.get("/health").status, 200);
  hub->close();
  EXPECT_EQ(peer.get("/health").status, 503);
  EXPECT_EQ(peer.get("/snapshot/cam0").status, 503);
}

TEST_F(WebTest, ListensWhereItIsToldAndSaysWhere) {
  open(options());
  EXPECT_THAT(address, testing::MatchesRegex("http://127\\.0\\.0\\.1:[1-9][0-9]*/"));
  auto everywhere = options();
  everywhere.listen = ":0";
  const auto open_to_all = web::open_server(everywhere).value();
  EXPECT_THAT(open_to_all->address(), testing::MatchesRegex("http://0\\.0\\.0\\.0:[1-9][0-9]*/"));
  HttpPeer peer(open_to_all->address());
  peer.send("GET /health HTTP/1.1\r\nHost: cameras.example\r\n\r\n");  // it has a name there
  EXPECT_EQ(peer.read().status, 200);
}

TEST_F(WebTest, SaysHowToGoOnWhereItCannotListen) {
  open(options());
  auto same = options();
  same.listen = address.substr(7, address.size() - 8);
  const auto taken = web::open_server(same);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(taken.error().message, AllOf(HasSubstr(same.listen), HasSubstr("ss -ltnp")));
  for (const char* wrong : {"8080", "127.0.0.1:99999", "192.0.2.1:0"}) {
    same.listen = wrong;
    const auto refused = web::open_server(same);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr(wrong));
  }
}

TEST(Web, ShowsAStreamThatRuns) {
  hub::StreamSettings settings;
  settings.name = "cam0";
  settings.source = "test:?size=320x240";
  const auto hub = hub::Hub::open({}, {settings}).value();
  const auto server = web::open_server({.hub = *hub, .listen = "127.0.0.1:0"}).value();
  HttpPeer peer(server->address());
  test::HttpAnswer snapshot;
  EXPECT_TRUE(test::eventually([&] {
    snapshot = peer.get("/snapshot/cam0");
    return snapshot.status != 503;
  }));
  EXPECT_EQ(snapshot.status, 200);
  EXPECT_TRUE(snapshot.body.starts_with("\xFF\xD8")) << snapshot.body.substr(0, 100);
  EXPECT_TRUE(snapshot.body.ends_with("\xFF\xD9"));
  EXPECT_THAT(peer.get("/health").body, HasSubstr(R"("state":"flowing")"));
}

}  // namespace
}  // namespace glimt

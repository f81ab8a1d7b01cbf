#include "web/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/hub_of_pictures.hpp"

namespace glimt::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class SiteTest : public testing::Test {
 protected:
  Answer get(std::string_view target, std::string_view host = "127.0.0.1:8080") {
    return site.answer({"GET", target, host}, counters);
  }

  test::StreamsInTest streams{{"cam0", {hub::StreamState::flowing, {0xFF, 0xD8, 0, '\n'}}},
                              {"cam1", {hub::StreamState::trouble, {}}},
                              {"pets.jpg", {hub::StreamState::flowing, {1}}}};
  std::unique_ptr<hub::Hub> hub = test::open_hub_of_pictures(streams);
  Site site{{*hub, [] { return std::string("glimt_more 1\n"); }}};
  WebCounters counters;
};

TEST_F(SiteTest, HealthTellsStreamsAndFailsForOneInTroubleOnlyWhereAskedStrictly) {
  const auto answer = get("/health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "application/json");
  const auto said = nlohmann::json::parse(answer.body);
  EXPECT_EQ(said["status"], "trouble");
  EXPECT_EQ(said["streams"][0], (nlohmann::json{{"name", "cam0"}, {"state", "flowing"}}));
  EXPECT_EQ(said["streams"][1]["state"], "trouble");
  EXPECT_EQ(get("/health?strict").status, 503);
}

TEST_F(SiteTest, HealthFailsOnceTheHubCloses) {
  hub->close();
  const auto answer = get("/health");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["status"], "closing");
}

TEST_F(SiteTest, SnapshotIsTheNewestPictureByteForByte) {
  for (const char* target : {"/snapshot/cam0", "/snapshot/cam0.jpg", "/snapshot/cam0?t=1"}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.type, "image/jpeg");
    EXPECT_EQ(answer.body, std::string("\xFF\xD8\0\n", 4));
  }
}

TEST_F(SiteTest, SnapshotOfAStreamWhoseNameEndsInJpgIsThatStreams) {
  EXPECT_EQ(get("/snapshot/pets.jpg").body, "\x01");
  EXPECT_EQ(get("/snapshot/pets.jpg.jpg").body, "\x01");
}

TEST_F(SiteTest, SnapshotOfNoStreamNamesThoseThatAreThere) {
  for (const char* target : {"/snapshot/cam7", "/snapshot/cam7.jpg", "/snapshot/.jpg", "/snapshot/"}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_THAT(answer.body, AllOf(HasSubstr("cam0"), HasSubstr("cam1"), HasSubstr("pets.jpg")));
  }
}

TEST_F(SiteTest, SnapshotBeforeTheFirstPictureSaysToAskAgain) {
  const auto answer = get("/snapshot/cam1");
  EXPECT_EQ(answer.status, 503);
  EXPECT_GT(answer.retry_after_s, 0);
  EXPECT_THAT(answer.body, HasSubstr("ask again"));
}

TEST_F(SiteTest, MetricsEndWithThoseOfOthers) {
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("\nglimt_hub_streams 3\n"));
  EXPECT_TRUE(answer.body.ends_with("\nglimt_more 1\n"));
}

TEST_F(SiteTest, IndexListsWhatIsThere) {
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 200);
  for (const char* page : {"/health", "/metrics", "/snapshot/cam0"})
    EXPECT_THAT(answer.body, HasSubstr(page));
}

TEST_F(SiteTest, UnknownPagesAreToldWhatIsKnownAndNeverQuoted) {
  const auto answer = get("/<script>");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body,
              AllOf(HasSubstr("/health"), HasSubstr("/snapshot/cam0"), Not(HasSubstr("script"))));
}

TEST_F(SiteTest, OtherMethodsAreToldWhichAreKnown) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "NONSENSE"}) {
    const auto answer = site.answer({method, "/health", "localhost"}, counters);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.allow, "GET, HEAD");
  }
}

TEST_F(SiteTest, AHostThatIsNotThisMachineIsRefusedInWhateverFormItIsNamed) {
  EXPECT_EQ(get("/health", "evil.example:8080").status, 421);
  EXPECT_EQ(get("http://evil.example:8080/health").status, 421);
  EXPECT_EQ(get("http://localhost:8080/health", "evil.example").status, 200);  // the host of the target holds
  EXPECT_EQ(site.answer({"GET", "/health", {}}, counters).status, 200);        // HTTP/1.0
}

TEST_F(SiteTest, EveryHostIsAnsweredWhereThatIsNotChecked) {
  Site open{{*hub, {}, false}};
  EXPECT_EQ(open.answer({"GET", "/health", "cameras.example"}, counters).status, 200);
}

class LiveSiteTest : public SiteTest {
 protected:
  Answer ask(std::string_view target, std::optional<std::string_view> origin = {},
             std::string_view protocols = "other, glimt.1") {
    return site.answer({"GET", target, "127.0.0.1:8080", origin, true, protocols}, counters);
  }
};

TEST_F(LiveSiteTest, AWebSocketIsOfOneStreamAsItIsOrAsJpeg) {
  const auto answer = ask("/live/cam1");
  EXPECT_EQ(answer.status, 101);
  ASSERT_TRUE(answer.viewing);
  EXPECT_EQ(answer.viewing->name, "cam1");
  EXPECT_TRUE(answer.viewing->websocket);
  EXPECT_EQ(answer.viewing->as, hub::WatchAs::stream);
  EXPECT_EQ(ask("/live/cam1?codec=jpeg").viewing->as, hub::WatchAs::jpeg);
}

TEST_F(LiveSiteTest, APageOfAnotherSiteSeesNothing) {
  EXPECT_EQ(ask("/live/cam0", "http://127.0.0.1:8080").status, 101);
  for (const char* origin : {"http://evil.example", "null", "", "http://127.0.0.1:9999"}) {
    const auto answer = ask("/live/cam0", origin);
    EXPECT_EQ(answer.status, 403) << origin;
    EXPECT_FALSE(answer.viewing);
  }
}

TEST_F(LiveSiteTest, AWebSocketThatCannotBeIsRefusedWithTheCure) {
  EXPECT_EQ(ask("/live/cam7").status, 404);
  EXPECT_EQ(ask("/live/cam0", {}, "").status, 400);
  EXPECT_EQ(ask("/live/cam0", {}, "glimt.10").status, 400);
  EXPECT_EQ(get("/live/cam0").status, 426);
}

TEST_F(SiteTest, PlayersGetJpegOfTheStreamTheyNameOrOfTheFirst) {
  for (const auto& [target, name] : {std::pair{"/stream/cam1", "cam1"},
                                     {"/stream?cam1", "cam1"},
                                     {"/stream", "cam0"},
                                     {"/?action=stream", "cam0"}}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 200) << target;
    ASSERT_TRUE(answer.viewing) << target;
    EXPECT_EQ(answer.viewing->name, name) << target;
    EXPECT_EQ(answer.viewing->as, hub::WatchAs::jpeg);
    EXPECT_FALSE(answer.viewing->websocket);
  }
  EXPECT_EQ(get("/stream/cam7").status, 404);
  const auto head = site.answer({"HEAD", "/stream", "localhost"}, counters);
  EXPECT_EQ(head.status, 200);
  EXPECT_FALSE(head.viewing);
  EXPECT_EQ(get("/?action=snapshot").body, std::string("\xFF\xD8\0\n", 4));
}

TEST_F(SiteTest, StreamsAreWhatCtlSaysOfThem) {
  const auto answer = get("/streams");
  EXPECT_EQ(answer.type, "application/json");
  const auto said = nlohmann::json::parse(answer.body);
  ASSERT_EQ(said["streams"].size(), 3u);
  EXPECT_EQ(said["streams"][0]["name"], "cam0");
  EXPECT_EQ(said["streams"][1]["state"], "trouble");
  EXPECT_TRUE(said["streams"][0]["destinations"].is_array());
}

TEST_F(SiteTest, StreamsKeepPasswordsToThemselves) {
  for (const std::string password : {"secret", "@secret", "a@b@secret"}) {
    ASSERT_TRUE(hub->update_stream("cam0", [&](hub::StreamSettings& s) {
      s.source = "rtsp://user:" + password + "@10.0.0.5/1";
      return Result<void>();
    }));
    EXPECT_THAT(get("/streams").body, AllOf(Not(HasSubstr("secret")), HasSubstr("rtsp://***@10.0.0.5/1")));
  }
}

TEST_F(SiteTest, FilesOfThePageAreServedAndKnownAgain) {
  const uint8_t page[] = {'<', 'p', '>'}, script[] = {'1', ';'};
  const StaticFile files[] = {{"/", "text/html", page}, {"/page.js", "text/javascript", script}};
  Site with_page{{*hub, {}, true, files}};
  const auto ask = [&](std::string_view target, std::string_view etag = {}) {
    Request request{"GET", target, "localhost"};
    request.etag = etag;
    return with_page.answer(request, counters);
  };
  EXPECT_EQ(ask("/").body, "<p>");
  EXPECT_EQ(ask("/").type, "text/html");
  const auto answer = ask("/page.js?v=1");
  EXPECT_EQ(answer.body, "1;");
  EXPECT_TRUE(answer.is_page);
  const auto again = ask("/page.js", answer.etag);
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(ask("/page.css").status, 404);
  EXPECT_EQ(ask("/../page.js").status, 404);
}

TEST(Health, IsOkWhereNoStreamIsInTrouble) {
  for (const bool strict : {false, true}) {
    const auto answer = health({}, false, strict);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(nlohmann::json::parse(answer.body),
              (nlohmann::json{{"status", "ok"}, {"streams", nlohmann::json::array()}}));
  }
}

TEST(Health, KeepsReasonsToItselfBecauseTheyMayQuoteAPassword) {
  hub::StreamStatus trouble;
  trouble.state = hub::StreamState::trouble;
  trouble.why = "rtsp://user:secret@10.0.0.5 does not answer";
  EXPECT_THAT(health({trouble}, false, false).body, Not(HasSubstr("secret")));
}

class GuardedSiteTest : public SiteTest {
 protected:
  static std::optional<access::Role> role_of_token(std::string_view token) {
    if (token == "look") return access::Role::view;
    return token == "steer" ? std::optional(access::Role::steer) : std::nullopt;
  }
  Answer ask(std::string_view target, const Shown& shown = {}, std::string_view host = "10.0.0.1:8080") {
    Request request{"GET", target, host};
    request.shown = shown;
    return guarded.answer(request, counters);
  }

  Site guarded{{*hub, {}, false, {}, {.role_of_token = role_of_token, .port = 8080}}};
};

TEST_F(GuardedSiteTest, TellsNothingWithoutAToken) {
  for (const char* target :
       {"/", "/streams", "/streams/cam0", "/streams/cam9", "/snapshot/cam0", "/stream/cam0", "/metrics",
        "/nowhere", "/?action=snapshot", "/streams?token=x"}) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_THAT(answer.body, Not(HasSubstr("cam0"))) << target;
    EXPECT_TRUE(answer.cookie.empty()) << target;
  }
  EXPECT_EQ(nlohmann::json::parse(ask("/health").body), (nlohmann::json{{"status", "trouble"}}));
  EXPECT_EQ(ask("/health?strict").status, 503);
}

TEST_F(GuardedSiteTest, TokenInTheTargetBecomesACookie) {
  const auto answer = ask("/streams?token=look");
  EXPECT_EQ(nlohmann::json::parse(answer.body)["role"], "view");
  EXPECT_THAT(answer.cookie, HasSubstr("glimt-8080=look;"));
  EXPECT_TRUE(ask("/streams", {.cookies = "glimt-8080=look"}).cookie.empty());
  EXPECT_TRUE(ask("/streams?token=look", {.authorization = "Bearer x"}).cookie.empty());
}

TEST_F(GuardedSiteTest, OwnUserIsAskedForNoneButUnderAForeignName) {
  EXPECT_EQ(ask("/streams", {.own_user = true}, "localhost").status, 200);
  EXPECT_EQ(ask("/streams", {.own_user = true}, "cam.example").status, 401);
}

TEST_F(GuardedSiteTest, PageOfAnotherSiteLooksWithATokenInTheTargetAlone) {
  const auto live = [this](std::string_view target, const Shown& shown) {
    Request request{"GET", target, "localhost", "https://elsewhere.example"};
    request.upgrade = true;
    request.protocols = "glimt.1";
    request.shown = shown;
    return guarded.answer(request, counters).status;
  };
  EXPECT_EQ(live("/live/cam0?token=look", {}), 101);
  EXPECT_EQ(live("/live/cam0", {.own_user = true}), 403);
  EXPECT_EQ(live("/live/cam0?token=x", {.own_user = true}), 403);
  EXPECT_EQ(live("/live/cam0", {.cookies = "glimt-8080=look"}), 403);
}

TEST_F(GuardedSiteTest, ViewDoesNotSteerAndSteerDoes) {
  Request request{"DELETE", "/streams/cam0", "10.0.0.1"};
  EXPECT_EQ(guarded.answer(request, counters).status, 401);
  request.shown.authorization = "Bearer look";
  EXPECT_EQ(guarded.answer(request, counters).status, 403);
  request.shown.authorization = "Bearer steer";
  EXPECT_EQ(guarded.answer(request, counters).status, 204);
}

}  // namespace
}  // namespace glimt::web

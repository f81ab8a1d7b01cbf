#include "web/steering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/hub_of_pictures.hpp"

namespace glimt::web {
namespace {

using testing::HasSubstr;

class SteeringTest : public testing::Test {
 protected:
  Answer ask(std::string_view method, std::string_view target, std::string_view body = {},
             std::optional<std::string_view> origin = "http://localhost:8080") {
    Request request{method, target, "localhost:8080", origin};
    request.type = "application/json; charset=utf-8";
    request.body = body;
    request.shown.own_user = true;
    return site.answer(request, counters);
  }
  hub::StreamSettings cam0() { return hub->stream("cam0").value().settings; }

  test::StreamsInTest streams{{"cam0", {hub::StreamState::flowing, {1}}}};
  std::unique_ptr<hub::Hub> hub = test::open_hub_of_pictures(streams);
  Site site{{.hub = *hub, .more_metrics = {}}};
  WebCounters counters;
};

TEST_F(SteeringTest, SetsWhatIsNamedAndLeavesTheRest) {
  const auto answer =
      ask("PATCH", "/streams/cam0", R"({"quality": 70, "fps": 12.5, "size": "640x360", "paused": true})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(nlohmann::json::parse(answer.body)["settings"]["encoding"]["quality"], 70);
  EXPECT_EQ(cam0().encoding.fps, 12.5);
  EXPECT_EQ(cam0().encoding.size, (std::pair{640, 360}));
  EXPECT_TRUE(cam0().paused);
  EXPECT_EQ(ask("PATCH", "/streams/cam0", R"({"fps": null, "quality": null, "paused": false})").status, 200);
  EXPECT_EQ(cam0().encoding.fps, std::nullopt);
  EXPECT_EQ(cam0().encoding.quality, hub::Encoding{}.quality);
  EXPECT_EQ(cam0().encoding.size, (std::pair{640, 360}));
  EXPECT_FALSE(cam0().paused);
}

TEST_F(SteeringTest, AddsAndRemovesStreamsAndDestinations) {
  streams["cam1"] = {};
  EXPECT_EQ(ask("POST", "/streams", R"({"name": "cam1", "source": "test:", "quality": 60})").status, 200);
  EXPECT_EQ(hub->stream("cam1").value().settings.encoding.quality, 60);
  const auto added = ask("POST", "/streams/cam1/destinations", R"({"url": "udp://127.0.0.1:5000"})");
  ASSERT_EQ(added.status, 200) << added.body;
  const std::string id = nlohmann::json::parse(added.body)["id"];
  EXPECT_EQ(hub->stream("cam1").value().destinations.size(), 1u);
  EXPECT_EQ(ask("DELETE", "/streams/cam1/destinations/" + id).status, 204);
  EXPECT_EQ(hub->stream("cam1").value().destinations.size(), 0u);
  EXPECT_EQ(ask("DELETE", "/streams/cam1").status, 204);
  EXPECT_FALSE(hub->stream("cam1"));
}

TEST_F(SteeringTest, TellsWhatIsWrongAndChangesNothing) {
  struct Row {
    const char *method, *target, *body;
    int status;
    const char* words;
  };
  const auto before = cam0();
  for (const Row& row : {
           Row{"PATCH", "/streams/cam0", R"({"quality": 700})", 400, "quality=700"},
           Row{"PATCH", "/streams/cam0", R"({"quality": 50, "qualty": 70})", 400, "quality"},
           Row{"PATCH", "/streams/cam0", R"({"quality": [70]})", 400, "'quality'"},
           Row{"PATCH", "/streams/cam0", R"({"paused": "yes"})", 400, "'paused'"},
           Row{"PATCH", "/streams/cam0", R"({"source": "rtsp://***@10.0.0.5"})", 400, "***"},
           Row{"PATCH", "/streams/cam0", "[]", 400, "JSON object"},
           Row{"PATCH", "/streams/cam0", "{", 400, "JSON object"},
           Row{"PATCH", "/streams/cam0", R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}})", 400,
               "JSON object"},
           Row{"PATCH", "/streams/cam9", R"({"quality": 70})", 404, "cam0"},
           Row{"PATCH", "/streams", "{}", 405, "POST /streams"},
           Row{"POST", "/streams", R"({"name": "cam0", "source": "test:?fps=1"})", 409, "cam0"},
           Row{"POST", "/streams", R"({"name": "-", "source": "test:"})", 400, "-"},
           Row{"POST", "/streams", R"({"name": "cam1"})", 400, "'source'"},
           Row{"POST", "/streams/cam0/destinations", R"({"url": "nowhere"})", 400, "nowhere"},
           Row{"POST", "/streams/cam0/destinations", R"({"url": "udp://:5000", "x": 1})", 400, "a url"},
           Row{"DELETE", "/streams/cam0/destinations/d9", "", 404, "d9"},
           Row{"DELETE", "/streams", "", 405, "DELETE /streams/NAME"},
           Row{"DELETE", "/streams/cam0/destinations", "", 405, "DELETE"},
       }) {
    const auto answer = ask(row.method, row.target, row.body);
    EXPECT_EQ(answer.status, row.status) << row.method << " " << row.target << " " << row.body << answer.body;
    EXPECT_THAT(nlohmann::json::parse(answer.body)["error"].get<std::string>(), HasSubstr(row.words))
        << row.body;
  }
  EXPECT_EQ(cam0(), before);
}

TEST_F(SteeringTest, IsForPagesOfThisHubAndForJsonOnly) {
  EXPECT_EQ(ask("DELETE", "/streams/cam0", "", "http://evil.example").status, 403);
  EXPECT_EQ(ask("DELETE", "/streams/cam0", "", "null").status, 403);
  Request form{"POST", "/streams/cam0/destinations", "localhost:8080"};
  form.type = "text/plain";
  form.shown.own_user = true;
  form.body = R"({"url": "udp://127.0.0.1:5000"})";
  EXPECT_EQ(site.answer(form, counters).status, 415);
  EXPECT_EQ(ask("DELETE", "/streams/cam0", "", std::nullopt).status, 204) << "no browser";
}

TEST_F(SteeringTest, IsNotForThoseWhoMayOnlyLook) {
  Site looking{{.hub = *hub, .more_metrics = {}, .check_host = false}};
  const auto answer = looking.answer({"DELETE", "/streams/cam0", "10.0.0.1"}, counters);
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("glimt ctl"));
  EXPECT_TRUE(hub->stream("cam0"));
}

}  // namespace
}  // namespace glimt::web

#include "web/site.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace glimt::web {
namespace {

hub::StreamStatus make_stream(const std::string& name, hub::StreamState state) {
  hub::StreamStatus s;
  s.settings.name = name;
  s.state = state;
  s.why = "rtsp://user:secret@10.0.0.5 does not answer";
  return s;
}

const auto kFlowing = make_stream("cam0", hub::StreamState::flowing);
const auto kTrouble = make_stream("cam1", hub::StreamState::trouble);

TEST(Health, IsOkWhereNoStreamIsInTrouble) {
  for (const bool strict : {false, true}) {
    EXPECT_EQ(health({}, false, strict).status, 200);
    const auto answer = health({kFlowing}, false, strict);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.type, "application/json");
    const auto said = nlohmann::json::parse(answer.body);
    EXPECT_EQ(said["status"], "ok");
    EXPECT_EQ(said["streams"][0]["name"], "cam0");
    EXPECT_EQ(said["streams"][0]["state"], "flowing");
  }
}

TEST(Health, TellsOfAStreamInTroubleAndFailsOnlyWhereAskedStrictly) {
  const auto answer = health({kFlowing, kTrouble}, false, false);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["status"], "trouble");
  EXPECT_EQ(health({kFlowing, kTrouble}, false, true).status, 503);
}

TEST(Health, FailsWhileTheHubCloses) {
  const auto answer = health({kFlowing}, true, false);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["status"], "closing");
}

TEST(Health, KeepsReasonsToItselfBecauseTheyMayQuoteAPassword) {
  EXPECT_EQ(health({kTrouble}, false, false).body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace glimt::web

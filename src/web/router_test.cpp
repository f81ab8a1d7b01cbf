#include "web/router.hpp"

#include <gtest/gtest.h>

namespace glimt::web {
namespace {

using Page = Route::Page;

TEST(Router, KnowsItsPages) {
  EXPECT_EQ(route("/").page, Page::index);
  EXPECT_EQ(route("/health").page, Page::health);
  EXPECT_EQ(route("/metrics").page, Page::metrics);
  EXPECT_EQ(route("/snapshot/cam0").page, Page::snapshot);
  EXPECT_EQ(route("/snapshot/cam0").name, "cam0");
}

TEST(Router, KnowsWhereAStreamIsLive) {
  EXPECT_EQ(route("/live/cam0").page, Page::live);
  EXPECT_EQ(route("/live/cam0").name, "cam0");
  EXPECT_FALSE(route("/live/cam0?codec=h264&x").jpeg);
  EXPECT_TRUE(route("/live/cam0?x&codec=jpeg").jpeg);
  EXPECT_EQ(route("/live").page, Page::unknown);
  EXPECT_EQ(route("/live/").page, Page::unknown);
}

TEST(Router, KnowsTheAddressesThatPlayersAreUsedTo) {
  for (const auto& [target, page, name] : std::initializer_list<std::tuple<const char*, Page, const char*>>{
           {"/stream/cam0", Page::stream, "cam0"},
           {"/stream?cam0", Page::stream, "cam0"},
           {"/stream?cam0&t=17", Page::stream, "cam0"},
           {"/stream", Page::stream, ""},
           {"/stream?t=17", Page::stream, ""},
           {"/?action=stream", Page::stream, ""},
           {"/?action=stream&stream=cam0", Page::stream, "cam0"},
           {"/?stream=cam%30&action=snapshot", Page::snapshot, "cam0"},
           {"/?action=snapshot&n=1", Page::snapshot, ""},
           {"/snapshot", Page::snapshot, ""},
           {"/?x=1", Page::index, ""},
           {"/?action=command&stream=cam0", Page::unknown, ""},
           {"/?action=stream&stream=..", Page::unknown, ""},
           {"/stream/..", Page::unknown, ""},
           {"/streams", Page::streams, ""},
           {"/streamers", Page::unknown, ""}}) {
    EXPECT_EQ(route(target).page, page) << target;
    EXPECT_EQ(route(target).name, name) << target;
  }
}

TEST(Router, LeavesTheEndingOfASnapshotToWhoKnowsTheStreams) {
  EXPECT_EQ(route("/snapshot/cam0.jpg").name, "cam0.jpg");
}

TEST(Router, ReadsTheQueryOfHealthAndNoOther) {
  EXPECT_FALSE(route("/health").strict);
  EXPECT_FALSE(route("/health?").strict);
  EXPECT_FALSE(route("/health?stricter&x=strict").strict);
  EXPECT_TRUE(route("/health?strict").strict);
  EXPECT_TRUE(route("/health?a=b&&strict=1").strict);
  const auto snapshot = route("/snapshot/cam0?strict&t=17");  // browsers add something to get it anew
  EXPECT_EQ(snapshot.name, "cam0");
  EXPECT_FALSE(snapshot.strict);
}

TEST(Router, TakesPercentEncodedBytesAsWhatTheyMean) {
  EXPECT_EQ(route("/snapshot/cam%30").name, "cam0");
  EXPECT_EQ(route("/%68ealth").page, Page::health);
}

TEST(Router, TakesATargetInAbsoluteFormWithItsHost) {
  const auto asked = route("http://evil.example:80/health?strict");
  EXPECT_EQ(asked.page, Page::health);
  EXPECT_TRUE(asked.strict);
  EXPECT_EQ(asked.authority, "evil.example:80");
  EXPECT_EQ(route("http://127.0.0.1").page, Page::index);
  EXPECT_EQ(route("http:///health").page, Page::unknown);
}

TEST(Router, FindsAStreamItsDestinationsAndOneOfThem) {
  EXPECT_EQ(route("/streams").name, "");
  EXPECT_EQ(route("/streams/cam0").name, "cam0");
  EXPECT_FALSE(route("/streams/cam0").destinations);
  const auto all = route("/streams/cam%30/destinations");
  EXPECT_EQ(all.page, Page::streams);
  EXPECT_TRUE(all.destinations);
  EXPECT_EQ(all.destination, "");
  const auto one = route("/streams/cam0/destinations/d1?x");
  EXPECT_EQ(one.name, "cam0");
  EXPECT_EQ(one.destination, "d1");
  for (const char* target : {"/streams/", "/streams//destinations", "/streams/cam0/", "/streams/cam0/other",
                             "/streams/cam0/destinations/", "/streams/cam0/destinationsd1",
                             "/streams/cam0/destinations/d1/", "/streams/../destinations", "/streamsx"})
    EXPECT_EQ(route(target).page, Page::unknown) << target;
}

TEST(Router, KnowsNothingElse) {
  for (const char* target :
       {"", "*", "health", "//", "/health/", "/Health", "/snapshot/", "/snapshot/..",
        "/snapshot/../../etc/passwd", "/snapshot/a%2fb", "/snapshot/%00", "/snapshot/%", "/snapshot/%4",
        "/snapshot/%zz", "/snapshot/%+1", "/snapshot/-x", "/snapshot/ä", "https://x/"})
    EXPECT_EQ(route(target).page, Page::unknown) << target;
  EXPECT_EQ(route("/snapshot/" + std::string(65, 'a')).page, Page::unknown);
}

}  // namespace
}  // namespace glimt::web

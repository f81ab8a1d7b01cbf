#include "control/field_mask.hpp"

#include <gmock/gmock.h>

namespace glimt::control {
namespace {

using testing::HasSubstr;

hub::StreamSettings as_it_is() {
  hub::StreamSettings settings;
  settings.name = "cam0";
  settings.source = "0";
  settings.format = "mjpeg";
  settings.encoding = {.quality = 60, .chroma = Chroma::c444, .workers = 2, .size = {{640, 360}}, .fps = 15};
  settings.destinations = {{"d1", "udp://10.0.0.5:5000"}};
  return settings;
}

hub::StreamSettings as_wanted() {
  hub::StreamSettings settings;
  settings.name = "cam0";
  settings.source = "test:";
  settings.filter = "faces";
  settings.loop = true;
  settings.paused = true;
  settings.encoding = {.codec = Codec::h264,
                       .quality = 70,
                       .chroma = Chroma::c422,
                       .encoder = "libx264",
                       .bitrate_bps = 1e6,
                       .intra_refresh = true,
                       .workers = 3,
                       .size = {{1280, 720}},
                       .fps = 30};
  return settings;
}

hub::StreamSettings edited(const std::vector<std::string>& mask) {
  auto settings = as_it_is();
  EXPECT_TRUE(edit_by_mask(as_wanted(), mask).value()(settings));
  return settings;
}

TEST(FieldMaskTest, WhatIsNamedBecomesAsWantedAndTheRestStays) {
  auto expected = as_it_is();
  expected.source = "test:";
  expected.encoding.quality = 70;
  EXPECT_EQ(edited({"source", "encoding.quality"}), expected);
}

TEST(FieldMaskTest, WholeEncodingTakesThePlaceOfAllThatWasSaidOfIt) {
  auto expected = as_it_is();
  expected.encoding = as_wanted().encoding;
  EXPECT_EQ(edited({"encoding"}), expected);
}

TEST(FieldMaskTest, WhatIsNamedAndNotSaidBecomesTheDefault) {
  auto expected = as_it_is();
  expected.format = "";
  EXPECT_EQ(edited({"format"}), expected);
}

TEST(FieldMaskTest, WidthAndHeightAreOneSize) {
  auto expected = as_it_is();
  expected.encoding.size = {{1280, 720}};
  EXPECT_EQ(edited({"encoding.width"}), expected);
  EXPECT_EQ(edited({"encoding.height"}), expected);
}

TEST(FieldMaskTest, AllTogetherLeaveOnlyNameAndDestinations) {
  auto expected = as_wanted();
  expected.destinations = as_it_is().destinations;
  EXPECT_EQ(edited({"source", "format", "filter", "loop", "paused", "encoding.codec", "encoding.quality",
                    "encoding.chroma", "encoding.encoder", "encoding.bitrate_bps", "encoding.intra_refresh",
                    "encoding.workers", "encoding.width", "encoding.fps"}),
            expected);
}

TEST(FieldMaskTest, WhatIsNotKnownIsRefusedWithWhatIs) {
  for (const char* path : {"", "name", "destinations", "Source", "encoding.", "encoding.size", "source.x"}) {
    const auto edit = edit_by_mask(as_wanted(), {"source", path});
    ASSERT_FALSE(edit) << path;
    EXPECT_EQ(edit.error().kind, ErrorKind::invalid_argument);
    EXPECT_THAT(edit.error().message, HasSubstr("known: source, format"));
  }
  EXPECT_THAT(edit_by_mask(as_wanted(), {}).error().message, HasSubstr("known: source"));
}

TEST(FieldMaskTest, AMaskOfManyPathsCostsNoMoreThanItsFields) {
  auto expected = as_it_is();
  expected.loop = true;
  EXPECT_EQ(edited(std::vector<std::string>(10'000, "loop")), expected);
}

}  // namespace
}  // namespace glimt::control

#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace glimt {
namespace {

TEST(NearestTest, CountsLettersPutInLeftOutAndChanged) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "fps"), 3u);
  EXPECT_EQ(edit_distance("qualty", "quality"), 1u);
  EXPECT_EQ(edit_distance("quallity", "quality"), 1u);
  EXPECT_EQ(edit_distance("size", "side"), 1u);
}

TEST(NearestTest, NamesTheNearestWordAndAllOfThem) {
  EXPECT_EQ(nearest_of("qualty", {"size", "quality"}), "; 'quality' is the nearest; known: size, quality");
}

TEST(NearestTest, NamesNoneWhereNoneIsNear) {
  EXPECT_EQ(nearest_of("destination", {"size", "fps"}), "; known: size, fps");
}

TEST(NearestTest, LooksAtNoMoreThanTheBeginningOfALongWord) {
  EXPECT_EQ(nearest_of(std::string(1 << 20, 'x'), {"fps"}).size(), std::string("; known: fps").size());
}

}  // namespace
}  // namespace glimt

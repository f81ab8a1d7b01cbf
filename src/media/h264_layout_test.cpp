#include "media/h264_layout.hpp"

#include <gmock/gmock.h>

namespace glimt::media {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Octets = std::vector<uint8_t>;

const Octets kKey{0, 0, 0,    1, 0x67, 1, 2, 0, 0, 1, 0x68, 3,    0, 0,
                  0, 1, 0x65, 4, 0,    0, 3, 1, 0, 0, 1,    0x65, 5};

std::vector<Octets> nals_of(const Octets& bytes) {
  std::vector<Octets> nals;
  for (size_t at = 0; const auto nal = next_nal(bytes, at);)
    nals.emplace_back(nal->bytes.begin(), nal->bytes.end());
  return nals;
}

TEST(H264LayoutTest, NalUnitsStandBehindStartCodesOfThreeOrFourBytes) {
  EXPECT_THAT(nals_of(kKey),
              ElementsAre(Octets{0x67, 1, 2}, Octets{0x68, 3}, Octets{0x65, 4, 0, 0, 3, 1}, Octets{0x65, 5}));
}

TEST(H264LayoutTest, WhatIsNoNalUnitIsNone) {
  EXPECT_THAT(nals_of({}), IsEmpty());
  EXPECT_THAT(nals_of({0x65, 1, 2, 3}), IsEmpty());
  EXPECT_THAT(nals_of({0, 0, 1}), IsEmpty());
  EXPECT_THAT(nals_of({0, 0, 1, 0, 0, 1, 0, 0, 0, 1}), IsEmpty());
  EXPECT_THAT(nals_of({9, 9, 0, 0, 1, 0x41}), ElementsAre(Octets{0x41}));
  EXPECT_THAT(nals_of({0, 0, 1, 0x41, 0, 0, 0}), ElementsAre(Octets{0x41}));
}

TEST(H264LayoutTest, KeyIsWhatHasParametersAndIdrSlicesOnly) {
  EXPECT_TRUE(scan_h264(kKey).is_key());
  EXPECT_EQ(scan_h264(kKey).slices, 2u);
  EXPECT_FALSE(scan_h264(Octets(kKey.begin() + 7, kKey.end())).is_key()) << "no sequence parameters";
  EXPECT_FALSE(scan_h264(Octets(kKey.begin(), kKey.begin() + 12)).is_key()) << "no slice";
  Octets mixed = kKey;
  mixed.insert(mixed.end(), {0, 0, 1, 0x41, 7});
  EXPECT_FALSE(scan_h264(mixed).is_key());
  EXPECT_EQ(scan_h264(Octets{0, 0, 1, 0x41, 7}).slices, 1u);
}

TEST(H264LayoutTest, ParameterSetsAreThoseOfTheHeader) {
  EXPECT_EQ(parameter_sets(kKey), (Octets{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3}));
  EXPECT_THAT(parameter_sets(Octets{0, 0, 1, 0x41, 7}), IsEmpty());
}

}  // namespace
}  // namespace glimt::media

#include "encode/jpeg_capabilities.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace glimt::encode {
namespace {

TEST(JpegCapabilities, AreThoseOfTheLibraryThatIsLoaded) {
  const auto jpeg = try_jpeg();
  EXPECT_TRUE(jpeg.turbo);
  EXPECT_THAT(jpeg.version, testing::ContainsRegex("^[0-9]+\\.[0-9]+"));
  EXPECT_GT(jpeg.encode_720p, Duration::zero());
}

TEST(JpegCapabilities, SeeThatVectorInstructionsAreForbidden) {
  unsetenv("JSIMD_FORCENONE");
  EXPECT_FALSE(try_jpeg().simd_off);
  setenv("JSIMD_FORCENONE", "1", 1);
  EXPECT_TRUE(try_jpeg().simd_off);
  unsetenv("JSIMD_FORCENONE");
}

}  // namespace
}  // namespace glimt::encode

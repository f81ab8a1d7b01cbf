#include "access/refusals.hpp"

#include <gtest/gtest.h>

namespace glimt::access {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RefusalsTest : public testing::Test {
 protected:
  std::string add() {
    return refusals.add(time, "ipv4:10.0.0.5:4711", "AddStream", "wrong token").value_or("");
  }

  Refusals refusals{"control"};
  Instant time = Instant(seconds(1000));
};

TEST_F(RefusalsTest, FirstIsSaidAtOnce) {
  EXPECT_EQ(add(), "control: refused AddStream of ipv4:10.0.0.5:4711: wrong token");
}

TEST_F(RefusalsTest, ThoseOfTheNextTenSecondsAreCountedAndSaidTogether) {
  add();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(add(), "");
  time += milliseconds(9999);
  EXPECT_EQ(add(), "");
  time += milliseconds(1);
  EXPECT_EQ(
      add(),
      "control: refused AddStream of ipv4:10.0.0.5:4711: wrong token (1001 more were refused meanwhile)");
  EXPECT_EQ(refusals.count(), 1003u);
}

TEST_F(RefusalsTest, AfterAQuietWhileALineStandsForItself) {
  add();
  time += seconds(10);
  EXPECT_EQ(add(), "control: refused AddStream of ipv4:10.0.0.5:4711: wrong token");
}

}  // namespace
}  // namespace glimt::access

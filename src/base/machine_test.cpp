#include "base/machine.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include <fstream>
#include <thread>

namespace glimt {
namespace {

TEST(Machine, SaysWhatTheKernelSays) {
  const auto machine = describe_machine();
  std::string host;
  std::getline(std::ifstream("/proc/sys/kernel/hostname"), host);
  EXPECT_EQ(machine.host, host);
  EXPECT_THAT(machine.kernel, testing::StartsWith("Linux "));
  EXPECT_GT(machine.clock_resolution, Duration::zero());
  EXPECT_LE(machine.clock_resolution, std::chrono::milliseconds(10));
}

TEST(Machine, CountsTheCoresThatItMayUse) {
  unsigned cores = 0;
  std::thread pinned([&] {
    cpu_set_t all, one;
    CPU_ZERO(&all);
    CPU_ZERO(&one);
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
      if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    cores = describe_machine().cores;
  });
  pinned.join();
  EXPECT_EQ(cores, 1u);
}

TEST(Machine, IsOneLineForPeople) {
  Machine machine;
  machine.cores = 2;
  EXPECT_EQ(to_string(machine), "2 cores");
  machine.host = "lab";
  machine.cpu = "Cortex-A72";
  machine.kernel = "Linux 6.1.0";
  machine.cores = 1;
  EXPECT_EQ(to_string(machine), "lab, Cortex-A72, 1 core, Linux 6.1.0");
}

}  // namespace
}  // namespace glimt

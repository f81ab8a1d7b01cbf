#include "base/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <ctime>
#include <fstream>

namespace glimt {
namespace {

std::string first_line(const std::string& path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

// x86 says "model name"; many ARM boards say it in the device tree only.
std::string cpu_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  const auto board = first_line("/proc/device-tree/model");
  return board.substr(0, board.find('\0'));
}

}  // namespace

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
}

void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Machine describe_machine() {
  Machine m;
  utsname system{};
  if (uname(&system) == 0) {
    m.host = system.nodename;
    m.kernel = std::string(system.sysname) + " " + system.release;
  }
  m.cpu = cpu_name();
  m.cores = usable_cores();
  timespec resolution{};
  clock_getres(CLOCK_MONOTONIC, &resolution);
  m.clock_resolution = std::chrono::seconds(resolution.tv_sec) + std::chrono::nanoseconds(resolution.tv_nsec);
  const std::string folder = "/sys/devices/system/clocksource/clocksource0/";
  m.clock_source = first_line(folder + "current_clocksource");
  m.clock_sources = first_line(folder + "available_clocksource");
  timex clock{};  // modes 0: asks only
  if (const int state = adjtimex(&clock); state >= 0)
    m.wall_clock_synchronized = state != TIME_ERROR && !(clock.status & STA_UNSYNC);
  return m;
}

std::string to_string(const Machine& m) {
  std::string text = m.host;
  if (!m.cpu.empty()) text += (text.empty() ? "" : ", ") + m.cpu;
  text += (text.empty() ? "" : ", ") + std::to_string(m.cores) + (m.cores == 1 ? " core" : " cores");
  return m.kernel.empty() ? text : text + ", " + m.kernel;
}

}  // namespace glimt

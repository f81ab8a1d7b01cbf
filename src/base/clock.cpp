#include "base/clock.hpp"

#include <sys/stat.h>

#include <fstream>
#include <string>

namespace glimt {

uint64_t clock_id() {
  static const uint64_t id = [] {
    std::string boot;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
    struct stat time_namespace {};
    if (stat("/proc/self/ns/time", &time_namespace) == 0) boot += std::to_string(time_namespace.st_ino);
    uint64_t hash = 14695981039346656037u;  // FNV-1a, so that every build computes the same
    for (unsigned char c : boot) hash = (hash ^ c) * 1099511628211u;
    return hash;
  }();
  return id;
}

}  // namespace glimt

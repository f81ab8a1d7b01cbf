// What the measuring programs share: percentiles of milliseconds, CPU time, one JSON line a result.
//
//   units    milliseconds where the name ends in _ms, seconds in _s
//   threads  thread-compatible
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace glimt::bench {

// Every sample is kept: the percentiles are exact.
class Samples {
 public:
  void reserve(size_t n) { ms_.reserve(n); }
  void add(Duration d) { ms_.push_back(to_ms(d)); }
  size_t size() const { return ms_.size(); }
  double percentile(double p) {
    if (ms_.empty()) return 0;
    const auto rank = static_cast<size_t>(p / 100 * static_cast<double>(ms_.size()));
    const auto at = ms_.begin() + static_cast<long>(std::min(rank, ms_.size() - 1));
    std::nth_element(ms_.begin(), at, ms_.end());
    return *at;
  }
  std::string json() {
    char text[160];
    std::snprintf(text, sizeof text, "{\"n\":%zu,\"p50\":%.4f,\"p95\":%.4f,\"p99\":%.4f,\"max\":%.4f}",
                  size(), percentile(50), percentile(95), percentile(99), percentile(100));
    return text;
  }

 private:
  std::vector<double> ms_;
};

struct Cpu {
  double user_s = 0, system_s = 0;
};
// `who`: RUSAGE_THREAD or RUSAGE_SELF.
inline Cpu cpu_of(int who) {
  rusage u{};
  getrusage(static_cast<__rusage_who>(who), &u);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return {seconds(u.ru_utime), seconds(u.ru_stime)};
}

// --name VALUE and --flag of a command line.
class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}
  bool has(const char* flag) const { return std::find(words_.begin(), words_.end(), flag) != words_.end(); }
  std::string get(const char* name, const char* otherwise) const {
    const auto found = std::find(words_.begin(), words_.end(), name);
    return found != words_.end() && found + 1 != words_.end() ? found[1] : otherwise;
  }
  double number(const char* name, double otherwise) const {
    const auto text = get(name, "");
    return text.empty() ? otherwise : std::atof(text.c_str());
  }

 private:
  std::vector<std::string> words_;
};

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

}  // namespace glimt::bench

// Samples: durations kept one by one, for percentiles that are exact. Where those within 1.6 % do, and memory
// must not grow, there is Histogram.
//
//   input    durations of any sign
//   output   percentiles, with n; bins for a drawing
//   units    milliseconds out
//   threads  thread-compatible
//   memory   8 bytes each, at most kMost; what comes after that is not taken
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "glimt/stats.hpp"

namespace glimt {

// Bins of one width from `begin_ms` on, and one for what lies above them all.
struct Bins {
  double begin_ms = 0, width_ms = 0;
  std::vector<uint64_t> counts;
  uint64_t above = 0;

  double low_of(size_t bin) const { return begin_ms + width_ms * static_cast<double>(bin); }
  double end_ms() const { return low_of(counts.size()); }
  uint64_t highest() const;  // of all counts, `above` too
  // Digits behind the point with which two neighbouring borders still differ.
  int digits() const { return width_ms >= 1 ? 0 : width_ms >= 0.1 ? 1 : width_ms >= 0.01 ? 2 : 3; }
  // The bin of a value that is not below begin_ms; counts.size() stands for above.
  size_t bin_of(double ms) const;
};

class Samples {
 public:
  static constexpr size_t kMost = 1'000'000;

  void add(Duration d) {
    if (all_.size() < kMost) all_.push_back(d);
  }
  size_t count() const { return all_.size(); }
  bool full() const { return all_.size() == kMost; }
  // Nearest rank, of the samples from the one numbered `first` on.
  Percentiles percentiles(size_t first = 0) const;
  // At most `most` bins whose width is 1, 2 or 5 times a power of ten, from the least sample to p99 or beyond; none where
  // there is no sample.
  Bins bins(size_t most) const;

 private:
  std::vector<Duration> all_;
};

}  // namespace glimt

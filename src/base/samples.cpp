#include "base/samples.hpp"

#include <algorithm>
#include <cmath>

namespace glimt {
namespace {

// The least of 1, 2, 5, 10, 20, … microseconds that is not below `width_ms`.
double round_width(double width_ms) {
  for (double unit = 0.001;; unit *= 10) {
    for (const double times : {1.0, 2.0, 5.0}) {
      if (times * unit >= width_ms) return times * unit;
    }
  }
}

}  // namespace

size_t Bins::bin_of(double ms) const {
  // What lies on a border belongs above it, whatever the division has lost.
  const auto bin = static_cast<size_t>(std::max(0.0, std::floor((ms - begin_ms) / width_ms + 1e-9)));
  return std::min(bin, counts.size());
}

uint64_t Bins::highest() const {
  return std::max(above, counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end()));
}

Percentiles Samples::percentiles(size_t first) const {
  std::vector<Duration> sorted(all_.begin() + static_cast<ptrdiff_t>(std::min(first, all_.size())),
                               all_.end());
  if (sorted.empty()) return {};
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](size_t percent) {
    const size_t rank = std::max<size_t>(1, (sorted.size() * percent + 99) / 100);
    return to_ms(sorted[rank - 1]);
  };
  return {sorted.size(), at(50), at(95), at(99), to_ms(sorted.back())};
}

Bins Samples::bins(size_t most) const {
  Bins bins;
  if (all_.empty() || most == 0) return bins;
  const double low = to_ms(*std::min_element(all_.begin(), all_.end()));
  const double high = percentiles().p99_ms;
  // One more than fits exactly, because the first bin begins at a multiple of the width, and another for p99 itself.
  bins.width_ms = round_width((high - low) / static_cast<double>(std::max<size_t>(most, 3) - 2));
  bins.begin_ms = std::floor(low / bins.width_ms) * bins.width_ms;
  bins.counts.assign(most, 0);
  bins.counts.resize(std::min(most, bins.bin_of(high) + 1));
  for (const Duration d : all_) {
    const size_t bin = bins.bin_of(to_ms(d));
    ++(bin < bins.counts.size() ? bins.counts[bin] : bins.above);
  }
  return bins;
}

}  // namespace glimt

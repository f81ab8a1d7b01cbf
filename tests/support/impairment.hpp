// Impairment: a way that loses, delays, repeats, overtakes and damages datagrams, in virtual time. The same seed does the same to
// the same datagrams. It is what shared/tools/impair is for real sockets, with the same order: rate and queue, loss,
// repetition, delay and jitter, reordering.
//
//   input    datagrams, and now
//   output   datagrams that are due; when the next is
//   threads  thread-compatible; reads no clock
//   memory   what is on its way
#pragma once

#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "support/chance.hpp"

namespace glimt::test {

class Impairment {
 public:
  struct Outage {
    Instant from, to;
  };
  struct Options {
    uint64_t seed = 1;
    Duration delay{};   // one way
    Duration jitter{};  // 0 to so much more, keeping the order
    double loss = 0;    // share of datagrams
    double burst = 0;   // lost in a row, on average; 0: independent of each other
    double repeated = 0;
    double reordered = 0;
    Duration reordered_by = std::chrono::milliseconds(5);
    double damaged = 0;
    double rate_bps = 0;  // 0: no limit
    size_t queue_bytes = 256 * 1024;
    std::vector<Outage> outages;  // nothing comes through
  };
  struct Counters {
    uint64_t in = 0, lost = 0, dropped = 0, repeated = 0, reordered = 0, damaged = 0;
  };

  explicit Impairment(Options options) : options_(std::move(options)), chance_(options_.seed) { restart(); }

  // The channel forgets whether it was in a burst.
  void restart() { bad_ = chance_.happens(options_.loss); }

  void push(Bytes datagram, Instant now) {
    ++counters_.in;
    Instant leaves = now;
    if (options_.rate_bps > 0) {
      const auto queued = std::chrono::duration<double>(std::max(free_at_, now) - now).count();
      if (queued * options_.rate_bps / 8 + static_cast<double>(datagram.size()) >
          static_cast<double>(options_.queue_bytes)) {
        ++counters_.dropped;
        return;
      }
      const double seconds = static_cast<double>(datagram.size()) * 8 / options_.rate_bps;
      leaves = free_at_ = std::max(free_at_, now) + Duration(static_cast<int64_t>(seconds * 1e9));
    }
    if (is_lost() || is_out(now)) {
      ++counters_.lost;
      return;
    }
    const bool twice = chance_.happens(options_.repeated);
    counters_.repeated += twice;
    for (int copy = 0; copy <= twice; ++copy) deliver(datagram, leaves);
  }

  Instant next() const { return on_its_way_.empty() ? Instant::max() : on_its_way_.top().at; }
  // Calls take(datagram) for what is due, in order. The view is good during the call.
  template <class Take>
  void pop(Instant now, Take take) {
    while (!on_its_way_.empty() && on_its_way_.top().at <= now) {
      const size_t buffer = on_its_way_.top().buffer;
      on_its_way_.pop();
      take(Bytes(buffers_[buffer]));
      idle_.push_back(buffer);
    }
  }
  const Counters& counters() const { return counters_; }

 private:
  struct Datagram {
    Instant at;
    uint64_t order = 0;
    size_t buffer = 0;
    bool operator<(const Datagram& other) const {
      return std::pair(other.at, other.order) < std::pair(at, order);
    }
  };

  bool is_lost() {
    if (options_.burst <= 0) return chance_.happens(options_.loss);
    const bool lost = bad_;
    const double to_good = 1 / options_.burst, to_bad = options_.loss * to_good / (1 - options_.loss);
    bad_ = lost ? !chance_.happens(to_good) : chance_.happens(to_bad);
    return lost;
  }
  bool is_out(Instant now) const {
    return std::any_of(options_.outages.begin(), options_.outages.end(),
                       [&](const Outage& o) { return now >= o.from && now < o.to; });
  }
  void deliver(Bytes datagram, Instant leaves) {
    Instant at = leaves + options_.delay;
    if (options_.jitter > Duration::zero()) {
      at += Duration(static_cast<int64_t>(chance_.share() * static_cast<double>(options_.jitter.count())));
      at = newest_ = std::max(at, newest_);
    }
    if (chance_.happens(options_.reordered)) {
      ++counters_.reordered;
      at += options_.reordered_by;
    }
    if (idle_.empty()) {
      idle_.push_back(buffers_.size());
      buffers_.emplace_back();
    }
    const size_t buffer = idle_.back();
    idle_.pop_back();
    buffers_[buffer].assign(datagram.begin(), datagram.end());
    if (chance_.happens(options_.damaged)) {
      ++counters_.damaged;
      buffers_[buffer][chance_() % datagram.size()] ^= static_cast<uint8_t>(1 + chance_() % 255);
    }
    on_its_way_.push({at, ++order_, buffer});
  }

  const Options options_;
  Chance chance_;
  bool bad_ = false;
  Instant free_at_{}, newest_{};
  uint64_t order_ = 0;
  std::priority_queue<Datagram> on_its_way_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<size_t> idle_;
  Counters counters_;
};

}  // namespace glimt::test

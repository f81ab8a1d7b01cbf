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
#include <optional>
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
    double rate_bps = 0;  // of datagrams with their UDP and IP headers; 0: no limit
    size_t queue_bytes = 256 * 1024;
    // Bytes of an IP packet. What does not fit goes as fragments, each a draw of its own, and needs all of them. 0: never.
    size_t mtu = 0;
    std::vector<Outage> outages;  // nothing comes through
  };
  struct Counters {
    uint64_t in = 0, lost = 0, dropped = 0, repeated = 0, reordered = 0, damaged = 0;
    uint64_t fragments = 0, fragments_lost = 0, bursts = 0;  // bursts: of fragments lost in a row
  };

  explicit Impairment(Options options) : options_(std::move(options)), chance_(options_.seed) { restart(); }

  // The channel forgets whether it was in a burst.
  void restart() { bad_ = chance_.happens(options_.loss); }

  void push(Bytes datagram, Instant now) {
    ++counters_.in;
    const size_t fragments = fragments_of(datagram.size());
    counters_.fragments += fragments;
    const auto leaves = through_queue(datagram.size() + kUdpBytes + fragments * kIpBytes, now);
    if (!leaves) {
      ++counters_.dropped;
      return;
    }
    if (is_any_lost(fragments) || is_out(now)) {
      ++counters_.lost;
      return;
    }
    const bool twice = chance_.happens(options_.repeated);
    counters_.repeated += twice;
    const Instant arrives = arrival(*leaves);
    for (int copy = 0; copy <= twice; ++copy) hold(datagram, arrives);
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
  size_t held() const { return on_its_way_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  static constexpr size_t kUdpBytes = 8, kIpBytes = 20;
  struct Datagram {
    Instant at;
    uint64_t order = 0;
    size_t buffer = 0;
    bool operator<(const Datagram& other) const {
      return std::pair(other.at, other.order) < std::pair(at, order);
    }
  };

  size_t fragments_of(size_t datagram) const {
    const size_t packet = datagram + kUdpBytes + kIpBytes;
    if (options_.mtu == 0 || packet <= options_.mtu) return 1;
    const size_t room = (options_.mtu - kIpBytes) / 8 * 8;  // fragments begin at multiples of 8
    return (packet - kIpBytes + room - 1) / room;
  }
  // When its last bit has left; nothing where the queue has no room.
  std::optional<Instant> through_queue(size_t bytes, Instant now) {
    if (options_.rate_bps <= 0) return now;
    const double queued_s = std::chrono::duration<double>(std::max(free_at_, now) - now).count();
    if (queued_s * options_.rate_bps / 8 + static_cast<double>(bytes) >
        static_cast<double>(options_.queue_bytes)) {
      return std::nullopt;
    }
    const double seconds = static_cast<double>(bytes) * 8 / options_.rate_bps;
    return free_at_ = std::max(free_at_, now) + Duration(static_cast<int64_t>(seconds * 1e9));
  }
  bool is_any_lost(size_t fragments) {
    bool any = false;
    for (size_t i = 0; i < fragments; ++i) {
      const bool lost = is_lost();
      counters_.fragments_lost += lost;
      counters_.bursts += lost && !last_lost_;
      last_lost_ = lost;
      any |= lost;
    }
    return any;
  }
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
  // Jitter alone never reorders; what is held longer holds up nobody.
  Instant arrival(Instant leaves) {
    Instant at = leaves + options_.delay;
    if (options_.jitter > Duration::zero())
      at += Duration(static_cast<int64_t>(chance_.share() * static_cast<double>(options_.jitter.count())));
    if (chance_.happens(options_.reordered)) {
      ++counters_.reordered;
      return at + options_.reordered_by;
    }
    return newest_ = std::max(at, newest_);
  }
  void hold(Bytes datagram, Instant at) {
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
  bool bad_ = false, last_lost_ = false;
  Instant free_at_{}, newest_{};
  uint64_t order_ = 0;
  std::priority_queue<Datagram> on_its_way_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<size_t> idle_;
  Counters counters_;
};

}  // namespace glimt::test

// ParityPlan: how much parity goes with the data, and how much answers a deficit: the least overhead for which hardly a frame
// stays unrepaired.
//
//   The channel is Gilbert's: packets are lost in its bad state only, for `burst` packets on average. A block of a frame in B
//   interleaved blocks sees each B-th packet of it. Parity and rounds of repair are chosen together.
//
//   input    symbols and blocks of a frame, rounds of repair that fit its deadline, the channel
//   output   rows a block; what they and the repair cost, and what stays unrepaired
//   units    shares of the data packets; probability that a frame is not whole
//   errors   none
//   threads  thread-compatible; reads no clock
//   memory   fixed: 8 KB, 64 plans; 5 KB of stack
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace glimt::feedback {

struct Channel {
  double loss = 0;   // share of packets
  double burst = 1;  // packets lost in a row, on average
  // Of every n-th packet.
  Channel thinned(uint32_t n) const;
};

// How many of n packets are lost, for n that grows by one.
class LossDistribution {
 public:
  static constexpr size_t kMost = 272;

  explicit LossDistribution(const Channel& channel);
  void add_packet();
  size_t packets() const { return packets_; }
  double lost(size_t i) const { return good_[i] + bad_[i]; }
  // More than i.
  double lost_more_than(size_t i) const;

 private:
  double to_bad_, to_good_;
  size_t packets_ = 0;
  std::array<double, kMost + 2> good_{}, bad_{};  // by packets lost; the state is the next packet's
};

// Rows that answer a block's deficit. `amply`: no further round fits.
uint32_t repair_rows(uint32_t deficit, bool amply);

class ParityPlanner {
 public:
  static constexpr uint32_t kFewestRows = 2;  // a block, once anything was lost
  static constexpr int kMostRounds = 2;       // a third changes nothing that matters

  struct Frame {
    uint32_t symbols = 1;
    uint32_t blocks = 1;
    int rounds = 0;
  };
  struct Plan {
    uint8_t rows = 0;
    double overhead = 0;
    double residual = 0;
    double waiting = 0;  // frames that the parity sent along does not make whole
    bool amply = false;  // deficits are answered as in the last round, in each
  };
  struct Options {
    // What a frame that is not whole is worth, in frames of overhead: residuals up to some 1e-5 are bought with 1 % of it.
    double worth = 300;
    // At most so many frames wait for repair, or the median is not free of it.
    double waiting = 0.25;
    double most = 0.5;  // parity, as a share of the data
  };

  explicit ParityPlanner(Options options) : options_(options) {}
  ParityPlanner() : ParityPlanner(Options{}) {}

  Plan plan(const Frame& frame, const Channel& channel);

 private:
  struct Key {
    uint32_t symbols = 0, blocks = 0;
    int rounds = 0;
    int loss = 0, burst = 0;
    bool operator==(const Key&) const = default;
  };
  struct Repair {
    std::array<double, 129> fails{}, costs{};  // by deficit
  };

  Plan compute(const Frame& frame, const Channel& channel);
  void improve(Plan& best, const Frame& frame, uint32_t k, const Channel& channel, bool amply);
  bool is_better(const Plan& a, const Plan& b) const;
  void compute_repair(uint32_t k, int rounds, const Channel& channel, bool amply);
  void compute_round(uint32_t k, bool last, bool amply, const Channel& channel);

  const Options options_;
  Repair repair_, next_;
  std::array<Key, 64> keys_{};
  std::array<Plan, 64> plans_{};
  size_t next_slot_ = 0;
};

}  // namespace glimt::feedback

// LossModel: the channel to a receiver, as its reports show it: what share of packets is lost, and how many in a row.
//
//   Clean until something was lost, and again after five seconds without a loss. Datagrams that the receiver's kernel had no
//   room for are no loss of the way: parity would only make them more.
//
//   input    totals of the loss meter, after each report; that something was asked for; now
//   output   the channel; none where it is clean
//   threads  thread-compatible; reads no clock
//   memory   fixed
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "feedback/loss_meter.hpp"
#include "feedback/parity_plan.hpp"

namespace glimt::feedback {

class LossModel {
 public:
  static constexpr Duration kCleanAfter = std::chrono::seconds(5);
  // Packets that the figures are of, at most: more is steadier, less follows faster.
  static constexpr double kMemory = 8192;

  void add(const LossMeter::Totals& totals, Instant now);
  // The receiver lacks something: a loss, before any report counts it.
  void note_loss(Instant now);
  std::optional<Channel> channel(Instant now) const;

 private:
  struct Window {
    double packets = 0, lost = 0, bursts = 0;
    void add(const Window& more, double memory);
  };

  LossMeter::Totals before_;
  double drops_ = 0;  // of the kernel, not yet found among what was lost
  Instant drops_at_{};
  Window window_, recent_;
  Instant lost_at_{};
  bool lossy_ = false;
};

}  // namespace glimt::feedback

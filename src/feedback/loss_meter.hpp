// LossMeter: what a receiver's reports say of the way to it. Reports may be lost, repeated and overtaken.
//
//   input    reports
//   output   packets lost and how many in a row; frames complete, late and failed
//   threads  thread-compatible; reads no clock
//   memory   fixed
#pragma once

#include <array>
#include <optional>

#include "wire/feedback.hpp"

namespace glimt::feedback {

class LossMeter {
 public:
  struct Totals {
    uint64_t packets = 0, lost = 0, bursts = 0;  // judged so far; a burst is a run of lost packets
    uint64_t complete = 0, late = 0, failed = 0;
    uint64_t kernel_drops = 0;
  };

  // False where the report is older than one that was read: it says nothing new.
  bool add(const wire::Feedback& report);
  const Totals& totals() const { return totals_; }

 private:
  void judge(const wire::Arrivals& arrivals, uint64_t up_to);

  Totals totals_;
  uint32_t last_report_ = 0;
  uint64_t judged_up_to_ = 0;  // packet number
  bool in_burst_ = false;
  std::array<std::optional<Sequence>, 64> seen_fates_{};  // by frame number: reports repeat them
};

}  // namespace glimt::feedback

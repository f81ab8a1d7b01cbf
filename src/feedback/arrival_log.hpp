// ArrivalLog: which packets came and when, as the receiver reports it.
//
//   input    packet numbers as they come, and now
//   output   the arrivals section of a report: everything since the report before the last two, at most 384
//            packets
//   threads  thread-compatible; reads no clock
//   memory   1024 packets
#pragma once

#include <array>

#include "base/clock.hpp"
#include "wire/feedback.hpp"

namespace glimt::feedback {

class ArrivalLog {
 public:
  // False where this number was seen before, or is too old to tell.
  bool add(uint64_t number, Instant now);
  // Fills in the section, with at most `most` packets, and what the fixed part says of packets. Call once a report. Packets
  // within `window` wait for the next one: what is missing among them may still be on its way around others.
  void report(wire::Feedback& to, Instant now, Duration window = {}, size_t most = wire::Arrivals::kMax);

  uint64_t highest() const { return highest_; }
  uint64_t received() const { return received_; }
  // Numbers that were passed over and did not come within the last 1024: lost for good.
  uint64_t lost() const { return lost_; }

 private:
  static constexpr size_t kWindow = 1024;
  struct Entry {
    uint64_t number = 0;  // 0: nothing here yet; packet numbers begin at 1
    Instant at{};
  };
  uint64_t newest_before(Instant limit) const;
  bool came(uint64_t number) const { return entries_[number % kWindow].number == number; }

  std::array<Entry, kWindow> entries_{};
  uint64_t first_ = 0;
  uint64_t highest_ = 0;
  uint64_t received_ = 0;
  uint64_t lost_ = 0;
  std::array<uint64_t, 3> reported_up_to_{};  // oldest first
};

}  // namespace glimt::feedback

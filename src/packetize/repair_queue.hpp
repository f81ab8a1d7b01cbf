// RepairQueue: fresh parity rows that one receiver has asked for, on their way to it.
//
//   Each round of a block is answered once, however often it is asked for. An answer is spread over 1.5 ms, so that a burst of
//   loss does not take all of it; the last that can be in time leaves at once.
//
//   input    what was sent with each unit; how many rows of a block to send; now
//   output   the rows that are due, one by one; when the next is
//   errors   none; what is asked for beyond half of what was sent is left out and counted
//   threads  thread-compatible; reads no clock
//   memory   256 answers, and what is known of 64 frames and 512 blocks
#pragma once

#include <optional>

#include "base/ring.hpp"
#include "packetize/symbol_unit.hpp"
#include "wire/feedback.hpp"

namespace glimt::packetize {

class RepairQueue {
 public:
  struct Row {
    wire::ParityPlace place;
    uint8_t rows = 0;   // of its block, all that will have been sent
    uint8_t ahead = 0;  // that follow this one
  };

  // What was decided when the first packet of a unit left: rows of each block that follow its data, and how its deficits are
  // answered.
  struct Begun {
    Sequence frame;
    uint8_t rows = 0;
    bool amply = false;
    Instant at{};
  };

  void note_begun(const Begun& begun) { begun_.push_newest(begun); }
  // Packets of data: each earns half a row.
  void note_sent(size_t packets);
  // Null where nothing of it has left.
  const Begun* find(Sequence frame) const;
  // False where this round was answered before.
  bool is_new(const wire::Deficit& deficit, uint8_t block) const;
  void add(const Ref<SymbolUnit>& unit, const wire::Deficit& deficit, uint8_t block, uint32_t rows,
           Instant now);

  // The row that is due, and its unit; null where none is.
  SymbolUnit* due(Instant now, Row& row);
  // That row has left.
  void pop(Instant now);
  // Instant::max() where nothing waits.
  Instant next() const;
  uint64_t refused() const { return refused_; }

 private:
  static constexpr uint32_t kParts = 4;
  static constexpr Duration kBetweenParts = std::chrono::microseconds(500);
  static constexpr double kMostCredit = 2048;  // rows

  struct Answered {
    Sequence frame;
    uint8_t block = 0;
    uint8_t round = 0;
    uint32_t next_row = 0;
  };
  struct Answer {
    Ref<SymbolUnit> unit;
    uint8_t block = 0;
    uint32_t next_row = 0, left = 0;
    uint32_t part = 0, left_of_part = 0;
    Instant at{};
  };

  const Answered* find(Sequence frame, uint8_t block) const;

  Ring<Begun> begun_{64};
  Ring<Answered> answered_{512};
  Ring<Answer> answers_{256};
  double credit_ = 64;
  uint64_t refused_ = 0;
};

}  // namespace glimt::packetize

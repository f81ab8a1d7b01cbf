// SendQueue: the units that wait for one receiver.
//
//   latest   one unit on its way and one behind it; a newer one takes the place of what has not begun. Of units
//            that depend on each other up to kMaxDependent wait; then all of them are left out
//   every    up to max_units in order, and at most max_in_flight beyond what the reader has taken
//   A unit that has begun is sent to its end: whole units are left out, never parts. A unit that is no key frame
//   follows the one before it or is left out: a receiver that has just come, or for which one was left out, gets
//   nothing until the next key frame.
//
//   input    units as they begin (they may still grow); what was sent; what the reader has taken
//   output   the next symbol to send; runs of frames that were left out, to be told to the receiver
//   threads  thread-compatible; reads no clock
//   memory   max_units + kMaxDependent + 2 references, 64 runs
#pragma once

#include <optional>
#include <utility>

#include "base/ring.hpp"
#include "packetize/symbol_unit.hpp"
#include "wire/hello.hpp"

namespace glimt::packetize {

class SendQueue {
 public:
  struct Options {
    Mode mode = Mode::latest;
    // every only. More rides out a longer pause of the reader and holds more memory.
    size_t max_units = 8;
    size_t max_in_flight = 8;
  };

  static constexpr size_t kMaxDependent = 4;

  explicit SendQueue(Options options)
      : options_(options), waiting_(options.mode == Mode::latest ? kMaxDependent : options.max_units) {}

  // False where an `every` receiver has no room: the frame is left out for it.
  bool offer(Ref<SymbolUnit> unit);
  // The reader has taken everything up to `frame`.
  void taken(Sequence frame) { taken_ = frame; }

  // Something waits, and nothing more is begun before the reader has taken some of what is on its way.
  bool held_back() const;
  // One more is begun all the same.
  void let_one_go() { one_more_ = true; }

  // The unit to send from and the first symbol not yet sent; null where there is nothing to
  // send at this moment.
  SymbolUnit* current();
  // Symbols are counted through data and, behind them, parity: row 0 of each block, then row 1 …
  uint32_t next_symbol() const { return next_symbol_; }
  // Parity rows of each block that follow the data of current(); until something of it has left.
  void set_rows(uint8_t rows);
  uint8_t rows() const { return rows_; }
  // Of current(), as far as it is known.
  uint32_t symbols_to_send() const;
  // `symbols` of current() have left.
  void advance(uint32_t symbols);
  // Units that have left whole since the last call, also those whose end became known
  // after their last symbol.
  uint64_t take_finished() { return std::exchange(finished_, 0); }

  bool empty() const { return !current_ && waiting_.empty(); }
  bool full() const { return options_.mode == Mode::latest ? !waiting_.empty() : waiting_.full(); }
  // The receiver can use nothing but a key frame: what waits is left out. False where that is so already, or where each is
  // a key frame.
  bool cut();
  // Only a key frame would be sent, and there is room for one.
  bool wants_key() const { return !chain_ && empty(); }
  std::optional<Sequence> newest_key() const { return newest_key_; }
  std::optional<Sequence> last_begun() const { return last_begun_; }
  // The oldest run of frames that were left out and are not told yet, once all before it has been sent.
  std::optional<wire::Skip> left_out() const;
  // Only where left_out() has a value.
  void told_left_out() { left_out_.pop(); }

 private:
  void start_next();
  void finish_if_sent();
  void leave_out(Sequence frame);
  void leave_out_unbegun();
  void leave_out_dependent();

  const Options options_;
  Ref<SymbolUnit> current_;
  uint32_t next_symbol_ = 0;
  uint8_t rows_ = 0;
  uint64_t finished_ = 0;
  Ring<Ref<SymbolUnit>> waiting_;
  Ring<wire::Skip> left_out_{64};
  std::optional<Sequence> taken_, first_, last_begun_;
  std::optional<Sequence> chain_;  // the newest unit that was taken in; what depends on it may follow
  std::optional<Sequence> newest_key_;
  bool one_more_ = false;
  bool dependent_ = false;  // not every unit is a key frame
};

}  // namespace glimt::packetize

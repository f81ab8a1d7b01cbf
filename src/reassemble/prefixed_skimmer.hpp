// Prefixed skimmer: where the messages of a byte stream begin and end, without keeping them: for streams that nobody
// reads, and that somebody may want to read from the next message on.
//
//   input    chunks of one connection, in order
//   output   the ends of messages
//   errors   as PrefixedAssembler's
//   threads  thread-compatible
//   memory   none
#pragma once

#include <array>

#include "glimt/error.hpp"
#include "wire/length_prefix.hpp"

namespace glimt::reassemble {

// The length that a whole prefix says, where it is 1..max_bytes: malformed or exhausted otherwise.
Result<uint64_t> check_message_length(wire::LengthPrefix prefix, Bytes bytes, size_t max_bytes);

class PrefixedSkimmer {
 public:
  PrefixedSkimmer(wire::LengthPrefix prefix, size_t max_bytes) : prefix_(prefix), max_bytes_(max_bytes) {}

  // Takes bytes off the front of `chunk`, up to the end of one message at most: true where it has ended.
  Result<bool> push(Bytes& chunk);
  bool is_within_message() const { return prefix_have_ > 0; }

 private:
  const wire::LengthPrefix prefix_;
  const size_t max_bytes_;
  std::array<uint8_t, wire::kMaxLengthBytes> prefix_bytes_{};
  size_t prefix_have_ = 0;
  uint64_t left_ = 0;  // of the message, once its prefix is whole
};

}  // namespace glimt::reassemble

// Pickles of older programs: what Python's pickle.dumps() makes of a picture, of b'end' and of None.
//
//   The reader knows protocols 2 to 5, the names that numpy 1 and 2 write into them, and nothing else: there is no
//   opcode and no global in it that could call anything.
//
//   input    bytes from anywhere, one whole pickle
//   output   views into the input, or into `decoded`, which live as long as those
//   errors   malformed, with what it was instead; nothing of a pickle is ever run
//   threads  thread-safe
//   memory   `decoded` grows to what the pickle says at most, after that was checked against the bytes that are there
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "glimt/error.hpp"

namespace glimt::wire {

struct Pickle {
  enum class Kind { none, bytes, array } kind = Kind::none;
  Bytes bytes;  // bytes: its content. array: height x width x channels pixels of 8 bits, without gaps
  int height = 0, width = 0, channels = 0;  // array; channels 1, 3 or 4, and a grey one of shape (h, w) has 1
  bool fortran = false;                     // array: the first index varies fastest, the channel slowest
};

// `decoded` takes pixels that do not lie in the pickle as they are: protocol 2 writes bytes as text, and numpy 2 keeps
// the order in memory of an array whose axes were exchanged.
Result<Pickle> parse_pickle(Bytes pickle, std::vector<uint8_t>& decoded);

// The longest pickle of a picture of so many bytes: protocol 2 needs two for each that is above 127.
constexpr size_t max_pickle_bytes(size_t picture_bytes) { return 2 * picture_bytes + 1024; }

// What stands before and after the pixels (height x width x channels bytes, rows from the top) of a pickled uint8
// ndarray. Channels 1 gives shape (h, w).
struct PickleFrame {
  std::vector<uint8_t> head, tail;
};
PickleFrame make_pickle_frame(int height, int width, int channels);
std::vector<uint8_t> pickle_bytes(Bytes content);
std::vector<uint8_t> pickle_none();

}  // namespace glimt::wire

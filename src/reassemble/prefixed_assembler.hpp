// Prefixed assembler: a byte stream, in chunks as they come, to whole messages that each stand behind their length.
//
//   input    chunks of one connection, in order; one may hold a byte of a message or many messages
//   output   messages without their prefix, each in a buffer of its own: a frame may be a view into it. One copy
//   errors   malformed where a length is zero or negative, exhausted where it is above max_bytes: nothing in the stream
//            can be told from anything else after that, so the connection is to be closed
//   threads  thread-compatible
//   memory   one buffer, taken with the first byte of a message and grown as bytes come: what a prefix announces costs
//            nothing before it is there
#pragma once

#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "glimt/error.hpp"
#include "media/buffer.hpp"
#include "wire/length_prefix.hpp"

namespace glimt::reassemble {

struct PrefixedMessage {
  Ref<media::Buffer> buffer;
  Bytes bytes;  // in `buffer`
};

class PrefixedAssembler {
 public:
  // `buffers` outlives the assembler; many connections may share it.
  PrefixedAssembler(wire::LengthPrefix prefix, size_t max_bytes, media::BufferPool& buffers);

  // Takes bytes off the front of `chunk`, up to the end of one message at most; to be called again while some are left.
  // Empty: all were taken and the message goes on. After an error every further call gives it again.
  Result<std::optional<PrefixedMessage>> push(Bytes& chunk);

  // Bytes of a message or of its prefix are here: a connection that ends now has cut one short.
  bool is_within_message() const { return prefix_have_ > 0; }

 private:
  bool take_prefix(Bytes& chunk);
  bool check_length();
  void make_room(size_t bytes);

  const wire::LengthPrefix prefix_;
  const size_t max_bytes_;
  media::BufferPool& buffers_;  // borrowed
  std::array<uint8_t, wire::kMaxLengthBytes> prefix_bytes_{};
  size_t prefix_have_ = 0;
  uint64_t length_ = 0;  // of the message in work, 0 while its prefix is not whole
  Ref<media::Buffer> buffer_;
  size_t have_ = 0;            // bytes of the message in buffer_
  size_t expected_bytes_ = 0;  // as long as the last message was
  std::optional<Error> refused_;
};

}  // namespace glimt::reassemble

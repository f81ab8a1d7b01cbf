#include "reassemble/prefixed_skimmer.hpp"

#include <algorithm>
#include <string>

namespace glimt::reassemble {

Result<uint64_t> check_message_length(wire::LengthPrefix prefix, Bytes bytes, size_t max_bytes) {
  const auto length = wire::parse_length(prefix, bytes);
  if (!length || *length == 0) {
    return Error{ErrorKind::malformed, std::string("a message of ") +
                                           (length ? "no bytes" : "negative length") +
                                           " is announced: the peer speaks another wire"};
  }
  if (*length > max_bytes) {
    return Error{ErrorKind::exhausted, "a message of " + std::to_string(*length) +
                                           " bytes is announced; the limit is " + std::to_string(max_bytes) +
                                           ": the peer speaks another wire, or max_frame is to be larger"};
  }
  return *length;
}

Result<bool> PrefixedSkimmer::push(Bytes& chunk) {
  const size_t size = wire::length_bytes(prefix_);
  while (left_ == 0 && !chunk.empty()) {
    prefix_bytes_[prefix_have_++] = chunk.front();
    chunk = chunk.subspan(1);
    if (prefix_have_ < size) continue;
    const auto length = check_message_length(prefix_, Bytes(prefix_bytes_).first(size), max_bytes_);
    if (!length) {
      prefix_have_ = 0;
      return length.error();
    }
    left_ = *length;
  }
  const size_t part = static_cast<size_t>(std::min<uint64_t>(left_, chunk.size()));
  chunk = chunk.subspan(part);
  left_ -= part;
  const bool ended = prefix_have_ == size && left_ == 0;
  if (ended) prefix_have_ = 0;
  return ended;
}

}  // namespace glimt::reassemble

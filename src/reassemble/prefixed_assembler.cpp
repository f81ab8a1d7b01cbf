#include "reassemble/prefixed_assembler.hpp"

#include <algorithm>
#include <cstring>

#include "reassemble/prefixed_skimmer.hpp"

namespace glimt::reassemble {
namespace {

Bytes take_front(Bytes& chunk, size_t bytes) {
  const Bytes front = chunk.first(std::min(bytes, chunk.size()));
  chunk = chunk.subspan(front.size());
  return front;
}

}  // namespace

PrefixedAssembler::PrefixedAssembler(wire::LengthPrefix prefix, size_t max_bytes, media::BufferPool& buffers)
    : prefix_(prefix), max_bytes_(max_bytes), buffers_(buffers) {}

Result<std::optional<PrefixedMessage>> PrefixedAssembler::push(Bytes& chunk) {
  if (refused_) return *refused_;
  if (length_ == 0) {
    if (!take_prefix(chunk)) return std::optional<PrefixedMessage>();
    if (!check_length()) return *refused_;
  }
  const Bytes part = take_front(chunk, static_cast<size_t>(length_) - have_);
  if (!part.empty()) {
    make_room(part.size());
    std::memcpy(buffer_->data() + have_, part.data(), part.size());
    have_ += part.size();
  }
  if (have_ < length_) return std::optional<PrefixedMessage>();
  expected_bytes_ = have_;
  PrefixedMessage message{buffer_, {buffer_->data(), have_}};
  buffer_ = {};
  prefix_have_ = have_ = 0;
  length_ = 0;
  return std::optional<PrefixedMessage>(std::move(message));
}

bool PrefixedAssembler::take_prefix(Bytes& chunk) {
  const size_t size = wire::length_bytes(prefix_);
  const Bytes part = take_front(chunk, size - prefix_have_);
  std::copy(part.begin(), part.end(), prefix_bytes_.begin() + static_cast<ptrdiff_t>(prefix_have_));
  prefix_have_ += part.size();
  return prefix_have_ == size;
}

bool PrefixedAssembler::check_length() {
  const auto length =
      check_message_length(prefix_, Bytes(prefix_bytes_).first(wire::length_bytes(prefix_)), max_bytes_);
  if (!length) {
    refused_ = length.error();
    return false;
  }
  length_ = *length;
  return true;
}

// At first as much as the last message had, then twice as much each time, so that a growing one is copied once on average.
void PrefixedAssembler::make_room(size_t bytes) {
  if (!buffer_) {
    buffer_ = buffers_.take();
    buffer_->reserve(std::min(static_cast<size_t>(length_), std::max(bytes, expected_bytes_)));
  }
  const size_t needed = have_ + bytes;
  if (needed <= buffer_->capacity()) return;
  buffer_->reserve(std::min(static_cast<size_t>(length_), std::max(needed, buffer_->capacity() * 2)), have_);
}

}  // namespace glimt::reassemble

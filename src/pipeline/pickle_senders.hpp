// PickleSenders: the connections that pickles come in on, and the one that is followed; the others' bytes are read, so
// that they are not held up, and thrown away.
//
//   The first that begins a message is followed. Another one is with the beginning of a message once the former has
//   left, or has been silent for kFollowedFor while the other one delivered.
//
//   input    chunks of connections; now
//   output   messages of the followed one
//   errors   malformed, exhausted: the connection has broken the framing and is to be closed
//   threads  thread-compatible; reads no clock
//   memory   one message of at most max_message_bytes; a few words a connection
#pragma once

#include <unordered_map>

#include "base/clock.hpp"
#include "reassemble/prefixed_assembler.hpp"
#include "reassemble/prefixed_skimmer.hpp"
#include "transport/address.hpp"

namespace glimt::pipeline {

class PickleSenders {
 public:
  struct Message {
    Ref<media::Buffer> buffer;
    Bytes bytes;
    Instant first_at{};  // its first byte came
  };

  explicit PickleSenders(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  void connect(const transport::Peer& peer, Instant now);
  void disconnect(const transport::Peer& peer);
  // Takes bytes off the front of `chunk`, up to the end of one message at most; to be called while some are left.
  Result<std::optional<Message>> push(const transport::Peer& from, Bytes& chunk, Instant now);

  const std::optional<transport::Peer>& followed() const { return followed_; }
  bool is_followed(const transport::Peer& peer) const { return followed_ == peer; }
  // Whoever begins a message next is followed.
  void unfollow();
  bool is_within_message() const { return assembler_ && assembler_->is_within_message(); }
  // The followed one is not read at present, so that its silence means nothing.
  void set_held(bool held, Instant now);

  // So many are connected that somebody who delivers could find no place.
  bool is_crowded() const { return connections_.size() > kRoomy; }
  // One that has not said a byte for kIdleFor, where it is crowded.
  std::optional<transport::Peer> idle(Instant now) const;

  uint64_t stray() const { return stray_; }  // messages of others

  static constexpr Duration kFollowedFor = std::chrono::seconds(1);
  static constexpr auto kIdleFor = std::chrono::seconds(10);
  static constexpr size_t kRoomy = 512;

 private:
  struct Connection {
    transport::Peer peer;
    reassemble::PrefixedSkimmer skimmer;
    Instant last_heard{};
    Instant rival_since{};  // delivered while the followed one had been silent for half of kFollowedFor
  };

  void note_rival(Connection& connection, Instant now);
  bool may_follow(const Connection& connection, Instant now) const;
  void follow(const Connection& connection);

  const size_t max_message_bytes_;
  media::BufferPool buffers_{4};
  std::unordered_map<uint32_t, Connection> connections_;
  std::optional<transport::Peer> followed_;
  std::optional<reassemble::PrefixedAssembler> assembler_;  // of the followed one
  Instant first_at_{};
  Instant followed_heard_{};
  bool held_ = false;
  uint64_t stray_ = 0;
};

}  // namespace glimt::pipeline

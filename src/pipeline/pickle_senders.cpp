#include "pipeline/pickle_senders.hpp"

namespace glimt::pipeline {

using wire::LengthPrefix;

void PickleSenders::connect(const transport::Peer& peer, Instant now) {
  connections_.try_emplace(peer.connection, Connection{peer, {LengthPrefix::q, max_message_bytes_}, now, {}});
}

void PickleSenders::disconnect(const transport::Peer& peer) {
  if (is_followed(peer)) unfollow();
  connections_.erase(peer.connection);
}

void PickleSenders::unfollow() {
  followed_.reset();
  assembler_.reset();
  held_ = false;
}

void PickleSenders::set_held(bool held, Instant now) {
  held_ = held;
  followed_heard_ = now;
}

Result<std::optional<PickleSenders::Message>> PickleSenders::push(const transport::Peer& from, Bytes& chunk,
                                                                  Instant now) {
  const auto found = connections_.find(from.connection);
  if (found == connections_.end()) {
    chunk = {};
    return std::optional<Message>();
  }
  Connection& connection = found->second;
  connection.last_heard = now;
  note_rival(connection, now);
  if (!connection.skimmer.is_within_message() && may_follow(connection, now)) follow(connection);
  Bytes rest = chunk;
  const auto ended = connection.skimmer.push(rest);
  if (!ended) return ended.error();
  if (!is_followed(from)) {
    chunk = rest;
    if (*ended) ++stray_;
    return std::optional<Message>();
  }
  if (!assembler_->is_within_message()) first_at_ = now;
  auto message = assembler_->push(chunk);
  if (!message) return message.error();
  if (!*message) return std::optional<Message>();
  return std::optional(Message{std::move((*message)->buffer), (*message)->bytes, first_at_});
}

void PickleSenders::note_rival(Connection& connection, Instant now) {
  if (is_followed(connection.peer)) {
    followed_heard_ = now;
  } else if (connection.rival_since <= followed_heard_ && now - followed_heard_ >= kFollowedFor / 2) {
    connection.rival_since = now;
  }
}

// After this process was stopped the bytes of both are there, in any order: so the silence has to be seen twice.
bool PickleSenders::may_follow(const Connection& connection, Instant now) const {
  if (!followed_) return true;
  if (held_ || is_followed(connection.peer)) return false;
  return connection.rival_since > followed_heard_ && now - connection.rival_since >= kFollowedFor / 2;
}

void PickleSenders::follow(const Connection& connection) {
  followed_ = connection.peer;
  followed_heard_ = connection.last_heard;
  assembler_.emplace(LengthPrefix::q, max_message_bytes_, buffers_);
}

std::optional<transport::Peer> PickleSenders::idle(Instant now) const {
  if (!is_crowded()) return std::nullopt;
  for (const auto& [id, connection] : connections_) {
    if (!is_followed(connection.peer) && now - connection.last_heard >= kIdleFor) return connection.peer;
  }
  return std::nullopt;
}

}  // namespace glimt::pipeline

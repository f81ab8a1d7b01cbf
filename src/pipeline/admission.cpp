#include "pipeline/admission.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace glimt::pipeline {

Bytes Admission::on_hello(const transport::Peer& from, const wire::Packet& packet,
                          const Association::Options& own, std::span<uint8_t> buffer) {
  const auto hello = wire::parse_hello(packet.body);
  if (!hello || packet.body.size() < wire::kHelloBodyBytes) return {};
  if (hello->role == own.role) return make_close(buffer, hello->session, wire::CloseReason::same_role);
  uint32_t session = 0;
  for (size_t i = 0; i < pending_.size(); ++i) {
    Pending& p = pending_[i];
    if (p.peer == from && p.admitted.hello.session == hello->session) session = p.admitted.session;
  }
  if (session == 0) {
    session = random_session_number();
    pending_.push_newest({from, {session, *hello}});
  }
  return Association::make_hello(buffer, own, session, hello->session, 1);
}

Bytes Admission::make_close(std::span<uint8_t> buffer, uint32_t peer_session, wire::CloseReason reason) {
  std::array<uint8_t, 8> body{};
  const size_t size = serialize(body, wire::Close{reason});
  return wire::seal_control(buffer, {wire::Type::close, 0, 0, peer_session, 1}, Bytes(body).first(size));
}

std::optional<Admission::Admitted> Admission::on_proof(const transport::Peer& from, uint32_t session) {
  for (size_t i = 0; i < pending_.size(); ++i) {
    Pending& p = pending_[i];
    if (session == 0 || p.admitted.session != session || !(p.peer == from)) continue;
    const Admitted admitted = p.admitted;
    p = {};
    on_disconnected(from);
    return admitted;
  }
  return std::nullopt;
}

void Admission::on_connected(const transport::Peer& peer, Instant now) {
  connections_[peer.connection] = {peer, now + kProveWithin};
}

std::optional<transport::Peer> Admission::overdue(Instant now) {
  for (const auto& [number, connection] : connections_) {
    if (connection.prove_by > now) continue;
    const transport::Peer peer = connection.peer;
    connections_.erase(number);
    return peer;
  }
  return std::nullopt;
}

Instant Admission::next_overdue() const {
  Instant next = Instant::max();
  for (const auto& [number, connection] : connections_) next = std::min(next, connection.prove_by);
  return next;
}

}  // namespace glimt::pipeline

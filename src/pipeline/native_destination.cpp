#include "pipeline/native_destination.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/random.hpp"
#include "pipeline/peer_outbox.hpp"

namespace glimt::pipeline {
namespace {

// So long at most do all receivers together keep the network thread from whoever else wants it: reports, other destinations, the
// hub that adds one. Every receiver's frame at once is many times that.
constexpr auto kTurn = std::chrono::milliseconds(1);

}  // namespace

NativeDestination::NativeDestination(transport::EventLoop& loop,
                                     std::unique_ptr<transport::Transport> transport, const Options& options,
                                     Stream& stream)
    : transport_(std::move(transport)),
      options_(options),
      stream_(stream),
      timer_(loop, [this] { pump(); }) {}

void NativeDestination::start() { transport_->start(*this); }

Association::Options NativeDestination::association_options() const {
  return {.role = wire::Role::sender,
          .connects = transport_->traits().connects,
          .symbol_bytes = static_cast<uint32_t>(transport_->traits().symbol_bytes),
          .clock_id = clock_id()};
}

packetize::Pacer::Options NativeDestination::pacing(const transport::Peer& peer) const {
  const bool local = transport_->traits().reliable || transport::is_loopback(peer);
  packetize::Pacer::Options pacing;
  pacing.rate_bps = options_.pace_bps.value_or(local ? 0 : pacing.rate_bps);
  return pacing;
}

SendSession* NativeDestination::find(const transport::Peer& from, uint32_t session) {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second->peer == from ? found->second.get() : nullptr;
}

SendSession* NativeDestination::find_by_peer(const transport::Peer& from) {
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->peer == from; });
  return found != sessions_.end() ? found->second.get() : nullptr;
}

void NativeDestination::on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) {
  const auto parsed = wire::parse_packet(datagram);
  if (!parsed.packet) {
    ++refused_;
    return;
  }
  note_pause(arrived_at);
  SendSession* session = find(from, parsed.packet->header.session);
  if (session) {
    on_session_packet(*session, *parsed.packet, arrived_at);
  } else {
    on_stranger(from, *parsed.packet, arrived_at);
  }
  schedule();
}

void NativeDestination::on_stranger(const transport::Peer& from, const wire::Packet& packet, Instant now) {
  if (transport_->traits().connects) {
    ++stray_;
    return;
  }
  if (packet.header.type == wire::Type::hello && packet.header.session == 0) {
    // A receiver that has heard nothing for a while asks whether we are there; its session lives on.
    SendSession* known = find_by_peer(from);
    const auto hello = wire::parse_hello(packet.body);
    if (known && hello && hello->session == known->association.peer_session()) {
      on_session_packet(*known, packet, now);
      return;
    }
    std::array<uint8_t, wire::kMinPacketBytes + wire::kHelloBodyBytes> buffer;
    PeerOutbox(*transport_, from).send(admission_.on_hello(from, packet, association_options(), buffer));
  } else if (const auto admitted = admission_.on_proof(from, packet.header.session)) {
    admit(from, *admitted, now);
  } else {
    ++stray_;
  }
}

void NativeDestination::admit(const transport::Peer& from, const Admission::Admitted& admitted, Instant now) {
  PeerOutbox out(*transport_, from);
  if (SendSession* former = find_by_peer(from)) let_go(*former, "was restarted");
  if (sessions_.size() >= kMaxReceivers) {
    std::array<uint8_t, 64> buffer;
    out.send(Admission::make_close(buffer, admitted.hello.session, wire::CloseReason::full));
    return;
  }
  SendSession& session = add(from, admitted.session);
  session.association.accept(admitted.hello, now, out);
  start_session(session);
  log::info("{}: receiver {} has joined, mode={}", options_.address.text, transport::to_string(from),
            to_string(session.mode()));
  stream_.demand_changed();
  pump_session(session, now);
}

SendSession& NativeDestination::add(const transport::Peer& peer, uint32_t own_session) {
  auto session = std::make_unique<SendSession>(peer, Association(association_options(), own_session),
                                               SendSession::Options{.pacing = pacing(peer)});
  return *(sessions_[own_session] = std::move(session));
}

void NativeDestination::start_session(SendSession& session) {
  stop_sharing(session);
  session.stop();
  if (!share(session)) session.start(stream_.newest_key(packetizer_options()));
}

// False where it is to have units instead.
bool NativeDestination::share(SendSession& session) {
  if (!options_.shares || !transport_->traits().passes ||
      session.association.peer().shares != wire::kSharedFramesVersion)
    return false;
  auto receiver = stream_.shared().attach(session.mode());
  if (!receiver) {
    log::warning("{}: {}", options_.address.text, receiver.error().message);
    return false;
  }
  std::array<uint8_t, wire::kMinPacketBytes> buffer;
  const wire::Header header{wire::Type::frames, 0, 0, session.association.peer_session(),
                            session.association.next_number()};
  const Bytes packet = wire::seal_control(buffer, header, {});
  session.start_sharing(receiver->id);
  if (transport_->pass(session.peer, Gather::of(packet), receiver->theirs.get())) return true;
  stop_sharing(session);
  session.stop();
  return false;
}

void NativeDestination::stop_sharing(SendSession& session) {
  if (!session.shared_id()) return;
  const auto counted = stream_.shared().counters(*session.shared_id());
  session.counters.frames += counted.frames;
  session.counters.dropped += counted.dropped;
  session.counters.refused += counted.refused;
  stream_.shared().detach(*session.shared_id());
}

SendSession::Counters NativeDestination::counters_of(const SendSession& session) const {
  SendSession::Counters sum = session.counters;
  if (!session.shared_id()) return sum;
  const auto counted = stream_.shared().counters(*session.shared_id());
  sum.frames += counted.frames;
  sum.dropped += counted.dropped;
  sum.refused += counted.refused;
  return sum;
}

ReceiverStats NativeDestination::stats_of(const SendSession& session) const {
  ReceiverStats r = counters_of(session).as_stats();
  r.peer = transport::to_string(session.peer);
  r.mode = session.mode();
  r.packets_lost = session.loss.totals().lost;
  if (const auto rtt = session.association.clock().rtt()) r.rtt_ms = to_ms(*rtt);
  return r;
}

void NativeDestination::on_session_packet(SendSession& session, const wire::Packet& packet, Instant now) {
  PeerOutbox out(*transport_, session.peer);
  const bool was_quiet = session.is_quiet();
  if (packet.header.type == wire::Type::feedback)
    session.on_feedback(packet, stream_.history(packetizer_options()), now);
  switch (session.association.on_packet(packet, now, out)) {
    case Association::Event::opened:
      start_session(session);
      log::info("{}: the receiver answers, mode={}", options_.address.text, to_string(session.mode()));
      stream_.demand_changed();
      break;
    case Association::Event::closed: {
      const auto reason = session.association.close_reason().value_or(wire::CloseReason::leaving);
      if (!transport_->traits().connects) {
        let_go(session, to_string(reason));
        return;
      }
      const bool refused = reason > wire::CloseReason::leaving;
      if (session.started() || refused) {
        log::write(refused ? log::Level::warning : log::Level::info,
                   options_.address.text + ": " + std::string(to_string(reason)));
      }
      if (session.started()) ++gone_.receivers_gone;
      stop_sharing(session);
      session.stop();
      stream_.demand_changed();
      break;
    }
    case Association::Event::refused:
      ++refused_;
      break;
    case Association::Event::none:
      break;
  }
  if (packet.header.type == wire::Type::feedback || was_quiet) {
    pumps_on_ = true;  // when all that has come was heard: each may have room for a frame now
    stream_.demand_changed();
  }
}

void NativeDestination::on_connected(const transport::Peer& peer) {
  if (!transport_->traits().connects) {  // the other end says HELLO first
    if (transport_->traits().reliable) admission_.on_connected(peer, now());
    schedule();
    return;
  }
  connected_at_ = now();
  add(peer, random_session_number());
  pump();
}

void NativeDestination::on_disconnected(const transport::Peer& peer, const Error& why) {
  if (SendSession* session = find_by_peer(peer)) let_go(*session, why.message);
  admission_.on_disconnected(peer);
  schedule();
}

void NativeDestination::on_writable(const transport::Peer&) { pump(); }

void NativeDestination::let_go(SendSession& session, std::string_view why) {
  if (session.started()) {
    log::info("{}: receiver {} has gone: {}", options_.address.text, transport::to_string(session.peer), why);
    ++gone_.receivers_gone;
  }
  add_to(gone_, stats_of(session));
  gone_.refused += counters_of(session).refused;
  stop_sharing(session);
  // Its connection may still be good for another session.
  if (transport_->traits().reliable) admission_.on_connected(session.peer, now());
  sessions_.erase(session.association.own_session());
  stream_.demand_changed();
}

void NativeDestination::offer(const Ref<packetize::SymbolUnit>& unit) {
  const Instant at = now();
  for (auto& [id, session] : sessions_) session->offer(unit, at);
}

void NativeDestination::pump() {
  const Instant at = now();
  note_pause(at);
  pumps_on_ = !pump_sessions(at);
  sweep(at);
  give_up_silence(at);
  schedule();
}

// From the one behind the last, once around. False where the turn was over before.
bool NativeDestination::pump_sessions(Instant now) {
  const Instant begun_at = now;
  auto next = sessions_.upper_bound(last_pumped_);
  for (size_t left = sessions_.size(); left > 0; --left, ++next) {
    if (next == sessions_.end()) next = sessions_.begin();
    if (now - begun_at > kTurn) return false;
    pump_session(*next->second, now);
    last_pumped_ = next->first;
    now = glimt::now();
  }
  return true;
}

void NativeDestination::pump_session(SendSession& session, Instant now) {
  PeerOutbox out(*transport_, session.peer);
  const bool was_ready = session.ready();
  session.association.poll(now, out);
  session.pump(now, stream_.frame_interval(), *transport_, batch_, out);
  if (session.ready() != was_ready) stream_.demand_changed();
}

// Lets go of receivers that have fallen silent or cannot follow. One that this end has named
// is asked for ever.
void NativeDestination::sweep(Instant now) {
  std::vector<SendSession*> silent, slow, cut_off;
  for (auto& [id, session] : sessions_) {
    const bool answered = session->association.last_heard() != Instant{};
    if (answered && now - session->association.last_heard() > kGoneAfter) silent.push_back(session.get());
    const auto shared = session->shared_id();
    const bool full = shared && stream_.shared().full_for(*shared, now) >= SendSession::kMaxBehind;
    if ((full || session->too_slow(now)) && stream_.may_let_go()) {
      slow.push_back(session.get());
    } else if (shared && stream_.shared().is_gone(*shared)) {
      cut_off.push_back(session.get());
    }
  }
  for (auto* session : slow) turn_away(*session, wire::CloseReason::too_slow);
  for (auto* session : cut_off) turn_away(*session, wire::CloseReason::cut_off);
  std::erase_if(silent, [&](auto* s) {
    return std::count(slow.begin(), slow.end(), s) + std::count(cut_off.begin(), cut_off.end(), s) > 0;
  });
  for (auto* session : silent) {
    const transport::Peer peer = session->peer;
    if (!transport_->traits().connects) {
      let_go(*session, "it has been silent for 3 s");
      drop_connection(peer);
    } else if (session->started()) {
      log::info("{}: the receiver has been silent for 3 s; still trying", options_.address.text);
      ++gone_.receivers_gone;
      session->association.lose();
      stop_sharing(*session);
      session->stop();
      stream_.demand_changed();
    }
  }
}

void NativeDestination::turn_away(SendSession& session, wire::CloseReason reason) {
  PeerOutbox out(*transport_, session.peer);
  session.association.close(reason, out);
  const transport::Peer peer = session.peer;
  let_go(session, to_string(reason));
  if (!transport_->traits().connects) drop_connection(peer);
}

void NativeDestination::drop_connection(const transport::Peer& peer) {
  transport_->disconnect(peer);
  admission_.on_disconnected(peer);
}

void NativeDestination::note_pause(Instant now) {
  if (looks_up_at_ != Instant::max() && now - looks_up_at_ > kPaused) {
    for (auto& [id, session] : sessions_) session->association.note_pause(now);
  }
  looks_up_at_ = Instant::max();
}

// Of a connection that this end made, and of those that never became a session.
void NativeDestination::give_up_silence(Instant now) {
  const auto traits = transport_->traits();
  if (traits.connects && !sessions_.empty()) {
    SendSession& session = *sessions_.begin()->second;  // there is one
    const Duration silent = now - std::max(session.association.last_heard(), connected_at_);
    if (silent > kRerouteAfter) transport_->reroute();
    if (traits.reliable && silent > kGiveUpAfter) {
      const transport::Peer peer = session.peer;
      let_go(session, "the connection has been silent for 1 s; connecting anew");
      drop_connection(peer);
    }
  }
  while (const auto peer = admission_.overdue(now)) {
    if (!find_by_peer(*peer)) transport_->disconnect(*peer);
  }
}

void NativeDestination::schedule() {
  const Instant at = now();
  Instant next = pumps_on_ ? at : admission_.next_overdue();
  for (const auto& [id, session] : sessions_) next = std::min(next, session->next_pump());
  if (!sessions_.empty()) next = std::min(next, at + kLookUpEvery);
  looks_up_at_ = sessions_.empty() ? Instant::max() : std::max(next, at);
  timer_.set(next);
}

void NativeDestination::close(wire::CloseReason reason) {
  for (auto& [id, session] : sessions_) {
    PeerOutbox out(*transport_, session->peer);
    for (int i = 0; i < out.close_repeats(); ++i) session->close(reason, out);
    stop_sharing(*session);
  }
  sessions_.clear();
  timer_.clear();
}

size_t NativeDestination::receivers() const {
  return static_cast<size_t>(
      std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second->started(); }));
}
size_t NativeDestination::sharing_receivers() const {
  return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                           [](const auto& s) { return s.second->shared_id().has_value(); }));
}
size_t NativeDestination::ready_receivers() const {
  return static_cast<size_t>(
      std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second->ready(); }));
}
size_t NativeDestination::every_receivers() const {
  return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) {
    return s.second->started() && s.second->mode() == Mode::every;
  }));
}
bool NativeDestination::wants_key() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second->wants_key(); });
}
bool NativeDestination::drained() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second->drained(); });
}

DestinationStats NativeDestination::stats() const {
  DestinationStats s = gone_;
  s.address = options_.address.text;
  s.receivers = receivers();
  s.refused += refused_;
  s.stray = stray_;
  for (const auto& [id, session] : sessions_) {
    ReceiverStats r = stats_of(*session);
    add_to(s, r);
    s.refused += counters_of(*session).refused;
    s.rtt_ms = std::max(s.rtt_ms, r.rtt_ms);
    if (session->started()) s.each.push_back(std::move(r));
  }
  return s;
}

}  // namespace glimt::pipeline

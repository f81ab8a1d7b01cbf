#include "pipeline/native_endpoint.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/random.hpp"
#include "pipeline/peer_outbox.hpp"

namespace glimt::pipeline {
namespace {

// A sender is followed by another when it does not answer a question within twice its round trip and this.
constexpr auto kAnswerWithin = std::chrono::milliseconds(40);
constexpr auto kAskAgainAfter = std::chrono::milliseconds(400);

}  // namespace

NativeEndpoint::NativeEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                               const Options& options, media::StripSink& sink, Reader& reader)
    : transport_(std::move(transport)),
      options_(options),
      sink_(sink),
      reader_(reader),
      timer_(loop, [this] { poll(); }),
      takes_units_(options.takes_units) {}

Association::Options NativeEndpoint::association_options() const {
  return {.role = wire::Role::receiver,
          .connects = transport_->traits().connects,
          .mode = options_.mode,
          .latency = std::chrono::duration_cast<std::chrono::milliseconds>(options_.latency),
          .clock_id = clock_id(),
          .shares = transport_->traits().passes && !takes_units_};
}

bool NativeEndpoint::is_current(const transport::Peer& from, uint32_t session) const {
  return session_ && session_->peer == from && session_->association.own_session() == session;
}

void NativeEndpoint::on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) {
  const auto parsed = wire::parse_packet(datagram);
  if (!parsed.packet) {
    ++refused_;
    return;
  }
  note_pause(arrived_at);
  if (is_current(from, parsed.packet->header.session)) {
    on_session_packet(*parsed.packet, datagram.size(), arrived_at);
  } else {
    on_stranger(from, *parsed.packet, arrived_at);
  }
  poll();
}

void NativeEndpoint::on_descriptor(const transport::Peer& from, Bytes datagram, UniqueFd fd,
                                   Instant arrived_at) {
  const auto parsed = wire::parse_packet(datagram);
  const bool expected = parsed.packet && parsed.packet->header.type == wire::Type::frames &&
                        is_current(from, parsed.packet->header.session) && session_->association.is_open();
  on_datagram(from, datagram, arrived_at);
  if (!expected) return;
  shares_ = true;
  reader_.on_frame_channel(std::move(fd), session_ && session_->association.peer().clock_id == clock_id());
}

void NativeEndpoint::on_stranger(const transport::Peer& from, const wire::Packet& packet, Instant now) {
  if (transport_->traits().connects) {
    ++stray_;
    return;
  }
  PeerOutbox out(*transport_, from);
  std::array<uint8_t, wire::kMinPacketBytes + wire::kHelloBodyBytes> buffer;
  if (packet.header.type == wire::Type::hello && packet.header.session == 0) {
    const auto hello = wire::parse_hello(packet.body);
    const bool known =
        hello && session_ && session_->peer == from && hello->session == session_->association.peer_session();
    if (known) {
      on_session_packet(packet, 0, now);  // its sender asks whether we are there
      return;
    }
    const bool rivals = hello && hello->role == wire::Role::sender;
    const auto incumbent = rivals ? look_for_incumbent(from, now) : Incumbent::none;
    if (incumbent == Incumbent::there) {
      out.send(Admission::make_close(buffer, hello->session, wire::CloseReason::busy));
    } else if (incumbent != Incumbent::asked) {
      out.send(admission_.on_hello(from, packet, association_options(), buffer));
    }
  } else if (const auto admitted = admission_.on_proof(from, packet.header.session)) {
    end_session(Change::lost, "another sender has come");
    make_session(from, admitted->session);
    session_->association.accept(admitted->hello, now, out);
    opened();
    on_session_packet(packet, 0, now);
  } else {
    ++stray_;
  }
}

// Another sender may be the same one, restarted: whoever was there before is asked, and has its round trip and a
// little more to answer.
NativeEndpoint::Incumbent NativeEndpoint::look_for_incumbent(const transport::Peer& rival, Instant now) {
  if (!session_ || !session_->association.is_open() || session_->peer == rival) return Incumbent::none;
  auto& association = session_->association;
  if (incumbent_asked_ == Instant{} || now - incumbent_asked_ >= kAskAgainAfter) {
    incumbent_asked_ = now;
    association.ask(now);
    return Incumbent::asked;
  }
  if (to_us(association.last_answered()) >= to_us(incumbent_asked_)) return Incumbent::there;
  const Duration patience = kAnswerWithin + 2 * association.clock().rtt().value_or(Duration::zero());
  return now - incumbent_asked_ < patience ? Incumbent::asked : Incumbent::gone;
}

void NativeEndpoint::on_session_packet(const wire::Packet& packet, size_t bytes, Instant now) {
  PeerOutbox out(*transport_, session_->peer);
  switch (session_->on_packet(packet, bytes, now, out)) {
    case Association::Event::opened:
      opened();
      break;
    case Association::Event::closed: {
      const auto reason = session_->association.close_reason().value_or(wire::CloseReason::leaving);
      const std::string why = options_.address.text + ": " + std::string(to_string(reason));
      if (reason > wire::CloseReason::leaving && why != last_complaint_)
        log::warning("{}", last_complaint_ = why);
      end_session(reason <= wire::CloseReason::leaving ? Change::ended : Change::lost, why);
      break;
    }
    default:
      break;
  }
}

void NativeEndpoint::opened() {
  ++sessions_;
  shares_ = false;
  session_->start(reader_.taken_units());
  last_complaint_.clear();
  reader_.on_change(Change::connected, transport::to_string(session_->peer));
}

void NativeEndpoint::make_session(const transport::Peer& peer, uint32_t own_session) {
  const ReceiveSession::Options options{options_.mode, options_.latency, options_.max_frame_bytes,
                                        options_.whole_only, transport_->traits().reliable};
  session_.emplace(peer, Association(association_options(), own_session), options, sink_);
  incumbent_asked_ = {};
}

// Where this end connects the association lives on and goes on saying HELLO.
void NativeEndpoint::end_session(Change change, const std::string& why) {
  if (!session_) return;
  const bool was_started = session_->started();
  session_->stop();
  session_->association.lose();
  if (!transport_->traits().connects) {
    if (transport_->traits().reliable) admission_.on_connected(session_->peer, now());
    former_ += session_->counters();
    session_.reset();
  }
  if (was_started) reader_.on_change(change, why);
}

void NativeEndpoint::on_connected(const transport::Peer& peer) {
  if (!transport_->traits().connects) {
    if (transport_->traits().reliable) admission_.on_connected(peer, now());
    return;
  }
  end_session(Change::lost, "connected anew");
  if (session_) former_ += session_->counters();
  connected_at_ = now();
  make_session(peer, random_session_number());
  poll();
}

void NativeEndpoint::on_disconnected(const transport::Peer& peer, const Error& why) {
  if (session_ && session_->peer == peer) end_session(Change::lost, why.message);
  admission_.on_disconnected(peer);
}

void NativeEndpoint::on_taken() {
  if (!session_) return;
  session_->note_taken();
  poll();
}

void NativeEndpoint::note_pause(Instant now) {
  if (session_ && looks_up_at_ != Instant::max() && now - looks_up_at_ > kPaused)
    session_->association.note_pause(now);
  looks_up_at_ = Instant::max();
}

void NativeEndpoint::poll() {
  const Instant at = now();
  note_pause(at);
  if (session_) {
    PeerOutbox out(*transport_, session_->peer);
    const auto drops = static_cast<uint32_t>(transport_->counters().kernel_drops);
    session_->poll(at, {reader_.taken_units(), reader_.oldest_wait(at), drops, reader_.wants_key()}, out);
  }
  sweep(at);
  schedule(at);
}

// Gives up what is silent: the sender, a connection of ours, connections that never became a session.
void NativeEndpoint::sweep(Instant now) {
  if (session_ && session_->started() && now - session_->association.last_heard() > kGoneAfter)
    end_session(Change::lost, options_.address.text + ": the sender has been silent for 3 s");
  const auto traits = transport_->traits();
  const Instant silent_since =
      session_ ? std::max(session_->association.last_heard(), connected_at_) : Instant::max();
  if (traits.connects && now - silent_since > kRerouteAfter) transport_->reroute();
  if (traits.connects && traits.reliable && session_ && now - silent_since > kGiveUpAfter) {
    meet_anew(options_.address.text + ": the connection has been silent for 1 s; connecting anew");
  }
  while (const auto peer = admission_.overdue(now)) {
    if (!session_ || !(session_->peer == *peer)) transport_->disconnect(*peer);
  }
}

void NativeEndpoint::meet_anew(const std::string& why) {
  const transport::Peer peer = session_->peer;
  end_session(Change::lost, why);
  if (session_) former_ += session_->counters();
  session_.reset();
  transport_->disconnect(peer);
}

void NativeEndpoint::take_units(bool on) {
  if (std::exchange(takes_units_, on) == on || !session_) return;
  if (on ? !shares_ : !shared_before_) return;  // nothing would come of it
  shared_before_ = on;
  meet_anew(options_.address.text + ": asking for " +
            (on ? "encoded pictures" : "pictures in shared memory"));
}

void NativeEndpoint::schedule(Instant now) {
  Instant next = admission_.next_overdue();
  if (session_) next = std::min({next, session_->next_poll(), now + kLookUpEvery});
  looks_up_at_ = session_ ? std::max(next, now) : Instant::max();
  timer_.set(next);
}

void NativeEndpoint::close() {
  timer_.clear();
  if (!session_) return;
  PeerOutbox out(*transport_, session_->peer);
  for (int i = 0; i < out.close_repeats(); ++i) session_->association.close(wire::CloseReason::leaving, out);
  session_->stop();
}

void NativeEndpoint::add_to(SubscriberStats& stats) const {
  ReceiveSession::Counters c = former_;
  stats.address = options_.address.text;
  stats.sessions = sessions_;
  if (session_) {
    c += session_->counters();
    stats.connected = session_->started();
    const auto& clock = session_->association.clock();
    if (const auto rtt = clock.rtt()) stats.rtt_ms = to_ms(*rtt);
    if (const auto e = clock.estimate()) {
      stats.clock = {true, static_cast<double>(e->offset_us) / 1000, static_cast<double>(e->bound_us) / 1000};
    }
  }
  c.add_to(stats);
  stats.refused += refused_;
  stats.stray = stray_;
  stats.kernel_drops = transport_->counters().kernel_drops;
}

}  // namespace glimt::pipeline

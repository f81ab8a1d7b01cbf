#include "pipeline/association.hpp"

#include <algorithm>

#include "glimt/version.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kHelloEvery = std::chrono::milliseconds(50);
constexpr auto kRefusedHelloEvery = std::chrono::milliseconds(500);
constexpr auto kSilence =
    std::chrono::milliseconds(100);  // then the other end is asked whether it is still there
constexpr auto kCatchUp = std::chrono::milliseconds(300);  // an answer that takes longer is not waited for
constexpr auto kProbeEvery = std::chrono::seconds(1);
constexpr auto kFirstProbesEvery = std::chrono::milliseconds(20);
constexpr std::chrono::microseconds kBelievableRtt = std::chrono::seconds(60);
constexpr uint32_t kFirstProbes = 8;  // the offset is good after 160 ms, not after 8 s

}  // namespace

Association::Association(const Options& options, uint32_t own_session)
    : options_(options), own_session_(own_session) {}

Bytes Association::make_hello(std::span<uint8_t> buffer, const Options& options, uint32_t own_session,
                              uint32_t peer_session, uint64_t number) {
  wire::Hello h;
  h.session = own_session;
  h.echo = peer_session;
  h.role = options.role;
  h.mode = options.mode;
  h.latency_ms = static_cast<uint32_t>(options.latency.count());
  h.symbol_bytes = options.symbol_bytes;
  h.clock_id = options.clock_id;
  h.shares = options.shares ? wire::kSharedFramesVersion : 0;
  h.agent = "glimt " + std::string(kVersion);
  std::array<uint8_t, wire::kHelloBodyBytes> body{};
  const size_t size = serialize(body, h);
  return wire::seal_control(buffer, {wire::Type::hello, 0, 0, peer_session, number}, Bytes(body).first(size));
}

void Association::accept(const wire::Hello& hello, Instant now, Outbox& out) {
  last_heard_ = now;
  number_ = 1;  // Admission's answer was the first packet
  on_hello(hello, now, out);
}

void Association::assume(const wire::Hello& peer) {
  peer_ = peer;
  peer_session_ = peer.session;
  open_ = assumed_ = true;
  next_probe_ = Instant::max();
}

Association::Event Association::on_packet(const wire::Packet& packet, Instant now, Outbox& out) {
  last_heard_ = now;
  switch (packet.header.type) {
    case wire::Type::hello: {
      const auto hello = wire::parse_hello(packet.body);
      return hello ? on_hello(*hello, now, out) : Event::refused;
    }
    case wire::Type::clock: {
      const auto clock = wire::parse_clock(packet.body);
      return clock ? on_clock(*clock, now, out) : Event::refused;
    }
    case wire::Type::close: {
      const auto close = wire::parse_close(packet.body);
      if (!close) return Event::refused;
      close_reason_ = close->reason;
      open_ = false;
      peer_session_ = 0;
      next_hello_ = now + (close->reason <= wire::CloseReason::leaving ? kHelloEvery : kRefusedHelloEvery);
      return Event::closed;
    }
    default:
      return Event::none;
  }
}

Association::Event Association::on_hello(const wire::Hello& hello, Instant now, Outbox& out) {
  if (hello.role == options_.role) {
    close_reason_ = wire::CloseReason::same_role;
    if (!options_.connects) {
      peer_session_ = hello.session;
      close(wire::CloseReason::same_role, out);
    }
    return Event::closed;
  }
  const bool echoes_us = hello.echo == own_session_;
  if (options_.connects && !echoes_us)
    return Event::none;  // an answer to somebody else, or to an earlier self
  const bool is_new = !open_ || hello.session != peer_session_;
  peer_ = hello;
  peer_session_ = hello.session;
  open_ = true;  // before the answer, which proves us by bearing the other end's number
  if (!options_.connects || is_new) send_hello(now, out);
  if (!is_new) return Event::none;
  close_reason_.reset();
  clock_ = {};
  clock_.set_same_clock(hello.clock_id == options_.clock_id);
  probes_sent_ = 0;
  next_probe_ = now;
  return Event::opened;
}

Association::Event Association::on_clock(const wire::Clock& clock, Instant now, Outbox& out) {
  if (clock.is_answer) {
    clock_.add(clock, now);
    const int64_t took_us = to_us(now) - clock.asked_us;
    if (took_us >= 0 && took_us < kBelievableRtt.count())
      last_answered_ = std::max(last_answered_, from_us(clock.asked_us));
    if (last_answered_ >= resumed_at_) resumed_at_ = {};
    return Event::none;
  }
  if (!open_) return Event::none;
  std::array<uint8_t, wire::kClockBodyBytes> body{};
  const size_t size = serialize(body, wire::Clock{true, clock.asked_us, to_us(now), to_us(now)});
  send_body(wire::Type::clock, Bytes(body).first(size), out);
  return Event::none;
}

void Association::poll(Instant now, Outbox& out) {
  const bool silent = !open_ || is_catching_up(now) || now - last_heard_ >= kSilence;
  if (options_.connects && silent && now >= next_hello_) send_hello(now, out);
  if (open_ && now >= next_probe_) send_probe(now, out);
}

void Association::note_pause(Instant now) {
  resumed_at_ = from_us(to_us(now));  // as it travels in the probe
  if (assumed_) return;
  next_hello_ = now;
  ask(now);
}

bool Association::is_catching_up(Instant now) const {
  return resumed_at_ != Instant{} && now - resumed_at_ < kCatchUp;
}

Instant Association::next_poll() const {
  Instant next = open_ ? next_probe_ : Instant::max();
  if (options_.connects)
    next = std::min(next, open_ ? std::max(next_hello_, last_heard_ + kSilence) : next_hello_);
  return next;
}

void Association::close(wire::CloseReason reason, Outbox& out) {
  if (peer_session_ == 0) return;
  std::array<uint8_t, 8> body{};
  const size_t size = serialize(body, wire::Close{reason});
  send_body(wire::Type::close, Bytes(body).first(size), out);
  open_ = false;
}

void Association::send_hello(Instant now, Outbox& out) {
  std::array<uint8_t, wire::kMinPacketBytes + wire::kHelloBodyBytes> buffer;
  // A silent peer may have been restarted: a HELLO with session 0 is one that a newcomer understands.
  const bool known = open_ && !is_catching_up(now) && now - last_heard_ < kSilence;
  auto packet = make_hello(buffer, options_, own_session_, known || !options_.connects ? peer_session_ : 0,
                           next_number());
  next_hello_ = now + kHelloEvery;
  if (!out.send(packet)) give_back_numbers(1);
}

void Association::send_probe(Instant now, Outbox& out) {
  std::array<uint8_t, wire::kClockBodyBytes> body{};
  const size_t size = serialize(body, wire::Clock{false, to_us(now), 0, 0});
  send_body(wire::Type::clock, Bytes(body).first(size), out);
  const bool often = ++probes_sent_ < kFirstProbes || is_catching_up(now);
  next_probe_ = now + (often ? Duration(kFirstProbesEvery) : Duration(kProbeEvery));
}

void Association::send_body(wire::Type type, Bytes body, Outbox& out) {
  std::array<uint8_t, 128> buffer;
  if (!out.send(wire::seal_control(buffer, {type, 0, 0, peer_session_, next_number()}, body)))
    give_back_numbers(1);
}

}  // namespace glimt::pipeline

// Association: one end's side of a conversation: who is there, under which number, with which
// clock, and whether still.
//
//   The end that connects says HELLO until it is answered, and again whenever it has heard nothing for a
//   while; so any start order works, and an end that was restarted is met again under its new number.
//
//   input    packets of the session, now
//   output   control packets to send; what happened; when to call poll() next
//   errors   none; packets that break their format are counted by the caller
//   threads  thread-compatible; reads no clock
//   memory   fixed
#pragma once

#include <array>
#include <optional>

#include "feedback/clock_offset.hpp"
#include "wire/packet.hpp"

namespace glimt::pipeline {

// Where control packets go.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // False where the way is blocked: the packet is gone, and whoever needs it says it again.
  virtual bool send(Bytes packet) = 0;
};

class Association {
 public:
  struct Options {
    wire::Role role = wire::Role::sender;
    bool connects = true;  // this end begins
    Mode mode = Mode::latest;
    std::chrono::milliseconds latency{100};
    uint32_t symbol_bytes = 0;
    uint64_t clock_id = 0;
    bool shares = false;  // receiver: takes frames in shared memory
  };
  enum class Event {
    none,
    opened,   // the other end is there, under a number not seen before: everything of the session begins anew
    closed,   // it said good-bye, or refused: close_reason()
    refused,  // the packet broke its format
  };

  Association(const Options& options, uint32_t own_session);
  // As the answering end, once the other has proven that it hears us.
  void accept(const wire::Hello& hello, Instant now, Outbox& out);

  // One-way: the other end is taken to be what `peer` says. Nothing is asked and nothing answered.
  void assume(const wire::Hello& peer);

  // HELLO, CLOCK and CLOSE; of any other packet only that something was heard.
  Event on_packet(const wire::Packet& packet, Instant now, Outbox& out);
  void poll(Instant now, Outbox& out);
  Instant next_poll() const;
  void close(wire::CloseReason reason, Outbox& out);

  // The other end has fallen silent for good: when it is heard again, everything begins anew.
  void lose() { open_ = false; }
  // One-way: what the other end's pictures say of its clock.
  void note_clock(uint64_t id) { clock_.set_same_clock(id == options_.clock_id); }
  // Asks the other end, with the next poll(), whether it is there: last_answered() tells.
  void ask(Instant now) { next_probe_ = now; }
  // This process did not run for a while: the other end may have let it go, and what waits in the kernel is
  // old.
  void note_pause(Instant now);
  // Since a pause, and nothing has come yet that was sent after it; one-way, where nobody says so, for a time.
  bool is_catching_up(Instant now) const;

  bool is_open() const { return open_; }
  uint32_t own_session() const { return own_session_; }
  uint32_t peer_session() const { return peer_session_; }
  const wire::Hello& peer() const { return peer_; }
  const std::optional<wire::CloseReason>& close_reason() const { return close_reason_; }
  Instant last_heard() const { return last_heard_; }
  // The newest of our questions that has been answered was asked then; Instant{} before the first answer.
  Instant last_answered() const { return last_answered_; }
  uint64_t next_number() { return ++number_; }
  // For packets that were numbered ahead and then not sent.
  void give_back_numbers(uint64_t count) { number_ -= count; }
  const feedback::ClockOffset& clock() const { return clock_; }

  // A HELLO of this end, for a peer that is not in a session yet.
  static Bytes make_hello(std::span<uint8_t> buffer, const Options& options, uint32_t own_session,
                          uint32_t peer_session, uint64_t number);

 private:
  Event on_hello(const wire::Hello& hello, Instant now, Outbox& out);
  Event on_clock(const wire::Clock& clock, Instant now, Outbox& out);
  void send_hello(Instant now, Outbox& out);
  void send_probe(Instant now, Outbox& out);
  void send_body(wire::Type type, Bytes body, Outbox& out);

  const Options options_;
  const uint32_t own_session_;
  wire::Hello peer_;
  uint32_t peer_session_ = 0;
  bool open_ = false;
  bool assumed_ = false;
  std::optional<wire::CloseReason> close_reason_;
  uint64_t number_ = 0;
  Instant last_heard_{}, last_answered_{}, next_hello_{}, next_probe_{};
  Instant resumed_at_{};  // after a pause, until it is overcome
  uint32_t probes_sent_ = 0;
  feedback::ClockOffset clock_;
};

}  // namespace glimt::pipeline

// VirtualStream: a sender and a receiver of the native wire with an impaired way between them and back, in virtual time: all that
// decides, nothing that waits.
//
//   input    frames of a size, at a rate; both ways' impairments
//   output   which frames were whole by their deadline and how much later than on a clean way; packets sent
//   threads  thread-compatible
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "packetize/symbol_packetizer.hpp"
#include "pipeline/receive_session.hpp"
#include "pipeline/send_session.hpp"
#include "support/impairment.hpp"

namespace glimt::test {

class VirtualStream final : private media::StripSink {
 public:
  struct Options {
    uint32_t symbols = 48;  // of a frame
    double fps = 30;
    Duration rtt = std::chrono::milliseconds(20);
    Duration deadline = std::chrono::milliseconds(55);  // from the clean arrival of a frame's last packet
    Mode mode = Mode::every;
    Impairment::Options way, back;  // their delay is set by rtt
    // Parity of so much of the data, whatever is lost. Nothing: as the loss model says.
    std::optional<double> fixed_parity;
    // Each frame and each answer meets a channel that knows nothing of what was before.
    bool restarts = false;
  };
  struct Result {
    uint64_t frames = 0, whole = 0;             // whole: by their deadline
    uint64_t data = 0, parity = 0, repair = 0;  // packets
    uint64_t asked = 0, recovered = 0, lost_packets = 0, refused = 0;
    std::vector<Duration> added;  // of frames that were whole in time
    uint64_t not_whole() const { return frames - whole; }
    double overhead() const {
      return data == 0 ? 0 : static_cast<double>(parity + repair) / static_cast<double>(data);
    }
    // Nearest rank.
    Duration added_at(double share) {
      if (added.empty()) return {};
      const auto rank = static_cast<size_t>(share * static_cast<double>(added.size()));
      const auto at = added.begin() + static_cast<std::ptrdiff_t>(std::min(rank, added.size() - 1));
      std::nth_element(added.begin(), at, added.end());
      return *at;
    }
  };

  explicit VirtualStream(Options options)
      : options_(with_delays(std::move(options))),
        way_(options_.way),
        back_(options_.back),
        transport_(*this),
        way_back_(*this),
        sender_({}, pipeline::Association(association(wire::Role::sender), kSender),
                {.pacing = {.rate_bps = 0}, .parity = options_.fixed_parity}),
        receiver_({}, pipeline::Association(association(wire::Role::receiver), kReceiver),
                  {.mode = options_.mode, .latency = options_.deadline}, *this) {
    bytes_.assign(size_t{options_.symbols} * kPayload - 45, 'v');
    sender_.association.accept(hello(wire::Role::receiver, kReceiver, kSender), now_, nowhere_);
    receiver_.association.accept(hello(wire::Role::sender, kSender, kReceiver), now_, nowhere_);
    sender_.start({});
    receiver_.start(0);
  }
  ~VirtualStream() override { receiver_.stop(); }

  // So many frames further, and until nothing more can come of them.
  Result run(uint64_t frames) {
    const auto interval = Duration(static_cast<int64_t>(1e9 / options_.fps));
    if (first_at_ == Instant{}) first_at_ = now_ + std::chrono::milliseconds(400);  // clocks are compared
    for (uint64_t i = 0; i < frames; ++i) {
      go_to(first_at_ + interval * static_cast<int64_t>(frame_));
      offer();
    }
    go_to(now_ + options_.deadline + 3 * options_.rtt);
    result_.frames = frame_;
    result_.parity = sender_.counters.parity;
    result_.repair = sender_.counters.repair;
    result_.data = sender_.counters.packets - result_.parity - result_.repair;
    const auto counted = receiver_.counters();
    result_.asked = counted.frames.asked;
    result_.recovered = counted.frames.recovered;
    result_.lost_packets = counted.packets_lost;
    result_.refused = counted.refused + counted.frames.refused + counted.frames.malformed;
    return result_;
  }

  Instant now() const { return now_; }
  const Impairment& way() const { return way_; }
  pipeline::SendSession& sender() { return sender_; }
  pipeline::ReceiveSession& receiver() { return receiver_; }
  // When each whole frame was whole, as stamped; frames are numbered from 1.
  std::map<uint32_t, Instant> whole_at;
  bool keep_times = false;

 private:
  static constexpr uint32_t kSender = 0xA11CE, kReceiver = 0xB0B;
  static constexpr size_t kPayload = 64;  // the code does the same to 64 bytes as to 1148, sooner

  class Way final : public transport::Transport {
   public:
    explicit Way(VirtualStream& stream) : stream_(stream) {}
    void start(Events&) override {}
    Sent send(const transport::Peer&, std::span<const Gather> packets) override {
      for (const auto& packet : packets) {
        datagram_.clear();
        for (size_t i = 0; i < packet.count; ++i)
          datagram_.insert(datagram_.end(), packet.parts[i].begin(), packet.parts[i].end());
        if (stream_.options_.restarts) restart_for(datagram_);
        stream_.way_.push(datagram_, stream_.now_);
      }
      return {packets.size(), false};
    }
    void disconnect(const transport::Peer&) override {}
    void hold(const transport::Peer&, bool) override {}
    void reroute() override {}
    Traits traits() const override { return {}; }
    Counters counters() const override { return {}; }

   private:
    // A frame's data and the parity behind it announce the same m; each answer announces more.
    void restart_for(Bytes datagram) {
      const std::pair of(std::vector<uint8_t>(datagram.begin() + 16, datagram.begin() + 20), datagram[28]);
      if (of == last_) return;
      last_ = of;
      stream_.way_.restart();
    }
    VirtualStream& stream_;
    std::vector<uint8_t> datagram_;
    std::pair<std::vector<uint8_t>, uint8_t> last_;
  };
  class WayBack final : public pipeline::Outbox {
   public:
    explicit WayBack(VirtualStream& stream) : stream_(stream) {}
    bool send(Bytes packet) override {
      stream_.back_.push(packet, stream_.now_);
      return true;
    }

   private:
    VirtualStream& stream_;
  };
  class Forth final : public pipeline::Outbox {
   public:
    explicit Forth(VirtualStream& stream) : stream_(stream) {}
    bool send(Bytes packet) override {
      stream_.way_.push(packet, stream_.now_);
      return true;
    }

   private:
    VirtualStream& stream_;
  };
  struct Nowhere final : pipeline::Outbox {
    bool send(Bytes) override { return true; }
  };

  static Options with_delays(Options o) {
    o.way.delay = o.back.delay = o.rtt / 2;
    o.back.seed ^= 0xBAC;
    return o;
  }
  static pipeline::Association::Options association(wire::Role role) {
    return {.role = role,
            .connects = role == wire::Role::receiver,
            .symbol_bytes = kPayload + wire::kPrefixBytes};
  }
  wire::Hello hello(wire::Role role, uint32_t session, uint32_t echo) const {
    wire::Hello h;
    h.session = session;
    h.echo = echo;
    h.role = role;
    h.mode = options_.mode;
    h.latency_ms = static_cast<uint32_t>(options_.deadline / std::chrono::milliseconds(1));
    h.symbol_bytes = role == wire::Role::sender ? kPayload + wire::kPrefixBytes : 0;
    return h;
  }

  void offer() {
    Ref<media::AccessUnit> unit = units_.take();
    unit->clear();
    unit->info.number = Sequence(static_cast<uint32_t>(++frame_));
    unit->info.codec = Codec::jpeg;
    unit->info.width = unit->info.height = 64;
    unit->info.stamps.captured_at = now_;
    auto symbols = packetizer_.begin(unit, frame_ == 1);
    packetizer_.add(*symbols, {Ref<Shared>(), as_bytes(bytes_), 0}).value();
    packetizer_.end(*symbols).value();
    history_.push(symbols);
    captured_[frame_ % captured_.size()] = now_;
    sender_.offer(symbols, now_);
    pump();
  }
  void pump() {
    Forth out(*this);
    sender_.association.poll(now_, out);
    sender_.pump(now_, Duration(static_cast<int64_t>(1e9 / options_.fps)), transport_, batch_, out);
  }
  void poll() { receiver_.poll(now_, {taken_, {}, 0, false}, way_back_); }
  void go_to(Instant until) {
    while (true) {
      const Instant next = std::min({way_.next(), back_.next(), sender_.next_pump(), receiver_.next_poll()});
      if (next > until) break;
      now_ = std::max(now_, next);
      if (way_.next() <= now_) {
        way_.pop(now_, [&](Bytes datagram) { on_datagram(datagram); });
        poll();
      }
      if (back_.next() <= now_) {
        back_.pop(now_, [&](Bytes datagram) { on_report(datagram); });
        pump();
      }
      if (sender_.next_pump() <= now_) pump();
      if (receiver_.next_poll() <= now_) poll();
    }
    now_ = until;
  }
  void on_datagram(Bytes datagram) {
    const auto packet = wire::parse_packet(datagram);
    if (!packet.packet) return;
    receiver_.on_packet(*packet.packet, datagram.size(), now_, way_back_);
  }
  void on_report(Bytes datagram) {
    const auto packet = wire::parse_packet(datagram);
    if (!packet.packet) return;
    if (packet.packet->header.type == wire::Type::feedback)
      sender_.on_feedback(*packet.packet, history_, now_);
    Forth out(*this);
    sender_.association.on_packet(*packet.packet, now_, out);
  }

  void begin(const Ref<media::AccessUnit>&) override {}
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>& unit) override {
    ++taken_;
    receiver_.note_taken();
    const Instant whole = unit->info.stamps.whole_at;
    if (keep_times) whole_at[unit->info.number.value()] = whole;
    const Duration added = whole - captured_[unit->info.number.value() % captured_.size()] - options_.rtt / 2;
    if (added > options_.deadline) return;
    ++result_.whole;
    result_.added.push_back(added);
  }
  void abandon(const Ref<media::AccessUnit>&) override {}

  const Options options_;
  Impairment way_, back_;
  Way transport_;
  WayBack way_back_;
  Nowhere nowhere_;
  Instant now_{std::chrono::seconds(1000)}, first_at_{};
  packetize::SymbolPacketizer packetizer_{kPayload + wire::kPrefixBytes};
  packetize::PacketHistory history_{{}};
  packetize::PacketBatch batch_;
  Pool<media::AccessUnit> units_{64};
  std::string bytes_;
  std::array<Instant, 256> captured_{};
  uint64_t frame_ = 0, taken_ = 0;
  Result result_;
  pipeline::SendSession sender_;
  pipeline::ReceiveSession receiver_;
};

}  // namespace glimt::test

// packet_path: access units through packetize → UDP on loopback → reassemble, a thread for each end.
//
//   packet_path throughput [--seconds 3] [--in-flight 4] [--bytes 150000] [--bare] [--no-gso] [--no-gro]
//   packet_path unit       [--count 300] [--every-ms 10]  …                handed over → whole, idle in
//                          between --bare      the same datagrams without packetize, checksum, parse and
//                          reassemble: what kernel and transport cost --handover  the unit comes from a third
//                          thread, as from the encoder: one more wake-up
//   output   one JSON line
#include <sys/prctl.h>

#include <atomic>
#include <thread>

#include "measure.hpp"
#include "packetize/packet_batch.hpp"
#include "packetize/symbol_packetizer.hpp"
#include "reassemble/reassembler.hpp"
#include "transport/transport.hpp"
#include "without_offload.hpp"

namespace glimt::bench {
namespace {

constexpr uint32_t kSession = 7;

transport::Address loopback(transport::Role role, uint16_t port) {
  transport::Address a;
  a.role = role;
  a.host = "127.0.0.1";
  a.port = port;
  a.text = "udp://127.0.0.1";
  return a;
}

class NoEvents : public transport::Transport::Events {
 public:
  void on_datagram(const transport::Peer&, Bytes, Instant) override {}
  void on_connected(const transport::Peer&) override {}
  void on_disconnected(const transport::Peer&, const Error&) override {}
  void on_writable(const transport::Peer&) override {}
};

// What both ends see.
struct Shared {
  std::atomic<uint64_t> ended{0};  // units that are whole or were lost
  std::atomic<uint64_t> whole{0}, lost{0}, packets{0}, refused{0};
  std::atomic<int64_t> handed_over_ns{0};  // `unit` only: one at a time
  bool bare = false;
  size_t packets_a_unit = 0;
  Samples latency;
  std::function<void()> on_ended;
};

class Receiver final : public NoEvents, private reassemble::Reassembler::Output {
 public:
  Receiver(transport::EventLoop& loop, uint16_t port, Shared& shared)
      : shared_(shared),
        transport_(transport::open_udp(loop, loopback(transport::Role::listen, port)).value()),
        expire_(loop, [this] { expire(); }) {
    transport_->start(*this);
  }

  void on_datagram(const transport::Peer&, Bytes datagram, Instant arrived) override {
    shared_.packets.fetch_add(1, std::memory_order_relaxed);
    if (shared_.bare) {
      if (++bare_packets_ % shared_.packets_a_unit == 0) unit_ended(shared_.whole);
      return;
    }
    const auto packet = wire::parse_packet(datagram);
    const auto data = packet.packet ? wire::parse_data(*packet.packet) : wire::Parsed<wire::DataPacket>{};
    if (!data.packet) {
      ++shared_.refused;
      return;
    }
    reassembler_.push(*data.packet, arrived, *this);
    expire_.set(reassembler_.next_deadline());
  }
  transport::Transport::Counters counters() const { return transport_->counters(); }

 private:
  void begin(const Ref<media::AccessUnit>&) override {}
  void strip(const Ref<media::AccessUnit>&, const media::Strip&) override {}
  void end(const Ref<media::AccessUnit>&) override {
    shared_.latency.add(now().time_since_epoch() - Duration(shared_.handed_over_ns.load()));
  }
  void abandon(const Ref<media::AccessUnit>&) override {}
  void fate(const wire::FrameFate& fate) override {
    unit_ended(fate.fate == wire::Fate::complete ? shared_.whole : shared_.lost);
  }
  void unit_ended(std::atomic<uint64_t>& count) {
    ++count;
    ++shared_.ended;
    if (shared_.on_ended) shared_.on_ended();
  }
  void expire() {
    reassembler_.expire(now(), *this);
    expire_.set(reassembler_.next_deadline());
  }

  Shared& shared_;
  std::unique_ptr<transport::Transport> transport_;
  reassemble::Reassembler reassembler_{{}};
  size_t bare_packets_ = 0;
  transport::EventLoop::Timer expire_;
};

class Sender final : public NoEvents {
 public:
  Sender(transport::EventLoop& loop, uint16_t port, size_t bytes, size_t in_flight, Shared& shared)
      : shared_(shared),
        in_flight_(in_flight),
        transport_(transport::open_udp(loop, loopback(transport::Role::connect, port)).value()),
        encoded_(bytes, 0x5A),
        credit_(loop, [this] { pump(); }) {
    transport_->start(*this);
    prepare(0);
    shared_.packets_a_unit = unit_->symbols.size();
    unit_ = {};
  }

  transport::EventLoop::Signal& credit() { return credit_; }
  transport::Transport::Counters counters() const { return transport_->counters(); }
  std::atomic<uint64_t> wanted{0};  // units to send in all
  uint64_t begun() const { return begun_; }

  void on_writable(const transport::Peer&) override { pump(); }

  void pump() {
    while (unit_ || (begun_ < wanted && begun_ - shared_.ended < in_flight_)) {
      if (!unit_) prepare(static_cast<uint32_t>(++begun_));
      if (!send_rest()) return;
      if (shared_.bare) bare_ = unit_;
      unit_ = {};
    }
  }

 private:
  void prepare(uint32_t frame) {
    next_symbol_ = 0;
    if (shared_.bare && bare_) {
      unit_ = bare_;
      return;
    }
    auto unit = units_.take();
    unit->clear();
    unit->info.number = Sequence(frame);
    unit->info.width = 1280;
    unit->info.height = 720;
    unit->info.stamps.captured_at = now();
    unit_ = packetizer_.begin(unit, false);
    packetizer_.add(*unit_, {{}, encoded_, 0}).value();
    packetizer_.end(*unit_).value();
  }

  // False where the kernel has no room.
  bool send_rest() {
    const auto total = static_cast<uint32_t>(unit_->symbols.size());
    while (next_symbol_ < total) {
      if (!shared_.bare || next_symbol_ == 0 || batch_.packets().size() < PacketBatch::kMaxPackets)
        fill(total);
      const auto left = std::min<size_t>(batch_.packets().size(), total - next_symbol_);
      const auto sent = transport_->send({}, batch_.packets().first(left));
      next_symbol_ += static_cast<uint32_t>(sent.packets);
      number_ -= left - sent.packets;
      if (sent.blocked) return false;
    }
    return true;
  }
  void fill(uint32_t total) {
    batch_.clear();
    const Instant at = now();
    for (uint32_t s = next_symbol_; s < total && !batch_.full(); ++s)
      batch_.add(*unit_, s, kSession, number_++, at);
  }

  using PacketBatch = packetize::PacketBatch;
  Shared& shared_;
  const size_t in_flight_;
  std::unique_ptr<transport::Transport> transport_;
  std::vector<uint8_t> encoded_;
  packetize::SymbolPacketizer packetizer_;
  PacketBatch batch_;
  Pool<media::AccessUnit> units_;
  Ref<packetize::SymbolUnit> unit_, bare_;
  uint32_t next_symbol_ = 0;
  uint64_t number_ = 0, begun_ = 0;
  transport::EventLoop::Signal credit_;
};

// An event loop on a thread of its own, and what CPU that took.
class LoopThread {
 public:
  LoopThread() : loop_(transport::EventLoop::create().value()) {}
  ~LoopThread() { stop(); }
  transport::EventLoop& loop() { return *loop_; }
  void start(const char* name) {
    thread_ = std::thread([this, name] {
      prctl(PR_SET_NAME, name);
      loop_->run();
    });
  }
  Cpu cpu() {
    Cpu cpu;
    loop_->call([&] { cpu = cpu_of(RUSAGE_THREAD); });
    return cpu;
  }
  void stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
  }

 private:
  std::unique_ptr<transport::EventLoop> loop_;
  std::thread thread_;
};

struct Run {
  explicit Run(const Arguments& a) : bytes(static_cast<size_t>(a.number("--bytes", 150'000))) {
    refuse = {.gso = a.has("--no-gso"), .gro = a.has("--no-gro")};
    shared.bare = a.has("--bare");
    shared.latency.reserve(1 << 20);
    const auto port = static_cast<uint16_t>(a.number("--port", 47'011));
    receiver.emplace(receive.loop(), port, shared);
    sender.emplace(send.loop(), port, bytes, static_cast<size_t>(a.number("--in-flight", 4)), shared);
    shared.on_ended = [this] { sender->credit().raise(); };
    receive.start("bench-receive");
    send.start("bench-send");
  }
  ~Run() {
    send.stop();
    receive.stop();
  }
  const size_t bytes;
  Shared shared;
  LoopThread receive, send;
  std::optional<Receiver> receiver;
  std::optional<Sender> sender;
};

void print_cpu(const char* name, Cpu before, Cpu after, double packets) {
  std::printf("\"%s_user_us\":%.3f,\"%s_system_us\":%.3f,", name,
              (after.user_s - before.user_s) * 1e6 / packets, name,
              (after.system_s - before.system_s) * 1e6 / packets);
}

int throughput(const Arguments& a) {
  Run run(a);
  const auto pause = [](double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); };
  run.sender->wanted = UINT64_MAX;
  run.sender->credit().raise();
  pause(0.5);
  const Cpu send_before = run.send.cpu(), receive_before = run.receive.cpu();
  const uint64_t whole = run.shared.whole, packets = run.shared.packets;
  const Instant start = now();
  pause(a.number("--seconds", 3));
  const double seconds = std::chrono::duration<double>(now() - start).count();
  const auto units = static_cast<double>(run.shared.whole - whole);
  const auto n = static_cast<double>(run.shared.packets - packets);
  std::printf("{\"gbit_per_s\":%.3f,\"units\":%.0f,\"packets\":%.0f,",
              units * double(run.bytes) * 8 / seconds / 1e9, units, n);
  print_cpu("send", send_before, run.send.cpu(), n);
  print_cpu("receive", receive_before, run.receive.cpu(), n);
  const auto c = run.receiver->counters();
  std::printf("\"lost\":%lu,\"refused\":%lu,\"kernel_drops\":%lu,\"gso\":%d,\"gro\":%d}\n",
              run.shared.lost.load(), run.shared.refused.load(), c.kernel_drops, run.sender->counters().gso,
              c.gro);
  return 0;
}

int unit(const Arguments& a) {
  Run run(a);
  const auto count = static_cast<uint64_t>(a.number("--count", 300));
  const Duration every(static_cast<int64_t>(a.number("--every-ms", 10) * 1e6));
  const bool handover = a.has("--handover");
  auto begin = [&] {
    run.shared.handed_over_ns = now().time_since_epoch().count();
    ++run.sender->wanted;
  };
  Instant due = now();
  for (uint64_t i = 0; i < count; ++i) {
    std::this_thread::sleep_until(due += every);
    if (handover) {
      begin();
      run.sender->credit().raise();
    } else {
      run.send.loop().call([&] {
        begin();
        run.sender->pump();
      });
    }
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  run.send.stop();
  run.receive.stop();
  const auto c = run.receiver->counters();
  std::printf(
      "{\"handed_over_whole\":%s,\"lost\":%lu,\"refused\":%lu,\"kernel_drops\":%lu,\"gso\":%d,\"gro\":%d}\n",
      run.shared.latency.json().c_str(), run.shared.lost.load(), run.shared.refused.load(), c.kernel_drops,
      run.sender->counters().gso, c.gro);
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) {
  const glimt::bench::Arguments arguments(argc, argv);
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "throughput") return glimt::bench::throughput(arguments);
  if (what == "unit") return glimt::bench::unit(arguments);
  glimt::bench::give_up("packet_path throughput|unit; see the head of packet_path.cpp");
}

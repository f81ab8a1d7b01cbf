// What tests of transports share: a running loop, a recorder of events, made-up packets.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/thread.hpp"
#include "transport/transport.hpp"

namespace glimt::transport {

// An address of this process alone: tests of other processes run at the same time.
inline std::string own_address(const std::string& scheme) {
  return scheme + "://127.0.0.1:" + std::to_string(20000 + getpid() % 10000);
}

// What one end was told.
class Recorder final : public Transport::Events {
 public:
  void on_datagram(const Peer& from, Bytes datagram, Instant) override {
    last_peer = from;
    datagrams.emplace_back(datagram.begin(), datagram.end());
  }
  void on_connected(const Peer& peer) override {
    last_peer = peer;
    ++connected;
  }
  void on_disconnected(const Peer&, const Error& why) override {
    ++disconnected;
    last_error = why;
  }
  void on_writable(const Peer&) override { ++writable; }

  std::vector<std::vector<uint8_t>> datagrams;
  Peer last_peer;
  int connected = 0, disconnected = 0, writable = 0;
  Error last_error;
};

// A loop on a thread of its own; everything bound to it is done and asked through do_on() and until().
class RunningLoop {
 public:
  RunningLoop() : loop(std::move(*EventLoop::create())), thread_("test-net", [this] { loop->run(); }) {
    std::promise<void> running;
    loop->post([&] { running.set_value(); });
    running.get_future().wait();
  }
  ~RunningLoop() {
    loop->stop();
    thread_.join();
  }

  void do_on(const std::function<void()>& work) { loop->call(work); }
  // Whether `done` came true within ten seconds.
  bool until(const std::function<bool()>& done) {
    const Instant deadline = now() + std::chrono::seconds(10);
    bool is_done = false;
    while (!is_done && now() < deadline) {
      loop->call([&] { is_done = done(); });
      if (!is_done) std::this_thread::yield();
    }
    return is_done;
  }

  const std::unique_ptr<EventLoop> loop;

 private:
  Thread thread_;
};

inline std::vector<uint8_t> pattern(size_t size, uint8_t seed) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(seed + i * 31 + i / 251);
  return bytes;
}

inline std::vector<Gather> gather(const std::vector<std::vector<uint8_t>>& packets) {
  std::vector<Gather> gathered;
  for (const auto& p : packets) {
    Gather g;
    const size_t half = p.size() / 2;
    g.add(Bytes(p).first(half));
    g.add(Bytes(p).subspan(half));
    gathered.push_back(g);
  }
  return gathered;
}

}  // namespace glimt::transport

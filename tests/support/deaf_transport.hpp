// DeafTransport: a transport for tests that takes everything and keeps it.
#pragma once

#include "support/sessions.hpp"
#include "transport/transport.hpp"

namespace glimt::test {

class DeafTransport final : public transport::Transport {
 public:
  // `kept` outlives it.
  explicit DeafTransport(std::vector<Datagram>& kept) : kept_(kept) {}
  void start(Events&) override {}
  Sent send(const transport::Peer&, std::span<const Gather> packets) override {
    for (const auto& packet : packets) {
      auto& whole = kept_.emplace_back();
      for (size_t i = 0; i < packet.count; ++i)
        whole.insert(whole.end(), packet.parts[i].begin(), packet.parts[i].end());
    }
    return {packets.size(), false};
  }
  void disconnect(const transport::Peer&) override {}
  void hold(const transport::Peer&, bool) override {}
  void reroute() override {}
  Traits traits() const override { return {wire::kDatagramSymbolBytes, false, true}; }
  Counters counters() const override { return {}; }

 private:
  std::vector<Datagram>& kept_;
};

}  // namespace glimt::test

// Sessions: what tests of the pipeline's sessions share: an outbox that keeps packets, and
// packets built by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/association.hpp"
#include "support/frame_packets.hpp"
#include "wire/feedback.hpp"

namespace glimt::test {

using namespace std::chrono_literals;
using Datagram = std::vector<uint8_t>;

struct KeepingOutbox final : pipeline::Outbox {
  bool send(Bytes packet) override {
    if (blocked) return false;
    packets.emplace_back(packet.begin(), packet.end());
    return true;
  }
  // Of one type, since the last call of clear.
  std::vector<wire::Packet> of(wire::Type type) const {
    std::vector<wire::Packet> found;
    for (const auto& datagram : packets) {
      const auto parsed = wire::parse_packet(datagram);
      EXPECT_TRUE(parsed.packet);
      if (parsed.packet && parsed.packet->header.type == type) found.push_back(*parsed.packet);
    }
    return found;
  }
  void clear() { packets.clear(); }

  bool blocked = false;
  std::vector<Datagram> packets;
};

// The packet of a type with a body, as its receiver parses it; lives as long as this.
class MadePacket {
 public:
  MadePacket(wire::Type type, uint32_t session, uint64_t number, Bytes body, uint8_t stream = 0)
      : body_(body.begin(), body.end()), packet_{{type, 0, stream, session, number}, body_} {}
  MadePacket(const MadePacket&) = delete;
  const wire::Packet& get() const { return packet_; }

 private:
  Datagram body_;
  wire::Packet packet_;
};

template <class T>
Datagram body_of(const T& value) {
  Datagram body(wire::kMaxFeedbackBytes);
  body.resize(serialize(body, value));
  return body;
}

inline Datagram body_of_data(const wire::DataPacket& p) {
  Datagram body(wire::kDataHeaderBytes - wire::kHeaderBytes + wire::kPrefixBytes + p.payload.size());
  ByteWriter out(body);
  serialize(out, p.data);
  serialize(out, p.prefix);
  out.put(p.payload);
  return body;
}

// The whole datagram.
inline Datagram sealed(const wire::DataPacket& p, uint32_t session, uint64_t number) {
  const Datagram body = body_of_data(p);
  Datagram datagram(wire::kHeaderBytes + body.size() + wire::kTagBytes);
  ByteWriter out(datagram);
  serialize(out, wire::Header{wire::Type::data, 0, 0, session, number});
  out.put(body);
  const Bytes whole(datagram);
  const Bytes symbol = whole.subspan(wire::kDataHeaderBytes, wire::kPrefixBytes + p.payload.size());
  const uint32_t checksum = wire::packet_checksum(
      wire::symbol_checksum(symbol.first(wire::kPrefixBytes), symbol.subspan(wire::kPrefixBytes)),
      whole.first(wire::kDataHeaderBytes));
  wire::write_tag(std::span(datagram).last<wire::kTagBytes>(), checksum);
  return datagram;
}
inline Datagram sealed(wire::Type type, uint32_t session, uint64_t number, Bytes body) {
  Datagram buffer(wire::kMinPacketBytes + body.size());
  wire::seal_control(buffer, {type, 0, 0, session, number}, body);
  return buffer;
}

inline wire::Hello hello_of(wire::Role role, uint32_t session, uint32_t echo, Mode mode = Mode::latest) {
  wire::Hello h;
  h.session = session;
  h.echo = echo;
  h.role = role;
  h.mode = mode;
  h.symbol_bytes = role == wire::Role::sender ? 68 : 0;
  h.clock_id = 1;
  return h;
}

}  // namespace glimt::test

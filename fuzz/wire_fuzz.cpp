// Every parser of the wire on the same bytes: no input crashes one, and what one accepts survives being
// written and read again.
#include <array>
#include <vector>

#include "base/crc32c.hpp"
#include "require.hpp"
#include "wire/descriptor.hpp"
#include "wire/erasure_code.hpp"
#include "wire/feedback.hpp"
#include "wire/hello.hpp"
#include "wire/packet.hpp"

namespace glimt::wire {
namespace {

void fuzz_hello(Bytes bytes) {
  const auto hello = parse_hello(bytes);
  if (!hello) return;
  std::array<uint8_t, kHelloBodyBytes> body;
  GLIMT_REQUIRE(serialize(body, *hello) == body.size());
  const auto again = parse_hello(body);
  GLIMT_REQUIRE(again);
  GLIMT_REQUIRE(again->session == hello->session && again->echo == hello->echo && again->role == hello->role);
  GLIMT_REQUIRE(again->mode == hello->mode && again->latency_ms == hello->latency_ms);
  GLIMT_REQUIRE(again->symbol_bytes == hello->symbol_bytes && again->clock_id == hello->clock_id);
  GLIMT_REQUIRE(again->agent == hello->agent && hello->agent.size() <= kMaxAgentBytes);
}

void fuzz_small(Bytes bytes) {
  std::array<uint8_t, 64> body;
  if (const auto clock = parse_clock(bytes)) {
    const auto again = parse_clock(Bytes(body).first(serialize(body, *clock)));
    GLIMT_REQUIRE(again && again->is_answer == clock->is_answer && again->asked_us == clock->asked_us);
    GLIMT_REQUIRE(again->received_us == clock->received_us && again->answered_us == clock->answered_us);
  }
  if (const auto close = parse_close(bytes)) {
    const auto again = parse_close(Bytes(body).first(serialize(body, *close)));
    GLIMT_REQUIRE(again && again->reason == close->reason && to_string(close->reason) != "unknown reason");
  }
  if (const auto skip = parse_skip(bytes)) {
    const auto again = parse_skip(Bytes(body).first(serialize(body, *skip)));
    GLIMT_REQUIRE(again && again->first == skip->first && again->count == skip->count);
  }
}

void fuzz_feedback(Bytes bytes) {
  const auto f = parse_feedback(bytes);
  if (!f) return;
  GLIMT_REQUIRE(f->fate_count <= Feedback::kMaxFates && f->arrivals.count <= Arrivals::kMax);
  std::array<uint8_t, kMaxFeedbackBytes> body;
  const size_t size = serialize(body, *f);
  GLIMT_REQUIRE(size > 0);
  const auto again = parse_feedback(Bytes(body).first(size));
  GLIMT_REQUIRE(again && again->report == f->report && again->highest_number == f->highest_number);
  GLIMT_REQUIRE(again->taken == f->taken && again->fate_count == f->fate_count);
  for (size_t i = 0; i < f->fate_count; ++i) {
    GLIMT_REQUIRE(again->fates[i].frame == f->fates[i].frame && again->fates[i].fate == f->fates[i].fate);
  }
  GLIMT_REQUIRE(again->deficit_count == f->deficit_count && again->deficits == f->deficits);
  GLIMT_REQUIRE(again->arrivals.count == f->arrivals.count);
  for (size_t i = 0; i < f->arrivals.count; ++i)
    GLIMT_REQUIRE(again->arrivals.before_16us[i] == f->arrivals.before_16us[i]);
}

void fuzz_descriptor(Bytes bytes) {
  const auto d = parse_descriptor(bytes);
  if (!d) return;
  std::vector<uint8_t> written(kDescriptorFieldsBytes + d->metadata.size());
  ByteWriter out(written);
  serialize(out, *d);
  GLIMT_REQUIRE(out.ok());
  ByteReader in(out.written());
  const auto again = parse_descriptor(in.take(in.u32()));
  GLIMT_REQUIRE(again && in.left() == 0);
  GLIMT_REQUIRE(again->codec == d->codec && again->format == d->format && again->strips == d->strips);
  GLIMT_REQUIRE(again->width == d->width && again->height == d->height);
  GLIMT_REQUIRE(again->captured_us == d->captured_us && again->clock_id == d->clock_id);
  GLIMT_REQUIRE(again->encoded_after_us == d->encoded_after_us);
  GLIMT_REQUIRE(as_text(again->metadata) == as_text(d->metadata));
}

void fuzz_data(const Packet& packet, Bytes datagram) {
  const auto data = parse_data(packet);
  if (!data.packet) return;
  const auto& p = *data.packet;
  GLIMT_REQUIRE(p.payload.size() == p.prefix.length && p.data.blocks > 0 && p.prefix.strip < p.data.strips);
  const uint32_t symbol = symbol_of({p.data.block, p.data.index}, p.data.blocks);
  GLIMT_REQUIRE(symbol < 2 * kMaxSymbols);
  const Place place = place_of(symbol, p.data.blocks);
  GLIMT_REQUIRE(place.block == p.data.block && place.index == p.data.index);
  std::vector<uint8_t> written(datagram.size());
  ByteWriter out(written);
  serialize(out, p.header);
  serialize(out, p.data);
  serialize(out, p.prefix);
  out.put(p.payload);
  GLIMT_REQUIRE(out.size() + kTagBytes == datagram.size());
  const auto expected = datagram.first(out.size());
  GLIMT_REQUIRE(std::equal(expected.begin(), expected.end(), written.begin()));
}

void fuzz_parity(const Packet& packet, Bytes datagram) {
  const auto parity = parse_parity(packet);
  if (!parity.packet) return;
  const auto& p = *parity.packet;
  GLIMT_REQUIRE(p.data.k > 0 && p.data.k <= kMaxBlockSymbols && p.row < p.data.m &&
                p.data.m <= kMaxParityRows);
  std::vector<uint8_t> written(datagram.size());
  ByteWriter out(written);
  serialize(out, p.header);
  serialize(out, p.data);
  out.put(p.symbol);
  GLIMT_REQUIRE(out.size() + kTagBytes == datagram.size());
  GLIMT_REQUIRE(std::equal(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(out.size()),
                           datagram.begin()));
}

void fuzz_packet(Bytes datagram) {
  const auto parsed = parse_packet(datagram);
  if (!parsed.packet) {
    GLIMT_REQUIRE(to_string(parsed.refusal) != "unknown");
    return;
  }
  const auto& packet = *parsed.packet;
  if (packet.header.type == Type::data) {
    fuzz_data(packet, datagram);
  } else if (packet.header.type == Type::parity) {
    fuzz_parity(packet, datagram);
  } else {
    std::vector<uint8_t> buffer(datagram.size());
    const Bytes sealed = seal_control(buffer, packet.header, packet.body);
    GLIMT_REQUIRE(std::equal(sealed.begin(), sealed.end(), datagram.begin(), datagram.end()));
  }
}

// No fuzzer guesses a checksum: it is given one.
void fuzz_sealed_packet(Bytes bytes) {
  std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
  datagram.resize(datagram.size() + kTagBytes);
  const size_t headers =
      datagram.size() > 1 && (datagram[1] == 2 || datagram[1] == 3) ? kDataHeaderBytes : kHeaderBytes;
  if (datagram.size() < headers + kTagBytes) return;
  const auto behind = Bytes(datagram).subspan(headers, datagram.size() - headers - kTagBytes);
  write_tag(std::span(datagram).last<kTagBytes>(),
            packet_checksum(crc32c(behind), Bytes(datagram).first(headers)));
  fuzz_packet(datagram);
}

}  // namespace
}  // namespace glimt::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glimt::wire;
  const glimt::Bytes bytes(data, size);
  fuzz_packet(bytes);
  fuzz_sealed_packet(bytes);
  fuzz_hello(bytes);
  fuzz_small(bytes);
  fuzz_feedback(bytes);
  fuzz_descriptor(bytes);
  if (size > kHeaderBytes + kTagBytes) {  // the body of a golden packet
    const auto body = bytes.subspan(kHeaderBytes, size - kHeaderBytes - kTagBytes);
    fuzz_hello(body);
    fuzz_small(body);
    fuzz_feedback(body);
  }
  return 0;
}

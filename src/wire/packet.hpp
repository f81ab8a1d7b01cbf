// Packet: the bytes that every datagram of the native wire begins and ends with.
// docs/wire-format.md is the specification.
//
//   all      0..15 header: version, type, epoch, stream, session, number; 16 bytes of tag at the end
//   DATA     16..31 data header: frame, captured, place in the erasure code, age; then the symbol: u16 length,
//            u8 strip, u8 flags, payload
//   PARITY   16..31 data header; then a row of the erasure code over symbols (erasure_code.hpp)
//
//   input    bytes from anywhere; every field is checked here, sizes against the datagram, contradictions
//            against each other
//   output   views into the datagram, good as long as it is
//   errors   a Refusal, to be counted
//   threads  thread-safe
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/sequence.hpp"

namespace glimt::wire {

inline constexpr uint8_t kVersion = 0x04;
inline constexpr uint8_t kLastVersion = 0x07;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDataHeaderBytes = 32;  // header and data header
inline constexpr size_t kPrefixBytes = 4;       // length, strip and flags, inside the symbol
inline constexpr size_t kTagBytes = 16;
inline constexpr size_t kOverheadBytes = kDataHeaderBytes + kTagBytes;

inline constexpr size_t kDatagramBytes = 1200;  // no link that carries IPv6 is narrower than 1280
inline constexpr size_t kDatagramSymbolBytes = kDatagramBytes - kOverheadBytes;
inline constexpr size_t kStreamSymbolBytes = 32 * 1024;  // TCP and Unix sockets
inline constexpr size_t kMaxPacketBytes = kStreamSymbolBytes + kOverheadBytes;
inline constexpr size_t kMinPacketBytes = kHeaderBytes + kTagBytes;

enum class Type : uint8_t {
  hello = 1,
  data = 2,
  parity = 3,
  feedback = 4,
  clock = 5,
  close = 6,
  skip = 7,
  frames = 8,  // an end of a frame channel comes with it: shared_frame.hpp
};

struct Header {
  Type type = Type::hello;
  uint8_t epoch = 0;
  uint8_t stream = 0;
  uint32_t session = 0;
  uint64_t number = 0;
};

enum SymbolFlags : uint8_t {
  kStripStart = 1,
  kStripEnd = 2,
  kFrameEnd = 4,
  kKeyFrame = 8,
  kDiscontinuity = 16,
  kKnownFlags = 31,
};

struct DataHeader {
  Sequence frame;
  uint32_t captured_us = 0;  // low 32 bits
  uint8_t index = 0;
  uint8_t block = 0;
  uint8_t blocks = 1;
  uint8_t k = 0;
  uint8_t m = 0;
  uint8_t strips = 1;
  uint16_t age_16us = 0;
};

struct SymbolPrefix {
  uint16_t length = 0;
  uint8_t strip = 0;
  uint8_t flags = 0;
};

enum class Refusal {
  too_short,
  too_long,
  version,
  checksum,
  epoch,          // no keys yet: only 0
  contradiction,  // fields that cannot be true together
};
std::string_view to_string(Refusal refusal);

// A packet whose checksum holds. `type` may be one that this version does not know: such
// are skipped and counted.
struct Packet {
  Header header;
  Bytes body;  // between header and tag
};
struct DataPacket {
  Header header;
  DataHeader data;
  SymbolPrefix prefix;
  Bytes payload;
};
struct ParityPacket {
  Header header;
  DataHeader data;  // k and m are there: the frame was known whole
  uint8_t row = 0;
  Bytes symbol;
};

template <class T>
struct Parsed {
  std::optional<T> packet;
  Refusal refusal = Refusal::too_short;  // where there is none
};

Parsed<Packet> parse_packet(Bytes datagram);
// Of a Packet whose type is data.
Parsed<DataPacket> parse_data(const Packet& packet);
// Of a Packet whose type is parity.
Parsed<ParityPacket> parse_parity(const Packet& packet);
// The prefix of a symbol, and whether a frame of so many strips can have it; also of one that was recovered.
SymbolPrefix parse_prefix(ByteReader& in);
bool is_possible(const SymbolPrefix& prefix, uint8_t strips);

void serialize(ByteWriter& out, const Header& header);
void serialize(ByteWriter& out, const DataHeader& header);
void serialize(ByteWriter& out, const SymbolPrefix& prefix);

// The checksum of a symbol is taken once a stream; each receiver's header is then added to it.
uint32_t symbol_checksum(Bytes prefix, Bytes payload, Bytes more_payload = {});
uint32_t packet_checksum(uint32_t symbol_checksum, Bytes headers);

// A packet that is no DATA: header, body, tag. Empty where `buffer` is too small.
Bytes seal_control(std::span<uint8_t> buffer, const Header& header, Bytes body);
void write_tag(std::span<uint8_t, kTagBytes> tag, uint32_t checksum);

// Where the n-th data symbol of a frame stands in its blocks: interleaved, at most 128 a block, and a further
// group of as many blocks when a frame outgrows the predicted number.
inline constexpr uint32_t kMaxBlockSymbols = 128;
inline constexpr uint32_t kMaxSymbols = 256 * kMaxBlockSymbols;  // of a frame

struct Place {
  uint8_t block = 0;
  uint8_t index = 0;
};
struct ParityPlace {
  uint8_t block = 0;
  uint8_t row = 0;
};
Place place_of(uint32_t symbol, uint8_t blocks);
uint32_t symbol_of(Place place, uint8_t blocks);
// Data symbols in `block` of a frame of `symbols`.
uint32_t block_symbols(uint32_t symbols, uint8_t block, uint8_t blocks);
// Blocks of a frame of `symbols` that have any: those from 0 on.
uint32_t used_blocks(uint32_t symbols, uint8_t blocks);
// Blocks for a frame that is expected to have `symbols`: at least 1.
uint8_t blocks_for(uint32_t symbols);

}  // namespace glimt::wire

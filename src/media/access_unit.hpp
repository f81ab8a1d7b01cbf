// AccessUnit: the encoded bytes of one frame, made of strips.
//
//   A strip is a run of MCU rows (JPEG), of rows (raw) or a slice (H.264) that decodes alone. Encoder and
//   reassembler hand strips on one by one, in order of completion: begin, strip…, end.
//
//   units    pixels, bytes, Instant
//   threads  what is handed on is not written any more
//   memory   strips own their bytes, jointly or each for itself
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "media/frame.hpp"

namespace glimt::media {

// What must be known before the first strip can be decoded; travels as the descriptor.
struct UnitInfo {
  Codec codec = Codec::jpeg;
  PixelFormat format = PixelFormat::bgr24;  // of the picture that went into the encoder
  int width = 0;
  int height = 0;
  int strips = 1;
  bool key = true;     // decodes without any frame before it
  bool again = false;  // the picture of the unit before, encoded once more for whoever has come since
  Sequence number;     // given by the sender's stream
  Stamps stamps;
  uint64_t clock_id = 0;  // of the sender's clock
  // Of a unit that was received: capture time by the sender's own clock, and whether the stamps could
  // be mapped onto ours.
  int64_t sender_captured_us = 0;
  bool clock_known = true;
  StripSet missing;  // of such a unit: what is not there of it, and will not come
  std::vector<uint8_t> metadata;
};

struct Strip {
  Ref<Shared> owner;
  Bytes bytes;
  int index = 0;
  bool headers_only = false;  // of the first: the rest of it did not come
};

struct AccessUnit : Shared {
  UnitInfo info;
  std::vector<Strip> strips;  // of whoever collects a whole unit; who emits strips one by one leaves it alone

  size_t size() const {
    size_t n = 0;
    for (const auto& strip : strips) n += strip.bytes.size();
    return n;
  }
  // Strips may come in any order: whoever has collected them all puts them into that of their index.
  void put_in_order() {
    std::sort(strips.begin(), strips.end(), [](const Strip& a, const Strip& b) { return a.index < b.index; });
  }
  // All strips one behind the other: the only one's own bytes, or a copy in `scratch`.
  Bytes joined(Buffer& scratch) const {
    if (strips.size() == 1) return strips[0].bytes;
    scratch.reserve(size());
    uint8_t* to = scratch.data();
    for (const auto& strip : strips) to = std::copy(strip.bytes.begin(), strip.bytes.end(), to);
    return {scratch.data(), size()};
  }
  // An idle unit holds nobody's bytes.
  void on_idle() { strips.clear(); }
  // Ready for the next frame, with its capacity kept.
  void clear() {
    info.metadata.clear();
    auto metadata = std::move(info.metadata);
    info = UnitInfo{};
    info.metadata = std::move(metadata);
    strips.clear();
  }
};

// Where strips go, one by one. `unit` is the same object from begin to end or abandon; its info stands from
// begin on but for whole_at and missing, which are there at the end.
class StripSink {
 public:
  virtual ~StripSink() = default;
  virtual void begin(const Ref<AccessUnit>& unit) = 0;
  virtual void strip(const Ref<AccessUnit>& unit, const Strip& strip) = 0;
  virtual void end(const Ref<AccessUnit>& unit) = 0;
  // No further strip will come: what was begun is void.
  virtual void abandon(const Ref<AccessUnit>& unit) = 0;
};

}  // namespace glimt::media

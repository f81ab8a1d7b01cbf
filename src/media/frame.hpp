// Frame: one uncompressed picture with its times.
//
//   A value: copies share the pixels. Who writes pixels asks may_write().
//
//   units    pixels, bytes, Instant
//   threads  a value; pixels that are shared are not written
//   memory   the owner's
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/sequence.hpp"
#include "glimt/error.hpp"
#include "glimt/options.hpp"
#include "media/buffer.hpp"

namespace glimt::media {

// The stages of a frame's life, each a point of this machine's clock; Instant{} where it is not known.
struct Stamps {
  Instant captured_at{};
  Instant encoded_at{};
  Instant sent_at{};     // the first packet was handed to the kernel
  Instant arrived_at{};  // the first packet came
  Instant whole_at{};    // the last packet came
  Instant decoded_at{};

  // The wires of older programs carry no time: what is known of such a picture is when it came.
  Instant captured_or_arrived() const { return captured_at != Instant{} ? captured_at : arrived_at; }
};

// Some of the strips of a picture, by index.
using StripSet = std::bitset<256>;

struct Plane {
  uint8_t* data = nullptr;
  size_t stride = 0;  // bytes from one row to the next
};

struct PlaneShape {
  int width_bytes = 0;
  int rows = 0;
};

// Samples of a pixel that lie side by side, and bytes of each.
int channels(PixelFormat format);
int bytes_per_sample(PixelFormat format);
int plane_count(PixelFormat format);
PlaneShape plane_shape(PixelFormat format, int width, int height, int plane);
// Bytes of a picture without gaps between rows and planes.
size_t packed_size(PixelFormat format, int width, int height);

struct Frame {
  PixelFormat format = PixelFormat::bgr24;
  int width = 0;
  int height = 0;
  std::array<Plane, 3> planes{};
  Ref<Shared> owner;
  bool read_only = false;  // the memory is another process': a write ends this one
  Stamps stamps;
  Sequence number;                 // as counted by the sender
  int64_t sender_captured_us = 0;  // capture time by the sender's own clock, of a frame that was received
  int strips = 1;                  // that it was sent in
  StripSet missing;                // of these: did not come, and are those of the picture before
  bool again = false;              // sent before, and once more for whoever has come since
  std::vector<uint8_t> metadata;   // the user's bytes that ride with the frame, at most kMaxMetadataBytes

  bool empty() const { return !owner; }
  bool may_write() const { return owner->unique() && !read_only; }
  // True where rows and planes follow each other without gaps from planes[0].data on.
  bool is_packed() const;
};

inline constexpr size_t kMaxMetadataBytes = 64 * 1024;
inline constexpr int kMaxSide = 65500;  // libjpeg's own bound; raw pictures keep to it too

// invalid_argument where a side is outside 1..kMaxSide or the pixels would take more than max_bytes.
Result<void> check_size(PixelFormat format, int width, int height, size_t max_bytes);

// A packed frame over `bytes`, which holds at least packed_size().
Frame frame_over(Ref<Shared> owner, uint8_t* bytes, PixelFormat format, int width, int height);
// A packed frame in a buffer of the pool, pixels not initialized.
Frame make_frame(BufferPool& pool, PixelFormat format, int width, int height);
// The pixels of `from` in rows of their own, without gaps.
void copy_packed(const Frame& from, uint8_t* to);
// All but the pixels and their shape: times, number, metadata.
void copy_properties(const Frame& from, Frame& to);
// A copy with its own pixels and everything else.
Frame clone(BufferPool& pool, const Frame& from);

}  // namespace glimt::media

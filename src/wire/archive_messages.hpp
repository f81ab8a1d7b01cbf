// Archive messages: what `glimt serve` and `glimt get` say to each other: lists, requests, pictures, stored files.
//
//   Each end begins with the preface, then come messages: u32 length, u8 type, body. docs/wire-format.md has them.
//
//   input    the preface, or a message without its length, from anywhere
//   output   values; pictures and bytes as views into the input. Names hold to is_archive_name(), text is cut to its
//            bound and stripped of control characters
//   errors   empty where a message breaks its format
//   threads  thread-safe
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "glimt/error.hpp"
#include "glimt/options.hpp"

namespace glimt::wire {

// Seven letters and the version. As a length it is beyond every bound of the other wires.
inline constexpr std::array<uint8_t, 8> kArchivePreface{'G', 'L', 'I', 'M', 'T', 'A', 'R', 1};

inline constexpr size_t kArchiveLengthBytes = 4;
inline constexpr size_t kMaxArchiveNameBytes = 255;
inline constexpr size_t kMaxArchiveRequestBytes = 512;
inline constexpr size_t kMaxArchiveTextBytes = 1000;
// What stands around a picture or a run of a file; together with max_frame the bound of any message.
inline constexpr size_t kMaxArchiveOverheadBytes = 4096;
inline constexpr size_t kMaxArchiveRunBytes = 256 * 1024;

enum class ArchiveKind : uint8_t { still = 1, clip = 2 };
std::string_view to_string(ArchiveKind kind);

// One component of a path that is not hidden, without control characters.
bool is_archive_name(std::string_view name);

struct ArchiveList {};
struct ArchivePlay {
  ArchiveKind kind = ArchiveKind::clip;
  std::string name;
  uint64_t from_us = 0;  // the clip's own time
  uint64_t skip = 0;     // pictures after that, which were received already
  bool fast = false;     // not at the clip's own pace
  Codec codec = Codec::jpeg;
  uint8_t quality = 90;  // 1..100, JPEG
};
struct ArchiveFetch {
  ArchiveKind kind = ArchiveKind::clip;
  std::string name;
  uint64_t offset = 0;
};

// In answer to a list: one each; in answer to play: what now comes. 0 where it is not known.
struct ArchiveEntry {
  ArchiveKind kind = ArchiveKind::clip;
  std::string name;
  uint64_t file_bytes = 0;
  uint32_t width = 0, height = 0;
  uint32_t millihertz = 0;  // pictures in 1000 seconds
  uint64_t frames = 0;
};
struct ArchivePicture {
  Codec codec = Codec::jpeg;
  PixelFormat format = PixelFormat::bgr24;
  uint16_t width = 0, height = 0;
  uint64_t number = 0;  // counts from 0 at the place that was asked for, before the skip
  Bytes bytes;
};
struct ArchiveFile {
  uint64_t size = 0;
  int64_t modified_ns = 0;
  uint32_t fingerprint = 0;
  uint64_t offset = 0;  // where its bytes begin
};
struct ArchiveRun {
  uint64_t offset = 0;
  Bytes bytes;
};
// Nothing more comes in answer to the request; how many entries, pictures (with the skip) or bytes of the file.
struct ArchiveEnd {
  uint64_t count = 0;
};
struct ArchiveFailure {
  ErrorKind kind = ErrorKind::unavailable;
  std::string text;
};
// The request is in work, there is only nothing to send yet.
struct ArchiveAlive {};

using ArchiveMessage = std::variant<ArchiveList, ArchivePlay, ArchiveFetch, ArchiveEntry, ArchivePicture,
                                    ArchiveFile, ArchiveRun, ArchiveEnd, ArchiveFailure, ArchiveAlive>;

// `message`: type and body, without the length.
std::optional<ArchiveMessage> parse_archive_message(Bytes message);

// With the length in front; without `bytes` of pictures and runs, which the length counts.
std::vector<uint8_t> serialize(const ArchiveMessage& message);

// Who seems to speak, by its first bytes, for people; empty where one cannot tell.
std::string_view guess_speaker(Bytes first);

}  // namespace glimt::wire

#include "wire/archive_messages.hpp"

#include <algorithm>

namespace glimt::wire {
namespace {

enum Type : uint8_t {
  kList = 1,
  kPlay = 2,
  kFetch = 3,
  kEntry = 16,
  kPicture = 17,
  kFile = 18,
  kRun = 19,
  kEnd = 20,
  kFailure = 21,
  kAlive = 22,
};

constexpr int kMaxSide = 65500;

// C0, DEL and, in UTF-8, C1: what a terminal would obey.
bool is_control(std::string_view text, size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x20 || c == 0x7F) return true;
  const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
  return c == 0xC2 && next >= 0x80 && next < 0xA0;
}

std::string printable(Bytes bytes) {
  const auto text = as_text(bytes.first(std::min(bytes.size(), kMaxArchiveTextBytes)));
  std::string clean;
  for (const char letter : text) {
    const auto c = static_cast<unsigned char>(letter);
    if (c < 0x20 || c == 0x7F) continue;
    const bool ends_c1 = c >= 0x80 && c < 0xA0 && clean.ends_with('\xC2');
    if (ends_c1) {
      clean.pop_back();
    } else {
      clean += letter;
    }
  }
  return clean;
}

class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;
  template <class E>
  E one_of(E low, E high) {
    const uint8_t value = u8();
    sane_ &= value >= static_cast<uint8_t>(low) && value <= static_cast<uint8_t>(high);
    return static_cast<E>(value);
  }
  ArchiveKind kind() { return one_of(ArchiveKind::still, ArchiveKind::clip); }
  std::string name() {
    const std::string text(as_text(rest()));
    sane_ &= is_archive_name(text);
    return text;
  }
  void require(bool holds) { sane_ &= holds; }
  // Everything was there, sane, and nothing more.
  bool whole() const { return ok() && sane_ && left() == 0; }

 private:
  bool sane_ = true;
};

ArchivePlay play(Reader& in) {
  ArchivePlay p;
  p.kind = in.kind();
  const uint8_t flags = in.u8();
  in.require(flags <= 1);
  p.fast = flags == 1;
  p.codec = in.one_of(Codec::raw, Codec::jpeg);
  p.quality = in.u8();
  in.require(p.quality >= 1 && p.quality <= 100);
  p.from_us = in.u64();
  in.require(p.from_us < uint64_t{1} << 50);
  p.skip = in.u64();
  p.name = in.name();
  return p;
}

ArchiveFetch fetch(Reader& in) {
  ArchiveFetch f;
  f.kind = in.kind();
  f.offset = in.u64();
  f.name = in.name();
  return f;
}

ArchiveEntry entry(Reader& in) {
  ArchiveEntry e;
  e.kind = in.kind();
  e.file_bytes = in.u64();
  e.width = in.u32();
  e.height = in.u32();
  e.millihertz = in.u32();
  e.frames = in.u64();
  e.name = in.name();
  return e;
}

ArchivePicture picture(Reader& in) {
  ArchivePicture p;
  p.codec = in.one_of(Codec::raw, Codec::jpeg);
  p.format = in.one_of(PixelFormat::gray8, PixelFormat::i420);
  p.width = in.u16();
  p.height = in.u16();
  in.require(p.width >= 1 && p.width <= kMaxSide && p.height >= 1 && p.height <= kMaxSide);
  p.number = in.u64();
  p.bytes = in.rest();
  in.require(!p.bytes.empty());
  return p;
}

ArchiveFile file(Reader& in) {
  ArchiveFile f;
  f.size = in.u64();
  f.modified_ns = static_cast<int64_t>(in.u64());
  f.fingerprint = in.u32();
  f.offset = in.u64();
  in.require(f.offset <= f.size && f.size < uint64_t{1} << 62);
  return f;
}

ArchiveRun run(Reader& in) {
  ArchiveRun r;
  r.offset = in.u64();
  r.bytes = in.rest();
  in.require(!r.bytes.empty() && r.bytes.size() <= kMaxArchiveRunBytes && r.offset < uint64_t{1} << 62);
  return r;
}

ArchiveFailure failure(Reader& in) {
  ArchiveFailure f;
  f.kind = in.one_of(ErrorKind::invalid_argument, ErrorKind::internal);
  f.text = printable(in.rest());
  return f;
}

std::optional<ArchiveMessage> parse_body(uint8_t type, Reader& in) {
  switch (type) {
    case kList:
      return ArchiveList{};
    case kPlay:
      return play(in);
    case kFetch:
      return fetch(in);
    case kEntry:
      return entry(in);
    case kPicture:
      return picture(in);
    case kFile:
      return file(in);
    case kRun:
      return run(in);
    case kEnd:
      return ArchiveEnd{in.u64()};
    case kFailure:
      return failure(in);
    case kAlive:
      return ArchiveAlive{};
    default:
      return std::nullopt;
  }
}

// One message: its type, what stands in it, and how many bytes follow that are not in it.
class Writer {
 public:
  Writer() : out_(bytes_) { out_.u32(0); }

  void operator()(const ArchiveList&) { out_.u8(kList); }
  void operator()(const ArchivePlay& p) {
    out_.u8(kPlay);
    out_.u8(static_cast<uint8_t>(p.kind));
    out_.u8(p.fast ? 1 : 0);
    out_.u8(static_cast<uint8_t>(p.codec));
    out_.u8(p.quality);
    out_.u64(p.from_us);
    out_.u64(p.skip);
    text(p.name, kMaxArchiveNameBytes);
  }
  void operator()(const ArchiveFetch& f) {
    out_.u8(kFetch);
    out_.u8(static_cast<uint8_t>(f.kind));
    out_.u64(f.offset);
    text(f.name, kMaxArchiveNameBytes);
  }
  void operator()(const ArchiveEntry& e) {
    out_.u8(kEntry);
    out_.u8(static_cast<uint8_t>(e.kind));
    out_.u64(e.file_bytes);
    out_.u32(e.width);
    out_.u32(e.height);
    out_.u32(e.millihertz);
    out_.u64(e.frames);
    text(e.name, kMaxArchiveNameBytes);
  }
  void operator()(const ArchivePicture& p) {
    out_.u8(kPicture);
    out_.u8(static_cast<uint8_t>(p.codec));
    out_.u8(static_cast<uint8_t>(p.format));
    out_.u16(p.width);
    out_.u16(p.height);
    out_.u64(p.number);
    following_ = p.bytes.size();
  }
  void operator()(const ArchiveFile& f) {
    out_.u8(kFile);
    out_.u64(f.size);
    out_.u64(static_cast<uint64_t>(f.modified_ns));
    out_.u32(f.fingerprint);
    out_.u64(f.offset);
  }
  void operator()(const ArchiveRun& r) {
    out_.u8(kRun);
    out_.u64(r.offset);
    following_ = r.bytes.size();
  }
  void operator()(const ArchiveEnd& e) {
    out_.u8(kEnd);
    out_.u64(e.count);
  }
  void operator()(const ArchiveFailure& f) {
    out_.u8(kFailure);
    out_.u8(static_cast<uint8_t>(f.kind));
    text(f.text, kMaxArchiveTextBytes);
  }
  void operator()(const ArchiveAlive&) { out_.u8(kAlive); }

  std::vector<uint8_t> finish() {
    const auto written = out_.written();
    ByteWriter(bytes_).u32(static_cast<uint32_t>(written.size() - kArchiveLengthBytes + following_));
    return {written.begin(), written.end()};
  }

 private:
  void text(const std::string& text, size_t most) {
    out_.put(as_bytes(text).first(std::min(text.size(), most)));
  }

  std::array<uint8_t, kMaxArchiveTextBytes + 64> bytes_{};
  ByteWriter out_;
  size_t following_ = 0;
};

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && as_text(bytes.first(text.size())) == text;
}

// u32 length, then a packet of version 4.
bool is_live_stream(Bytes first) {
  ByteReader in(first);
  const uint32_t length = in.u32();
  const uint8_t version = in.u8(), type = in.u8();
  return in.ok() && length >= 32 && length <= 32'816 && version == 4 && type >= 1 && type <= 7;
}

}  // namespace

std::string_view to_string(ArchiveKind kind) { return kind == ArchiveKind::still ? "image" : "video"; }

bool is_archive_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxArchiveNameBytes || name[0] == '.') return false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '/' || is_control(name, i)) return false;
  }
  return true;
}

std::optional<ArchiveMessage> parse_archive_message(Bytes message) {
  Reader in(message);
  const uint8_t type = in.u8();
  auto parsed = parse_body(type, in);
  if (!in.whole()) return std::nullopt;
  return parsed;
}

std::vector<uint8_t> serialize(const ArchiveMessage& message) {
  Writer writer;
  std::visit(writer, message);
  return writer.finish();
}

std::string_view guess_speaker(Bytes first) {
  for (const auto verb : {"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "HTTP/"}) {
    if (begins_with(first, verb)) return "a web browser or server (HTTP)";
  }
  if (begins_with(first, as_text(Bytes(kArchivePreface).first(7)))) return "glimt serve or get";
  if (begins_with(first, "get_")) return "a Python script (wire=pickle-i)";
  if (first.size() > 5 && first[4] == 0x80 && first[5] >= 2 && first[5] <= 5)
    return "a Python script (wire=pickle-i)";
  if (is_live_stream(first)) return "a live stream (glimt send or recv)";
  if (begins_with(first, "SSH-")) return "SSH";
  if (begins_with(first, "\x16\x03")) return "TLS";
  return "";
}

}  // namespace glimt::wire

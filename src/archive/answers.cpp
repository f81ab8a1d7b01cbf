#include "archive/answers.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "archive/still.hpp"
#include "encode/encoder.hpp"

namespace glimt::archive {
namespace {

using wire::ArchiveKind;

class Collector final : public media::StripSink {
 public:
  void begin(const Ref<media::AccessUnit>& begun) override {
    unit = begun;
    unit->strips.clear();
  }
  void strip(const Ref<media::AccessUnit>&, const media::Strip& strip) override {
    unit->strips.push_back(strip);
  }
  void end(const Ref<media::AccessUnit>&) override {}
  void abandon(const Ref<media::AccessUnit>&) override { unit = {}; }

  Ref<media::AccessUnit> unit;
};

void fail(Playback& out, const Error& why) { out.put(piece_of(wire::ArchiveFailure{why.kind, why.message})); }

wire::ArchiveEntry entry_of(const StoredFile& file, const source::FrameSource::Traits& traits) {
  return {.kind = file.kind,
          .name = file.name,
          .file_bytes = file.size,
          .width = static_cast<uint32_t>(std::max(traits.width, 0)),
          .height = static_cast<uint32_t>(std::max(traits.height, 0)),
          .millihertz = file.kind == ArchiveKind::clip ? static_cast<uint32_t>(traits.fps * 1000 + 0.5) : 0,
          .frames = file.kind == ArchiveKind::clip ? traits.frames : 1};
}

// What a listing says of a file; empty where it cannot be opened as what its name says.
std::optional<wire::ArchiveEntry> describe(const StoredFile& file, size_t max_frame_bytes) {
  source::FrameSource::Traits traits;
  const auto side = file.kind == ArchiveKind::still ? try_still_size(file) : std::nullopt;
  if (side) {
    traits.width = side->width;
    traits.height = side->height;
  } else {
    source::SourceOptions options;
    options.max_frame_bytes = max_frame_bytes;
    const auto source = open_stored(file, options);
    if (!source) return std::nullopt;
    traits = (*source)->traits();
  }
  return entry_of(file, traits);
}

Piece picture_piece(const media::AccessUnit& unit, uint64_t number) {
  Ref<media::Buffer> joined;
  if (unit.strips.size() > 1) joined = Ref<media::Buffer>(new media::Buffer);
  const media::Strip strip = joined ? media::Strip{joined, unit.joined(*joined), 0} : unit.strips.at(0);
  Piece piece =
      piece_of(wire::ArchivePicture{unit.info.codec, unit.info.format, static_cast<uint16_t>(unit.info.width),
                                    static_cast<uint16_t>(unit.info.height), number, strip.bytes});
  piece.owner = strip.owner;
  piece.body = strip.bytes;
  return piece;
}

// Pictures of a source until its end; how many went out, or the error. Empty where nobody wants them any more.
std::optional<Result<uint64_t>> send_pictures(Playback& out, source::FrameSource& source,
                                              encode::Encoder& encoder, uint64_t number, uint64_t most) {
  Collector collector;
  for (uint64_t sent = 0; sent < most; ++sent, ++number) {
    auto picture = source.read();
    if (out.stopped()) return std::nullopt;
    if (!picture) return picture.error();
    if (!*picture) break;
    if (auto* unit = std::get_if<Ref<media::AccessUnit>>(&**picture)) {
      collector.unit = *unit;
    } else if (auto done = encoder.encode(std::get<media::Frame>(**picture), collector); !done) {
      return done.error();
    }
    if (!out.put(picture_piece(*collector.unit, number))) return std::nullopt;
  }
  return number;
}

void play(Playback& out, const StoredFile& file, const wire::ArchivePlay& request, size_t max_frame_bytes) {
  const bool still = file.kind == ArchiveKind::still;
  source::SourceOptions options;
  options.max_frame_bytes = max_frame_bytes;
  options.fast = request.fast;
  options.from = std::chrono::microseconds(request.from_us);
  options.skip = request.skip;
  options.pixels = true;  // it asks for a codec and a quality
  const auto source = open_stored(file, options);
  if (!source) return fail(out, source.error());
  // What was decoded from a still is sent as it is: nothing is lost.
  const auto encoder = encode::make_encoder(still ? Codec::raw : request.codec, {request.quality});
  if (!encoder) return fail(out, encoder.error());
  if (!out.put(piece_of(entry_of(file, (*source)->traits())))) return;
  out.while_reading(**source, [&] {
    const auto sent = send_pictures(out, **source, **encoder, request.skip, still ? 1 : UINT64_MAX);
    if (!sent) return;
    if (*sent) {
      out.put(piece_of(wire::ArchiveEnd{**sent}));
    } else {
      fail(out, sent->error());
    }
  });
}

// A JPEG goes out as it was stored. False where it is none.
bool play_jpeg(Playback& out, const StoredFile& file, size_t max_frame_bytes) {
  const auto unit = try_read_jpeg(file, max_frame_bytes);
  if (!unit) return false;
  source::FrameSource::Traits traits;
  traits.width = unit->info.width;
  traits.height = unit->info.height;
  if (out.put(piece_of(entry_of(file, traits))) && out.put(picture_piece(*unit, 0)))
    out.put(piece_of(wire::ArchiveEnd{1}));
  return true;
}

// The bytes from the offset on; an error where they are no longer what was promised.
Result<void> send_runs(Playback& out, const StoredFile& file, uint64_t offset) {
  media::BufferPool buffers;
  while (offset < file.size) {
    auto buffer = buffers.take();
    buffer->reserve(wire::kMaxArchiveRunBytes);
    const size_t wanted = std::min<uint64_t>(wire::kMaxArchiveRunBytes, file.size - offset);
    const ssize_t n = pread(file.fd.get(), buffer->data(), wanted, static_cast<off_t>(offset));
    if (n < 0)
      return Error{ErrorKind::unavailable, file.name + ": " + std::strerror(errno) + " at the server"};
    if (n == 0) break;
    const Bytes bytes(buffer->data(), static_cast<size_t>(n));
    Piece piece = piece_of(wire::ArchiveRun{offset, bytes});
    piece.owner = buffer;
    piece.body = bytes;
    if (!out.put(std::move(piece))) return {};
    offset += static_cast<uint64_t>(n);
  }
  if (file.unchanged()) return {};
  return Error{ErrorKind::disconnected, file.name + ": was changed at the server while it was sent"};
}

}  // namespace

Result<std::unique_ptr<source::FrameSource>> open_stored(const StoredFile& file,
                                                         source::SourceOptions options) {
  Url url;
  url.scheme = "file";
  url.path = file.path();
  url.text = options.name = file.name;
  return source::open_source(url, options);
}

Piece piece_of(const wire::ArchiveMessage& message) { return {wire::serialize(message), {}, {}, {}}; }

void answer(Playback& out, const Folder& folder, const wire::ArchiveList&, size_t max_frame_bytes) {
  uint64_t count = 0;
  for (const auto& name : folder.names()) {
    const auto file = folder.open_file(name);
    if (!file) continue;  // gone since
    const auto entry = describe(*file, max_frame_bytes);
    if (!entry) continue;
    if (!out.put(piece_of(*entry))) return;
    ++count;
  }
  out.put(piece_of(wire::ArchiveEnd{count}));
}

void answer(Playback& out, const Folder& folder, const wire::ArchivePlay& request, size_t max_frame_bytes) {
  const auto file = folder.open_file(request.name, request.kind);
  if (!file) return fail(out, file.error());
  if (request.kind == ArchiveKind::still && play_jpeg(out, *file, max_frame_bytes)) return;
  play(out, *file, request, max_frame_bytes);
}

void answer(Playback& out, const Folder& folder, const wire::ArchiveFetch& request, size_t) {
  const auto file = folder.open_file(request.name, request.kind);
  if (!file) return fail(out, file.error());
  const auto fingerprint = file->fingerprint();
  if (!fingerprint) return fail(out, fingerprint.error());
  // Where it has become shorter, whoever asks notices by the size and begins anew.
  const uint64_t offset = std::min(request.offset, file->size);
  if (!out.put(piece_of(wire::ArchiveFile{file->size, file->modified_ns, *fingerprint, offset}))) return;
  if (auto sent = send_runs(out, *file, offset); !sent) return fail(out, sent.error());
  out.put(piece_of(wire::ArchiveEnd{file->size}));
}

}  // namespace glimt::archive

// wire=pickle-i, both ends: bare words ask, pickled arrays answer.
#include <algorithm>

#include "archive/answers.hpp"
#include "archive/get.hpp"
#include "base/log.hpp"
#include "filter/convert.hpp"
#include "pipeline/pickled_pixels.hpp"
#include "wire/pickle.hpp"

namespace glimt::archive {
namespace {

constexpr std::string_view kEnd = "end";
// A Python server serves one after the other: who waits for its turn is said so, and waits for a minute.
constexpr auto kTurn = std::chrono::seconds(60);

std::vector<uint8_t> with_length(size_t length, const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> all(4 + bytes.size());
  ByteWriter out(all);
  out.u32(static_cast<uint32_t>(length));
  out.put(bytes);
  return all;
}

Piece pickled(const std::vector<uint8_t>& pickle) { return {with_length(pickle.size(), pickle), {}, {}, {}}; }

Piece pickled(const media::Frame& frame, media::BufferPool& buffers) {
  const auto around = wire::make_pickle_frame(frame.height, frame.width, 3);
  const size_t size = media::packed_size(frame.format, frame.width, frame.height);
  Piece piece;
  piece.head = with_length(around.head.size() + size + around.tail.size(), around.head);
  piece.tail = around.tail;
  if (frame.is_packed()) {
    piece.owner = frame.owner;
    piece.body = {frame.planes[0].data, size};
    return piece;
  }
  auto buffer = buffers.take();
  buffer->reserve(size);
  media::copy_packed(frame, buffer->data());
  piece.owner = buffer;
  piece.body = {buffer->data(), size};
  return piece;
}

Result<std::unique_ptr<source::FrameSource>> open_named(const Folder& folder, const std::string& name,
                                                        wire::ArchiveKind kind,
                                                        source::SourceOptions options) {
  const auto file = folder.open_file(name, kind);
  if (!file) return file.error();
  options.pixels = true;  // a pickle holds an array
  return open_stored(*file, options);
}

// In colour, as OpenCV reads pictures unless it is told otherwise. False where no further one follows.
bool send_picture(Playback& out, source::FrameSource& source, filter::Converter& converter,
                  media::BufferPool& buffers) {
  auto picture = source.read();
  if (!picture) log::warning("{}", picture.error().message);
  if (!picture || !*picture || out.stopped()) return false;
  auto* frame = std::get_if<media::Frame>(&**picture);
  return frame && out.put(pickled(converter.convert(std::move(*frame), PixelFormat::bgr24), buffers));
}

Error broken(const GetOptions& o, const std::string& what) {
  return {ErrorKind::malformed, o.address.text + ": " + what};
}

// A frame over the pixels where they lie, or over a copy of their own.
Result<media::Frame> frame_of(const wire::Pickle& p, const Conversation::Message& message,
                              media::BufferPool& buffers, size_t max_frame_bytes) {
  const auto pixels = pipeline::pixels_of(p, message.bytes, message.owner, buffers);
  if (auto fits = media::check_size(pixels.format, p.width, p.height, max_frame_bytes); !fits)
    return fits.error();
  return media::frame_over(pixels.owner, const_cast<uint8_t*>(pixels.bytes.data()), pixels.format, p.width,
                           p.height);
}

// One answer of pickles, picture by picture.
class PickledAnswer {
 public:
  PickledAnswer(const GetOptions& options, wire::ArchiveKind kind, const WatchOptions& how,
                pipeline::SinkSet& sinks)
      : o_(options), still_(kind == wire::ArchiveKind::still), how_(how), sinks_(sinks) {
    progress_.name = to_string(kind);
  }

  // True where it is over.
  Result<bool> take(const Conversation::Message& message) {
    const auto pickle = wire::parse_pickle(message.bytes, decoded_);
    if (!pickle) return broken(o_, pickle.error().message);
    switch (pickle->kind) {
      case wire::Pickle::Kind::none:
        return Error{ErrorKind::invalid_argument, o_.address.text + ": the server has no such picture"};
      case wire::Pickle::Kind::bytes:
        if (as_text(pickle->bytes) == kEnd) return true;
        return broken(o_, "the server sends bytes instead of a picture");
      case wire::Pickle::Kind::array:
        break;
    }
    return show(*pickle, message);
  }
  uint64_t pictures() const { return progress_.done; }

 private:
  Result<bool> show(const wire::Pickle& pickle, const Conversation::Message& message) {
    auto frame = frame_of(pickle, message, buffers_, o_.max_frame_bytes);
    if (!frame) return frame.error();
    pipeline::Received received;
    received.frame = how_.format ? converter_.convert(std::move(*frame), *how_.format) : std::move(*frame);
    received.frame.stamps.captured_at = now();
    sinks_.feed(&received);
    ++progress_.done;
    progress_.bytes += pickle.bytes.size();
    o_.progress(progress_);
    return still_ || sinks_.ended() || sinks_.idle();
  }

  const GetOptions& o_;
  const bool still_;
  const WatchOptions how_;
  pipeline::SinkSet& sinks_;
  GetProgress progress_;
  std::vector<uint8_t> decoded_;
  media::BufferPool buffers_;
  filter::Converter converter_;
};

}  // namespace

void answer_pickled_still(Playback& out, const Folder& folder, const std::string& name,
                          size_t max_frame_bytes) {
  filter::Converter converter;
  media::BufferPool buffers;
  source::SourceOptions options;
  options.max_frame_bytes = max_frame_bytes;
  const auto source = open_named(folder, name, wire::ArchiveKind::still, options);
  if (!source) log::warning("{}", source.error().message);
  if (!source || !send_picture(out, **source, converter, buffers)) out.put(pickled(wire::pickle_none()));
}

void answer_pickled_clip(Playback& out, const Folder& folder, const std::string& name, bool fast,
                         size_t max_frame_bytes) {
  source::SourceOptions options;
  options.fast = fast;
  options.max_frame_bytes = max_frame_bytes;
  const auto source = open_named(folder, name, wire::ArchiveKind::clip, options);
  if (source) {
    filter::Converter converter;
    media::BufferPool buffers;
    out.while_reading(**source, [&] {
      while (send_picture(out, **source, converter, buffers)) {
      }
    });
  } else {
    log::warning("{}", source.error().message);
  }
  out.put(pickled(wire::pickle_bytes(as_bytes(kEnd))));
}

Result<void> visit(const GetOptions& o) {
  const auto visited =
      Conversation::open(o.address, {}, {.max_message_bytes = 1, .preface = false}, o.keep_on);
  if (!visited) return visited.error();
  return {};
}

Outcome watch_pickled(const GetOptions& o, wire::ArchiveKind kind, const WatchOptions& how,
                      pipeline::SinkSet& sinks) {
  Outcome outcome;
  PickledAnswer answer(o, kind, how, sinks);
  const auto fail = [&](const Error& why) {
    outcome.error = why;
    return outcome;
  };
  const auto request = kind == wire::ArchiveKind::still ? kGetImage : kGetVideo;
  auto conversation = Conversation::open(
      o.address, as_bytes(request),
      {.max_message_bytes = wire::max_pickle_bytes(o.max_frame_bytes), .preface = false, .patience = kTurn},
      o.keep_on);
  if (!conversation) return o.keep_on() ? fail(conversation.error()) : outcome;
  Instant say_at = now() + kPatience;
  while (o.keep_on()) {
    auto message = conversation->next();
    if (!message) return fail(message.error());
    if (!*message) {
      if (now() < say_at) continue;
      log::info("{}: silent for 5 s; it may be serving another", o.address.text);
      say_at = Instant::max();
      continue;
    }
    say_at = now() + kPatience;
    outcome.begun = true;
    const auto over = answer.take(**message);
    outcome.done = answer.pictures();
    if (!over) return fail(over.error());
    if (*over) break;
  }
  return outcome;
}

}  // namespace glimt::archive

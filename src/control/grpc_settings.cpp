#include <limits>

#include "control/grpc_values.hpp"

namespace glimt::control {
namespace {

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

v1::Codec codec_of(std::optional<Codec> codec) {
  if (!codec) return v1::CODEC_UNSPECIFIED;
  switch (*codec) {
    case Codec::raw:
      return v1::CODEC_RAW;
    case Codec::jpeg:
      return v1::CODEC_JPEG;
    case Codec::h264:
      return v1::CODEC_H264;
  }
  return v1::CODEC_UNSPECIFIED;
}

Result<std::optional<Codec>> codec_of(v1::Codec codec) {
  switch (codec) {
    case v1::CODEC_UNSPECIFIED:
      return std::optional<Codec>();
    case v1::CODEC_RAW:
      return std::optional(Codec::raw);
    case v1::CODEC_JPEG:
      return std::optional(Codec::jpeg);
    case v1::CODEC_H264:
      return std::optional(Codec::h264);
    default:
      return invalid("encoding.codec: no codec of this hub's has the number " +
                     std::to_string(static_cast<int>(codec)) + "; known: RAW, JPEG, H264");
  }
}

v1::Chroma chroma_of(Chroma chroma) {
  switch (chroma) {
    case Chroma::c420:
      return v1::CHROMA_420;
    case Chroma::c422:
      return v1::CHROMA_422;
    case Chroma::c444:
      return v1::CHROMA_444;
  }
  return v1::CHROMA_UNSPECIFIED;
}

Result<Chroma> chroma_of(v1::Chroma chroma) {
  switch (chroma) {
    case v1::CHROMA_UNSPECIFIED:
    case v1::CHROMA_420:
      return Chroma::c420;
    case v1::CHROMA_422:
      return Chroma::c422;
    case v1::CHROMA_444:
      return Chroma::c444;
    default:
      return invalid("encoding.chroma: unknown number " + std::to_string(static_cast<int>(chroma)) +
                     "; known: 420, 422, 444");
  }
}

// The hub says which numbers may be; here they only have to stay what they are.
int to_int(uint32_t number) {
  return static_cast<int>(std::min<uint32_t>(number, std::numeric_limits<int>::max()));
}

void to_proto(const hub::Encoding& encoding, v1::Encoding* message) {
  message->set_codec(codec_of(encoding.codec));
  message->set_quality(static_cast<uint32_t>(encoding.quality));
  message->set_chroma(chroma_of(encoding.chroma));
  message->set_encoder(utf8(encoding.encoder));
  message->set_bitrate_bps(encoding.bitrate_bps.value_or(0));
  message->set_intra_refresh(encoding.intra_refresh);
  message->set_workers(static_cast<uint32_t>(encoding.workers));
  message->set_width(encoding.size ? static_cast<uint32_t>(encoding.size->first) : 0);
  message->set_height(encoding.size ? static_cast<uint32_t>(encoding.size->second) : 0);
  message->set_fps(encoding.fps.value_or(0));
}

Result<hub::Encoding> from_proto(const v1::Encoding& message) {
  hub::Encoding encoding;
  const auto codec = codec_of(message.codec());
  if (!codec) return codec.error();
  const auto chroma = chroma_of(message.chroma());
  if (!chroma) return chroma.error();
  if ((message.width() == 0) != (message.height() == 0))
    return invalid("encoding: width and height, both or neither");
  encoding.codec = *codec;
  encoding.chroma = *chroma;
  if (message.quality() != 0) encoding.quality = to_int(message.quality());
  encoding.encoder = message.encoder();
  if (message.bitrate_bps() != 0) encoding.bitrate_bps = message.bitrate_bps();
  encoding.intra_refresh = message.intra_refresh();
  encoding.workers = to_int(message.workers());
  if (message.width() != 0) encoding.size = {to_int(message.width()), to_int(message.height())};
  if (message.fps() != 0) encoding.fps = message.fps();
  return encoding;
}

}  // namespace

void to_proto(const hub::DestinationSettings& settings, v1::DestinationSettings* message) {
  message->set_id(utf8(settings.id));
  message->set_url(utf8(settings.url));
}

hub::DestinationSettings from_proto(const v1::DestinationSettings& message) {
  return {.id = message.id(), .url = message.url()};
}

void to_proto(const hub::StreamSettings& settings, v1::StreamSettings* message) {
  message->set_name(utf8(settings.name));
  message->set_source(utf8(settings.source));
  message->set_format(utf8(settings.format));
  message->set_filter(utf8(settings.filter));
  message->set_loop(settings.loop);
  message->set_paused(settings.paused);
  to_proto(settings.encoding, message->mutable_encoding());
  for (const auto& destination : settings.destinations) to_proto(destination, message->add_destinations());
}

Result<hub::StreamSettings> from_proto(const v1::StreamSettings& message) {
  hub::StreamSettings settings;
  const auto encoding = from_proto(message.encoding());
  if (!encoding) return encoding.error();
  settings.name = message.name();
  settings.source = message.source();
  settings.format = message.format();
  settings.filter = message.filter();
  settings.loop = message.loop();
  settings.paused = message.paused();
  settings.encoding = *encoding;
  for (const auto& destination : message.destinations())
    settings.destinations.push_back(from_proto(destination));
  return settings;
}

}  // namespace glimt::control

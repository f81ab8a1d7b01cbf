#include "archive/picture_decoder.hpp"

namespace glimt::archive {

Result<pipeline::Received> PictureDecoder::decode(const wire::ArchivePicture& p, const Ref<Shared>& owner) {
  Ref<media::AccessUnit> unit(new media::AccessUnit);
  unit->info = {.codec = p.codec, .format = p.format, .width = p.width, .height = p.height};
  unit->info.number = Sequence(static_cast<uint32_t>(p.number));
  unit->info.stamps.captured_at = now();
  unit->strips.push_back({owner, p.bytes, 0});
  pipeline::Received received;
  if (encoded_) {
    if (p.codec != Codec::jpeg)
      return Error{ErrorKind::unsupported,
                   "this was not stored as JPEG; take its pixels with --format bgr24"};
    received.unit = unit;
    return received;
  }
  auto frame = decoder_.decode(*unit);
  if (!frame) return frame.error();
  received.frame = format_ ? converter_.convert(std::move(*frame), *format_) : std::move(*frame);
  return received;
}

}  // namespace glimt::archive

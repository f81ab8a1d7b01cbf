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
  auto frame = decode(*unit);
  if (!frame) return frame.error();
  received.frame = format_ ? converter_.convert(std::move(*frame), *format_) : std::move(*frame);
  received.frame.stamps = unit->info.stamps;
  received.frame.number = unit->info.number;
  return received;
}

Result<media::Frame> PictureDecoder::decode(const media::AccessUnit& unit) {
  if (codec_ != unit.info.codec) {
    auto made = decode::make_decoder(unit.info.codec, {format_, max_frame_bytes_});
    if (!made) return made.error();
    decoder_ = std::move(*made);
    codec_ = unit.info.codec;
  }
  if (auto begun = decoder_->begin(unit.info); !begun) return begun.error();
  if (auto done = decoder_->strip(unit.strips[0]); !done) return done.error();
  return decoder_->end();
}

}  // namespace glimt::archive

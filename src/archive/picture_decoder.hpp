// PictureDecoder: what a server sends of a still or a clip becomes what a sink takes.
//
//   input    pictures of wire/archive_messages, and arrays of pixels, as views
//   output   a frame in the wanted format, or the JPEG as it came
//   errors   malformed; exhausted over max_frame_bytes; unsupported where encoded pictures are wanted and it is none
//   threads  thread-compatible
//   memory   a frame
#pragma once

#include "filter/convert.hpp"
#include "pipeline/decode_stage.hpp"
#include "pipeline/unit_decoder.hpp"
#include "wire/archive_messages.hpp"

namespace glimt::archive {

class PictureDecoder {
 public:
  PictureDecoder(std::optional<PixelFormat> format, bool encoded, size_t max_frame_bytes)
      : format_(format), encoded_(encoded), decoder_({format, max_frame_bytes}) {}

  Result<pipeline::Received> decode(const wire::ArchivePicture& picture, const Ref<Shared>& owner);

 private:
  const std::optional<PixelFormat> format_;
  const bool encoded_;
  pipeline::UnitDecoder decoder_;
  filter::Converter converter_;
};

}  // namespace glimt::archive

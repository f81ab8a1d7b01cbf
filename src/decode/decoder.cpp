#include "decode/decoder.hpp"

#include "base/module.hpp"

namespace glimt::decode {

Result<std::unique_ptr<Decoder>> make_decoder(Codec codec, const DecoderOptions& options) {
  switch (codec) {
    case Codec::jpeg:
      return make_jpeg_decoder(options);
    case Codec::raw:
      return make_raw_decoder(options);
    case Codec::h264: {
      const auto address = open_module("h264", "glimt_make_h264_decoder");
      if (!address) return address.error();
      return (*static_cast<decltype(&make_h264_decoder)*>(*address))(options);
    }
  }
  return Error{ErrorKind::unsupported, "the sender uses a codec that this version does not know"};
}

}  // namespace glimt::decode

#include "decode/decoder.hpp"

namespace glimt::decode {

Result<std::unique_ptr<Decoder>> make_decoder(Codec codec, const DecoderOptions& options) {
  switch (codec) {
    case Codec::jpeg:
      return make_jpeg_decoder(options);
    case Codec::raw:
      return make_raw_decoder(options);
  }
  return Error{ErrorKind::unsupported, "the sender uses a codec that this version does not know"};
}

}  // namespace glimt::decode

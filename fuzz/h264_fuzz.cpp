// H.264 on arbitrary bytes: the NAL units are views into them, in order, and together with start codes and zeros all there is;
// parameter sets read back as what they are; and what has none of them is no key frame.
#include "media/h264_layout.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glimt::media;
  const glimt::Bytes bytes(data, size);
  const uint8_t* behind = data;
  size_t sets = 0, slices = 0;
  for (size_t at = 0; const auto nal = next_nal(bytes, at);) {
    GLIMT_REQUIRE(at <= size && !nal->bytes.empty());
    GLIMT_REQUIRE(nal->bytes.data() >= behind + 3);
    const uint8_t* begin = nal->bytes.data();
    GLIMT_REQUIRE(begin[-1] == 1 && begin[-2] == 0 && begin[-3] == 0);
    GLIMT_REQUIRE(nal->bytes.back() != 0 && (begin[0] & 31) == static_cast<uint8_t>(nal->type));
    behind = begin + nal->bytes.size();
    GLIMT_REQUIRE(behind <= data + at);
    sets += nal->type == NalType::sequence_parameters || nal->type == NalType::picture_parameters;
    slices += nal->type >= NalType::slice && nal->type <= NalType::idr_slice;
  }
  const auto layout = scan_h264(bytes);
  GLIMT_REQUIRE(layout.slices == slices && layout.idr_slices <= slices);
  GLIMT_REQUIRE(!layout.is_key() || sets >= 2);

  const auto parameters = parameter_sets(bytes);
  size_t again = 0;
  for (size_t at = 0; next_nal(parameters, at);) ++again;
  GLIMT_REQUIRE(again == sets && parameter_sets(parameters) == parameters);
  return 0;
}

#include "media/h264_layout.hpp"

#include <algorithm>
#include <array>

namespace glimt::media {
namespace {

constexpr std::array<uint8_t, 3> kStart{0, 0, 1};

// Where the next start code begins, or the end.
size_t find_start(Bytes bytes, size_t from) {
  const auto rest = bytes.subspan(from);
  return from + static_cast<size_t>(std::search(rest.begin(), rest.end(), kStart.begin(), kStart.end()) -
                                    rest.begin());
}

}  // namespace

std::optional<Nal> next_nal(Bytes bytes, size_t& at) {
  while (at < bytes.size()) {
    const size_t begin = find_start(bytes, at) + kStart.size();
    if (begin >= bytes.size()) break;
    const size_t next = find_start(bytes, begin);
    at = next;
    size_t end = next;
    while (end > begin && bytes[end - 1] == 0) --end;
    if (end == begin) continue;
    return Nal{static_cast<NalType>(bytes[begin] & 31), bytes.subspan(begin, end - begin)};
  }
  at = bytes.size();
  return std::nullopt;
}

H264Layout scan_h264(Bytes access_unit) {
  H264Layout layout;
  bool sequence = false, picture = false;
  for (size_t at = 0; const auto nal = next_nal(access_unit, at);) {
    sequence |= nal->type == NalType::sequence_parameters;
    picture |= nal->type == NalType::picture_parameters;
    if (nal->type < NalType::slice || nal->type > NalType::idr_slice) continue;
    ++layout.slices;
    if (nal->type == NalType::idr_slice) ++layout.idr_slices;
  }
  layout.has_parameters = sequence && picture;
  return layout;
}

std::vector<uint8_t> parameter_sets(Bytes access_unit) {
  std::vector<uint8_t> sets;
  for (size_t at = 0; const auto nal = next_nal(access_unit, at);) {
    if (nal->type != NalType::sequence_parameters && nal->type != NalType::picture_parameters) continue;
    sets.insert(sets.end(), {0, 0, 0, 1});
    sets.insert(sets.end(), nal->bytes.begin(), nal->bytes.end());
  }
  return sets;
}

}  // namespace glimt::media

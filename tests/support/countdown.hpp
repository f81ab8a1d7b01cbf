// Countdown datagrams for tests: a JPEG by its markers alone, and what a sender makes of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace glimt::test {

// As scan_jpeg reads it; 33 x 17 pixels that no decoder would find. `shade` fills what would be entropy-coded.
inline std::string make_marker_jpeg(size_t size, char shade) {
  std::string jpeg{"\xFF\xD8\xFF\xE0\0\x04JF", 8};
  jpeg += std::string{"\xFF\xC0\0\x0B\x08\0\x11\0\x21\x01\x01\x11\0", 13};
  jpeg += std::string{"\xFF\xDA\0\x05\x01\x02\x03", 7};
  if (size > jpeg.size() + 2) jpeg.append(size - jpeg.size() - 2, shade);
  return jpeg + "\xFF\xD9";
}

inline std::vector<std::string> cut_for_countdown(std::string_view picture, size_t segment_bytes) {
  std::vector<std::string> datagrams;
  size_t left = (picture.size() + segment_bytes - 1) / segment_bytes;
  for (; left > 0; --left) {
    datagrams.push_back(static_cast<char>(left) + std::string(picture.substr(0, segment_bytes)));
    picture.remove_prefix(std::min(segment_bytes, picture.size()));
  }
  return datagrams;
}

}  // namespace glimt::test

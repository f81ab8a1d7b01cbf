// Strips: a JPEG in strips, which tests take apart, damage and put into another order.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "decode/decoder.hpp"
#include "encode/encoder.hpp"
#include "support/pictures.hpp"

namespace glimt::test {

inline std::string packed(const media::Frame& frame) {
  std::string bytes(media::packed_size(frame.format, frame.width, frame.height), '\0');
  media::copy_packed(frame, reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

struct Strips {
  media::UnitInfo info;
  std::vector<std::string> bytes;

  Strips() = default;
  Strips(const Picture& picture, const encode::EncoderOptions& options) {
    CollectingSink sink;
    EXPECT_TRUE(encode::make_jpeg_encoder(options)->encode(picture.frame(), sink));
    info = sink.unit->info;
    for (const auto& strip : sink.strips) bytes.emplace_back(as_text(strip.bytes));
  }
  std::string spliced() const {
    std::string all;
    for (const auto& strip : bytes) all += strip;
    return all;
  }
  std::vector<size_t> in_order() const {
    std::vector<size_t> order(bytes.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    return order;
  }
  Result<media::Frame> decode(decode::Decoder& decoder, const std::vector<size_t>& order) const {
    if (auto begun = decoder.begin(info); !begun) return begun.error();
    for (const size_t i : order) {
      // At an address of its own, so that whoever reads beyond it is found out.
      Ref<media::Buffer> owner(new media::Buffer);
      owner->reserve(bytes[i].size() + 1);
      std::copy(bytes[i].begin(), bytes[i].end(), owner->data());
      const media::Strip strip{owner, {owner->data(), bytes[i].size()}, static_cast<int>(i)};
      if (auto done = decoder.strip(strip); !done) return done.error();
    }
    return decoder.end();
  }
  Result<media::Frame> decode(decode::Decoder& decoder) const { return decode(decoder, in_order()); }
};

}  // namespace glimt::test

#include "wire/descriptor.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace glimt::wire {
namespace {

class DescriptorTest : public ::testing::Test {
 protected:
  std::vector<uint8_t> serialized() const {
    std::vector<uint8_t> bytes(kDescriptorFieldsBytes + d_.metadata.size());
    ByteWriter out(bytes);
    serialize(out, d_);
    EXPECT_TRUE(out.ok());
    bytes.resize(out.size());
    return bytes;
  }
  std::optional<Descriptor> round_trip() {
    bytes_ = serialized();
    return parse_descriptor(Bytes(bytes_).subspan(kDescriptorLengthBytes));
  }
  // A field in front of the serialized ones, as a later version may write it.
  std::vector<uint8_t> with_field(uint8_t type, size_t length) const {
    std::vector<uint8_t> bytes(4 + length, 0xEE);
    ByteWriter(bytes).u32(type | static_cast<uint32_t>(length) << 8);
    const auto rest = serialized();
    bytes.insert(bytes.end(), rest.begin() + kDescriptorLengthBytes, rest.end());
    return bytes;
  }

  Descriptor d_{Codec::raw, PixelFormat::i420, 4095, 2161, 8, -1234567890123, 0xFEDCBA9876543210, 777, {}};
  std::vector<uint8_t> bytes_;
};

TEST_F(DescriptorTest, ComesBackAsItWas) {
  d_.metadata = as_bytes("{\"pan\":3}");
  const auto back = round_trip();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->codec, Codec::raw);
  EXPECT_EQ(back->format, PixelFormat::i420);
  EXPECT_EQ(back->width, 4095);
  EXPECT_EQ(back->height, 2161);
  EXPECT_EQ(back->strips, 8);
  EXPECT_EQ(back->captured_us, -1234567890123);
  EXPECT_EQ(back->clock_id, 0xFEDCBA9876543210);
  EXPECT_EQ(back->encoded_after_us, 777u);
  EXPECT_EQ(as_text(back->metadata), "{\"pan\":3}");
}

TEST_F(DescriptorTest, LengthInFrontCountsWhatFollows) {
  const auto bytes = serialized();
  ByteReader in(bytes);
  EXPECT_EQ(in.u32(), bytes.size() - kDescriptorLengthBytes);
}

TEST_F(DescriptorTest, FieldsFitTheRoomThatIsPromised) {
  EXPECT_LE(serialized().size(), kDescriptorFieldsBytes);
}

TEST_F(DescriptorTest, LeavesOutWhatIsNotKnown) {
  d_.encoded_after_us = 0;
  const auto back = round_trip();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encoded_after_us, 0u);
  EXPECT_TRUE(back->metadata.empty());
}

TEST_F(DescriptorTest, CarriesMetadataUpToItsBoundAndNotAByteMore) {
  std::vector<uint8_t> metadata(kMaxMetadataBytes, 9);
  d_.metadata = metadata;
  ASSERT_TRUE(round_trip());
  EXPECT_EQ(round_trip()->metadata.size(), kMaxMetadataBytes);
  metadata.push_back(9);
  d_.metadata = metadata;
  EXPECT_FALSE(round_trip());
}

TEST_F(DescriptorTest, SkipsFieldsItDoesNotKnow) {
  for (int type : {0, 5, 77, 255}) {
    const auto parsed = parse_descriptor(with_field(static_cast<uint8_t>(type), 33));
    ASSERT_TRUE(parsed) << type;
    EXPECT_EQ(parsed->width, 4095);
  }
}

TEST_F(DescriptorTest, RefusesADescriptorOverItsBound) {
  EXPECT_TRUE(parse_descriptor(with_field(99, kMaxDescriptorBytes - 4 - serialized().size() + 4)));
  EXPECT_FALSE(parse_descriptor(with_field(99, kMaxDescriptorBytes - 4 - serialized().size() + 5)));
}

TEST_F(DescriptorTest, CutShortItIsRefusedUnlessAWholeFieldIsMissing) {
  d_.metadata = as_bytes("metadata");
  const auto whole = serialized();
  const Bytes bytes = Bytes(whole).subspan(kDescriptorLengthBytes);
  const size_t picture = 4 + 7, captured = picture + 4 + 16, encoded = captured + 4 + 4;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const bool complete_fields = size == captured || size == encoded;  // what follows may be left out
    EXPECT_EQ(parse_descriptor(bytes.first(size)).has_value(), complete_fields) << size;
  }
}

TEST_F(DescriptorTest, RefusesAPictureThatCannotBe) {
  const auto refused = [this](auto bend) {
    const Descriptor before = d_;
    bend(d_);
    const bool is_refused = !round_trip();
    d_ = before;
    return is_refused;
  };
  EXPECT_TRUE(refused([](Descriptor& d) { d.width = 0; }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.height = 0; }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.strips = 0; }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.codec = static_cast<Codec>(0); }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.codec = static_cast<Codec>(4); }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.format = static_cast<PixelFormat>(0); }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.format = static_cast<PixelFormat>(11); }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.captured_us = int64_t{1} << 50; }));
  EXPECT_TRUE(refused([](Descriptor& d) { d.captured_us = -(int64_t{1} << 50); }));
  EXPECT_FALSE(refused([](Descriptor& d) { d.captured_us = (int64_t{1} << 50) - 1; }));
}

TEST_F(DescriptorTest, RefusesAFieldOfTheWrongSize) {
  auto bytes = serialized();
  bytes[kDescriptorLengthBytes + 1] = 6;  // the picture's field, a byte short: the rest no longer lines up
  EXPECT_FALSE(parse_descriptor(Bytes(bytes).subspan(kDescriptorLengthBytes)));
}

}  // namespace
}  // namespace glimt::wire

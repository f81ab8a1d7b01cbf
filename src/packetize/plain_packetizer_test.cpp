// The packetizers of wires without sessions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packetize/packetizer.hpp"
#include "wire/countdown.hpp"
#include "wire/pickle.hpp"

namespace glimt::packetize {
namespace {

using testing::HasSubstr;

class PlainPacketizerTest : public testing::Test {
 protected:
  Ref<media::AccessUnit> unit(Codec codec, PixelFormat format, int width, int height, int strips = 1) {
    Ref<media::AccessUnit> made(new media::AccessUnit);
    made->info.codec = codec;
    made->info.format = format;
    made->info.width = width;
    made->info.height = height;
    made->info.strips = strips;
    return made;
  }
  media::Strip strip(size_t bytes, int index = 0) {
    Ref<media::Buffer> buffer(new media::Buffer);
    buffer->reserve(bytes);
    for (size_t i = 0; i < bytes; ++i) buffer->data()[i] = static_cast<uint8_t>(i * 7 + i / 251);
    return {buffer, {buffer->data(), bytes}, index};
  }
  static std::vector<uint8_t> datagram(const Symbol& symbol) {
    std::vector<uint8_t> all(symbol.descriptor_part.begin(), symbol.descriptor_part.end());
    all.insert(all.end(), symbol.strip_part.begin(), symbol.strip_part.end());
    return all;
  }
  static std::vector<uint8_t> stream(const SymbolUnit& unit) {
    std::vector<uint8_t> all;
    for (const auto& symbol : unit.symbols) {
      const auto part = datagram(symbol);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
  const std::unique_ptr<Packetizer> countdown = make_packetizer({wire::WireFormat::countdown, 0});
  const std::unique_ptr<Packetizer> pickle = make_packetizer({wire::WireFormat::pickle_q, 0});
};

TEST_F(PlainPacketizerTest, CountdownCountsDownToOneAndLosesNoByte) {
  const auto to = countdown->begin(unit(Codec::jpeg, PixelFormat::bgr24, 640, 480), true);
  const auto picture = strip(2 * wire::kCountdownSegmentBytes + 5);
  ASSERT_TRUE(countdown->add(*to, picture));
  EXPECT_TRUE(to->symbols.empty()) << "the first datagram says how many there are";
  ASSERT_TRUE(countdown->end(*to));
  ASSERT_EQ(to->symbols.size(), 3u);
  std::vector<uint8_t> joined;
  for (size_t i = 0; i < 3; ++i) {
    const auto sent = datagram(to->symbols[i]);
    EXPECT_EQ(sent[0], 3 - i);
    EXPECT_LE(sent.size(), 1 + wire::kCountdownSegmentBytes);
    joined.insert(joined.end(), sent.begin() + 1, sent.end());
  }
  EXPECT_EQ(joined, std::vector<uint8_t>(picture.bytes.begin(), picture.bytes.end()));
  EXPECT_TRUE(to->complete);
}

TEST_F(PlainPacketizerTest, CountdownPictureOfExactlyOneSegmentIsOneDatagram) {
  const auto to = countdown->begin(unit(Codec::jpeg, PixelFormat::bgr24, 640, 480), true);
  ASSERT_TRUE(countdown->add(*to, strip(wire::kCountdownSegmentBytes)));
  ASSERT_TRUE(countdown->end(*to));
  ASSERT_EQ(to->symbols.size(), 1u);
  EXPECT_EQ(datagram(to->symbols[0])[0], 1);
}

TEST_F(PlainPacketizerTest, CountdownJoinsStrips) {
  const auto to = countdown->begin(unit(Codec::jpeg, PixelFormat::bgr24, 640, 480, 2), true);
  const auto first = strip(100, 0), second = strip(50, 1);
  ASSERT_TRUE(countdown->add(*to, first));
  ASSERT_TRUE(countdown->add(*to, second));
  ASSERT_TRUE(countdown->end(*to));
  ASSERT_EQ(to->symbols.size(), 1u);
  std::vector<uint8_t> expected{1};
  for (const auto& s : {first, second}) expected.insert(expected.end(), s.bytes.begin(), s.bytes.end());
  EXPECT_EQ(datagram(to->symbols[0]), expected);
}

TEST_F(PlainPacketizerTest, CountdownRefusesWhatItCannotCountOrCarry) {
  const auto large = countdown->begin(unit(Codec::jpeg, PixelFormat::bgr24, 640, 480), true);
  ASSERT_TRUE(countdown->add(*large, strip(wire::kCountdownMaxPictureBytes + 1)));
  const auto ended = countdown->end(*large);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::exhausted);
  EXPECT_THAT(ended.error().message, HasSubstr("lower quality"));
  EXPECT_TRUE(large->abandoned);

  const auto raw = countdown->begin(unit(Codec::raw, PixelFormat::bgr24, 4, 4), false);
  const auto added = countdown->add(*raw, strip(48));
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("codec=jpeg"));
  EXPECT_TRUE(raw->abandoned);
}

TEST_F(PlainPacketizerTest, PickleIsLengthAndAnArrayThatReadsBack) {
  for (const auto& [format, channels] : {std::pair{PixelFormat::gray8, 1}, std::pair{PixelFormat::bgr24, 3},
                                         std::pair{PixelFormat::bgra32, 4}}) {
    const size_t pixels = 301u * 200u * static_cast<size_t>(channels);
    const auto to = pickle->begin(unit(Codec::raw, format, 301, 200), true);
    const auto picture = strip(pixels);
    ASSERT_TRUE(pickle->add(*to, picture));
    ASSERT_TRUE(pickle->end(*to));
    const auto sent = stream(*to);
    EXPECT_EQ(sent.size(), to->bytes);
    ByteReader reader(sent);
    ASSERT_EQ(reader.u64(), sent.size() - 8);
    std::vector<uint8_t> decoded;
    const auto read = wire::parse_pickle(reader.rest(), decoded);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->width, 301);
    EXPECT_EQ(read->height, 200);
    EXPECT_EQ(read->channels, channels);
    EXPECT_TRUE(
        std::equal(read->bytes.begin(), read->bytes.end(), picture.bytes.begin(), picture.bytes.end()));
  }
}

TEST_F(PlainPacketizerTest, PickleRefusesPlanesAndCodecs) {
  for (const auto& refused :
       {unit(Codec::raw, PixelFormat::i420, 4, 4), unit(Codec::jpeg, PixelFormat::bgr24, 4, 4)}) {
    const auto to = pickle->begin(refused, true);
    const auto added = pickle->add(*to, strip(24));
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, ErrorKind::unsupported);
    EXPECT_TRUE(to->abandoned);
    EXPECT_TRUE(pickle->end(*to));
    EXPECT_TRUE(to->symbols.empty());
  }
}

}  // namespace
}  // namespace glimt::packetize

#include "reassemble/prefixed_assembler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glimt::reassemble {
namespace {

using wire::LengthPrefix;
using Messages = std::vector<std::string>;

constexpr size_t kLimit = 1 << 20;

class PrefixedAssemblerTest : public ::testing::TestWithParam<LengthPrefix> {
 protected:
  std::vector<uint8_t> prefix(uint64_t length) const {
    std::vector<uint8_t> bytes(wire::length_bytes(GetParam()));
    ByteWriter out(bytes);
    bytes.size() == 8 ? out.u64(length) : out.u32(static_cast<uint32_t>(length));
    return bytes;
  }
  std::string framed(const std::string& content) const {
    return std::string(as_text(prefix(content.size()))) + content;
  }
  // False once the stream was refused.
  bool push(std::string_view text) {
    Bytes chunk = as_bytes(text);
    while (true) {
      auto message = assembler_.push(chunk);
      if (!message) {
        error_ = message.error();
        return false;
      }
      if (*message) {
        buffers_held_.push_back((*message)->buffer);
        messages_.emplace_back(as_text((*message)->bytes));
      }
      if (chunk.empty()) return true;
    }
  }
  bool announces(uint64_t length) { return push(as_text(prefix(length))); }

  media::BufferPool pool_{4};
  PrefixedAssembler assembler_{GetParam(), kLimit, pool_};
  Messages messages_;
  std::vector<Ref<media::Buffer>> buffers_held_;
  Error error_;
};

TEST_P(PrefixedAssemblerTest, GivesAMessageThatComesInOneChunk) {
  EXPECT_TRUE(push(framed("picture")));
  EXPECT_EQ(messages_, Messages{"picture"});
  EXPECT_FALSE(assembler_.is_within_message());
}

TEST_P(PrefixedAssemblerTest, GivesAllMessagesOfOneChunkInTheirOrder) {
  std::string fourth = framed("fourth");
  fourth.pop_back();
  EXPECT_TRUE(push(framed("one") + framed("t") + framed("three") + fourth));
  EXPECT_EQ(messages_, (Messages{"one", "t", "three"})) << "and the fourth goes on";
  EXPECT_TRUE(assembler_.is_within_message());
}

TEST_P(PrefixedAssemblerTest, GivesTheSameMessagesFromSingleBytes) {
  for (const char c : framed("one") + framed(std::string(5000, 'x')) + framed("three"))
    EXPECT_TRUE(push({&c, 1}));
  EXPECT_EQ(messages_, (Messages{"one", std::string(5000, 'x'), "three"}));
}

TEST_P(PrefixedAssemblerTest, KnowsThatAPrefixHasBegun) {
  EXPECT_TRUE(push(framed("a").substr(0, 1)));
  EXPECT_TRUE(assembler_.is_within_message());
}

TEST_P(PrefixedAssemblerTest, TakesNothingFromAnEmptyChunk) {
  EXPECT_TRUE(push(""));
  EXPECT_TRUE(push(framed("a")));
  EXPECT_TRUE(push(""));
  EXPECT_EQ(messages_, Messages{"a"});
}

TEST_P(PrefixedAssemblerTest, EachMessageKeepsItsBytesWhileOthersCome) {
  push(framed("first"));
  Bytes chunk;
  const std::string second = framed("second");
  chunk = as_bytes(second);
  const auto message = assembler_.push(chunk);
  ASSERT_TRUE(message && *message);
  push(framed("thirdthird"));
  EXPECT_EQ(as_text((*message)->bytes), "second");
}

TEST_P(PrefixedAssemblerTest, TakesALengthUpToItsLimitAndNotAByteMore) {
  EXPECT_TRUE(push(framed(std::string(kLimit, 'x'))));
  EXPECT_EQ(messages_.size(), 1u);
  EXPECT_FALSE(announces(kLimit + 1));
  EXPECT_EQ(error_.kind, ErrorKind::exhausted);
  EXPECT_THAT(error_.message, ::testing::HasSubstr("max_frame"));
}

TEST_P(PrefixedAssemblerTest, RefusesALengthOfNothing) {
  EXPECT_FALSE(announces(0));
  EXPECT_EQ(error_.kind, ErrorKind::malformed);
}

TEST_P(PrefixedAssemblerTest, StaysRefusedWhateverComesThen) {
  EXPECT_FALSE(announces(0));
  EXPECT_FALSE(push(framed("fine")));
  EXPECT_TRUE(messages_.empty());
}

TEST_P(PrefixedAssemblerTest, WhatIsOnlyAnnouncedTakesNoMemory) {
  media::BufferPool pool(1);
  const auto announced = prefix(size_t{1} << 30);
  const std::vector<uint8_t> thousand(1000);
  {
    PrefixedAssembler assembler(GetParam(), size_t{1} << 30, pool);
    for (Bytes chunk : {Bytes(announced), Bytes(thousand), Bytes(thousand), Bytes(thousand)})
      ASSERT_TRUE(assembler.push(chunk));
  }
  EXPECT_LE(pool.take()->capacity(), 8192u) << "twice the 3000 bytes that came, and a little";
}

std::string name_of(LengthPrefix prefix) { return prefix == LengthPrefix::q ? "Q" : "i"; }
INSTANTIATE_TEST_SUITE_P(Prefix, PrefixedAssemblerTest, ::testing::Values(LengthPrefix::q, LengthPrefix::i),
                         [](const auto& prefix) { return name_of(prefix.param); });

TEST(PrefixedAssemblerLengthTest, RefusesWhatNoMemoryHolds) {
  struct Row {
    LengthPrefix prefix;
    std::vector<uint8_t> bytes;
    ErrorKind kind;
  };
  const Row rows[] = {
      {LengthPrefix::q, {0, 0, 0, 0, 0, 0, 0, 0x80}, ErrorKind::exhausted},               // 2^63
      {LengthPrefix::q, {255, 255, 255, 255, 255, 255, 255, 255}, ErrorKind::exhausted},  // 2^64 - 1
      {LengthPrefix::i, {255, 255, 255, 0x7F}, ErrorKind::exhausted},                     // 2^31 - 1
      {LengthPrefix::i, {255, 255, 255, 255}, ErrorKind::malformed},                      // -1
      {LengthPrefix::i, {0, 0, 0, 0x80}, ErrorKind::malformed},                           // -2^31
  };
  for (const auto& row : rows) {
    media::BufferPool pool(1);
    PrefixedAssembler assembler(row.prefix, kLimit, pool);
    Bytes chunk = row.bytes;
    const auto message = assembler.push(chunk);
    ASSERT_FALSE(message) << row.bytes.size();
    EXPECT_EQ(message.error().kind, row.kind);
    EXPECT_EQ(pool.take()->capacity(), 0u);
  }
}

}  // namespace
}  // namespace glimt::reassemble

#include "wire/archive_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::wire {
namespace {

using ::testing::HasSubstr;

constexpr std::array<uint8_t, 3> kBytes{1, 2, 3};

// What an end reads of what the other has written; `following` is what stands behind it on the wire. Views hold until the
// next call.
std::optional<ArchiveMessage> read_back(const ArchiveMessage& message, Bytes following = {}) {
  static std::vector<uint8_t> bytes;
  bytes = serialize(message);
  bytes.insert(bytes.end(), following.begin(), following.end());
  EXPECT_EQ(ByteReader(bytes).u32(), bytes.size() - kArchiveLengthBytes);
  return parse_archive_message(Bytes(bytes).subspan(kArchiveLengthBytes));
}

template <class T>
T same(const T& message, Bytes following = {}) {
  const auto back = read_back(message, following);
  EXPECT_TRUE(back && std::holds_alternative<T>(*back));
  return back && std::holds_alternative<T>(*back) ? std::get<T>(*back) : T{};
}

std::vector<ArchiveMessage> one_of_each() {
  return {ArchiveList{},
          ArchivePlay{.name = "a.mp4"},
          ArchiveFetch{.name = "a.mp4", .offset = 7},
          ArchiveEntry{.name = "a.mp4"},
          ArchivePicture{Codec::raw, PixelFormat::gray8, 3, 1, 0, kBytes},
          ArchiveFile{10, 20, 30, 5},
          ArchiveRun{4, kBytes},
          ArchiveEnd{3},
          ArchiveFailure{ErrorKind::exhausted, "busy"},
          ArchiveAlive{}};
}

std::vector<uint8_t> body_of(const ArchiveMessage& message) {
  auto bytes = serialize(message);
  const bool carries =
      std::holds_alternative<ArchivePicture>(message) || std::holds_alternative<ArchiveRun>(message);
  if (carries) bytes.insert(bytes.end(), kBytes.begin(), kBytes.end());
  return {bytes.begin() + kArchiveLengthBytes, bytes.end()};
}

TEST(ArchiveMessages, RequestsComeBackAsTheyWere) {
  const auto play =
      same(ArchivePlay{ArchiveKind::still, "über einen.png", 12'000'000, 5, true, Codec::raw, 42});
  EXPECT_EQ(play.kind, ArchiveKind::still);
  EXPECT_EQ(play.name, "über einen.png");
  EXPECT_EQ(play.from_us, 12'000'000u);
  EXPECT_EQ(play.skip, 5u);
  EXPECT_TRUE(play.fast);
  EXPECT_EQ(play.codec, Codec::raw);
  EXPECT_EQ(play.quality, 42);
  EXPECT_EQ(same(ArchiveFetch{ArchiveKind::clip, "x.avi", uint64_t{1} << 40}).offset, uint64_t{1} << 40);
  same(ArchiveList{});
}

TEST(ArchiveMessages, AnswersComeBackAsTheyWere) {
  const auto entry = same(ArchiveEntry{ArchiveKind::clip, "x.avi", 1234, 640, 480, 29'970, 300});
  EXPECT_EQ(entry.name, "x.avi");
  EXPECT_EQ(entry.file_bytes, 1234u);
  EXPECT_EQ(entry.width, 640u);
  EXPECT_EQ(entry.millihertz, 29'970u);
  EXPECT_EQ(entry.frames, 300u);
  const auto picture = same(ArchivePicture{Codec::raw, PixelFormat::gray8, 3, 1, 99, kBytes}, kBytes);
  EXPECT_EQ(picture.number, 99u);
  EXPECT_TRUE(std::ranges::equal(picture.bytes, kBytes));
  const auto file = same(ArchiveFile{100, -5, 0xDEADBEEF, 50});
  EXPECT_EQ(file.modified_ns, -5);
  EXPECT_EQ(file.fingerprint, 0xDEADBEEF);
  EXPECT_EQ(same(ArchiveRun{50, kBytes}, kBytes).bytes.size(), 3u);
  EXPECT_EQ(same(ArchiveEnd{7}).count, 7u);
  EXPECT_EQ(same(ArchiveFailure{ErrorKind::exhausted, "busy"}).text, "busy");
  same(ArchiveAlive{});
}

TEST(ArchiveMessages, WhatIsCutOrGoesOnIsRefused) {
  for (const auto& message : one_of_each()) {
    const auto whole = body_of(message);
    ASSERT_TRUE(parse_archive_message(whole)) << whole[0];
    const bool ends_open = message.index() == 1 || message.index() == 2 || message.index() == 3 ||
                           message.index() == 4 || message.index() == 6 || message.index() == 8;
    for (size_t n = 0; n < whole.size(); ++n) {
      if (ends_open && n + 5 > whole.size()) continue;  // a shorter text is a text
      EXPECT_FALSE(parse_archive_message(Bytes(whole).first(n))) << message.index() << " " << n;
    }
    auto longer = whole;
    longer.push_back('x');
    EXPECT_EQ(parse_archive_message(longer).has_value(), ends_open) << message.index();
  }
}

TEST(ArchiveMessages, FieldsBeyondTheirBoundsAreRefused) {
  const auto changed = [](const ArchiveMessage& message, size_t at, uint8_t value) {
    auto body = body_of(message);
    body.at(at) = value;
    return parse_archive_message(body).has_value();
  };
  EXPECT_FALSE(changed(ArchiveList{}, 0, 0));
  EXPECT_FALSE(changed(ArchiveList{}, 0, 200));
  EXPECT_FALSE(changed(ArchivePlay{.name = "a.mp4"}, 1, 3));     // kind
  EXPECT_FALSE(changed(ArchivePlay{.name = "a.mp4"}, 2, 2));     // flags
  EXPECT_FALSE(changed(ArchivePlay{.name = "a.mp4"}, 4, 101));   // quality
  EXPECT_FALSE(changed(ArchivePlay{.name = "a.mp4"}, 12, 255));  // from
  EXPECT_FALSE(read_back(ArchivePicture{Codec::raw, PixelFormat::gray8, 0, 1, 0, kBytes}, kBytes));
  EXPECT_FALSE(read_back(ArchivePicture{Codec::raw, PixelFormat::gray8, 65501, 1, 0, kBytes}, kBytes));
  EXPECT_FALSE(read_back(ArchiveFile{10, 0, 0, 11}));
  const std::vector<uint8_t> long_run(kMaxArchiveRunBytes + 1);
  EXPECT_FALSE(read_back(ArchiveRun{0, long_run}, long_run));
}

TEST(ArchiveMessages, NamesStayInTheFolderAndOffTheTerminal) {
  for (const char* good : {"a.mp4", "with space.png", "ü.png", "a..b.avi", "-x.mp4"})
    EXPECT_TRUE(is_archive_name(good));
  for (const char* bad : {"", ".", "..", ".hidden.mp4", "a/b.mp4", "/etc/passwd", "../x.mp4", "a\nb.mp4",
                          "\x1b[2J.png", "c1\xc2\x9b.png", "\x7f.png"}) {
    EXPECT_FALSE(is_archive_name(bad)) << bad;
    EXPECT_FALSE(read_back(ArchivePlay{.name = bad}));
    EXPECT_FALSE(read_back(ArchiveEntry{.name = bad}));
  }
  EXPECT_TRUE(is_archive_name(std::string(255, 'a')));
  EXPECT_FALSE(is_archive_name(std::string(256, 'a')));
  EXPECT_FALSE(is_archive_name(std::string_view("a\0.mp4", 6)));
}

TEST(ArchiveMessages, TextOfAServerCannotWriteOnTheTerminal) {
  EXPECT_EQ(same(ArchiveFailure{ErrorKind::internal, "a\x1b[31mb\n\xc2\x9bü"}).text, "a[31mbü");
  EXPECT_EQ(same(ArchiveFailure{ErrorKind::internal, std::string(5000, 'x')}).text.size(),
            kMaxArchiveTextBytes);
}

TEST(ArchiveMessages, StrangersAreKnownByTheirFirstBytes) {
  const auto guess = [](std::string_view text) { return std::string(guess_speaker(as_bytes(text))); };
  EXPECT_THAT(guess("GET / HTTP/1.1\r\n"), HasSubstr("HTTP"));
  EXPECT_THAT(guess("HTTP/1.0 400 Bad"), HasSubstr("HTTP"));
  EXPECT_THAT(guess("get_image"), HasSubstr("Python"));
  EXPECT_THAT(guess(std::string_view("\x98\0\0\0\x04\x01\0\0", 8)), HasSubstr("live stream"));
  EXPECT_THAT(guess("GLIMTAR\x02"), HasSubstr("glimt serve"));
  EXPECT_THAT(guess(std::string_view("\0\0\x10\0\x80\x04", 6)), HasSubstr("Python"));
  EXPECT_EQ(guess(""), "");
  EXPECT_EQ(guess("whatever"), "");
}

}  // namespace
}  // namespace glimt::wire

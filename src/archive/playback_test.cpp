#include "archive/playback.hpp"

#include <gtest/gtest.h>

#include <string>

namespace glimt::archive {
namespace {

Piece piece(const std::string& text) { return {{text.begin(), text.end()}, {}, {}, {}}; }

std::string text_of(const Gather& gather) {
  std::string text;
  for (size_t i = 0; i < gather.count; ++i) text += as_text(gather.parts[i]);
  return text;
}

TEST(Piece, IsSentInSlicesThatCrossItsParts) {
  const std::string body = "body";
  Piece p = piece("head");
  p.body = as_bytes(body);
  p.tail = {'t', 'a', 'i', 'l'};
  ASSERT_EQ(p.size(), 12u);
  std::string sent;
  for (size_t at = 0; at < p.size(); at += 5) {
    const Gather run = p.slice(at, 5);
    EXPECT_EQ(run.bytes, std::min<size_t>(5, p.size() - at));
    sent += text_of(run);
  }
  EXPECT_EQ(sent, "headbodytail");
  EXPECT_EQ(p.slice(p.size(), 5).bytes, 0u);
}

// What a playback calls when there is something new.
class Changes {
 public:
  void raise() {
    MutexLock lock(m_);
    ++count_;
    changed_.notify_all();
  }
  // Until the condition holds; false after ten seconds.
  bool until(const std::function<bool()>& holds) {
    const Instant deadline = now() + std::chrono::seconds(10);
    while (!holds()) {
      MutexLock lock(m_);
      if (now() > deadline) return false;
      changed_.wait_until(m_, now() + std::chrono::milliseconds(20));
    }
    return true;
  }

 private:
  Mutex m_;
  Condition changed_;
  int count_ GLIMT_GUARDED_BY(m_) = 0;
};

TEST(Playback, HandsItsPiecesOnInOrderAndIsDone) {
  Changes changes;
  Playback playback(
      [](Playback& out) {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(out.put(piece(std::to_string(i))));
      },
      [&] { changes.raise(); });
  for (int i = 0; i < 20; ++i) {
    std::optional<Piece> taken;
    ASSERT_TRUE(changes.until([&] { return (taken = playback.take()).has_value(); }));
    EXPECT_EQ(text_of(taken->slice(0, 100)), std::to_string(i));
  }
  EXPECT_TRUE(changes.until([&] { return playback.done(); }));
  EXPECT_FALSE(playback.failed());
}

TEST(Playback, WaitsForItsReaderAndEndsWhenItIsNotWanted) {
  Changes changes;
  std::atomic<int> put{0};
  Playback playback(
      [&](Playback& out) {
        while (out.put(piece("x"))) ++put;
      },
      [&] { changes.raise(); });
  EXPECT_TRUE(changes.until([&] { return put == static_cast<int>(Playback::kMaxPieces); }));
  EXPECT_FALSE(playback.done());
  playback.abandon();
  EXPECT_TRUE(changes.until([&] { return playback.done(); }));
  EXPECT_EQ(put, static_cast<int>(Playback::kMaxPieces));
}

TEST(Playback, AWorkThatThrowsHasFailedAndHarmsNobody) {
  Changes changes;
  Playback playback([](Playback&) { throw std::runtime_error("a broken decoder"); },
                    [&] { changes.raise(); });
  EXPECT_TRUE(changes.until([&] { return playback.done(); }));
  EXPECT_TRUE(playback.failed());
}

}  // namespace
}  // namespace glimt::archive

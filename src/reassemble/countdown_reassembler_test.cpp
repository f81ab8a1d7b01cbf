#include "reassemble/countdown_reassembler.hpp"

#include <gmock/gmock.h>

#include "support/countdown.hpp"

namespace glimt::reassemble {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Counters = CountdownReassembler::Counters;

constexpr size_t kSegment = 40;
constexpr auto kInterval = 33ms;

// Pictures are letters; a segment is told by its counter and its picture: "3A".
class CountdownReassemblerTest : public testing::Test {
 protected:
  static std::string picture(char name, size_t segments = 3) {
    return test::make_marker_jpeg(segments * kSegment - 5, name);
  }
  static std::string datagram(int left, char name, int segments = 3) {
    const auto all = test::cut_for_countdown(picture(name, static_cast<size_t>(segments)), kSegment);
    return all[static_cast<size_t>(segments - left)];
  }

  void push(const std::string& bytes) {
    const auto got = reassembler_.push({as_bytes(bytes), {from_}, now_, kernel_drops_, granted_});
    settle();
    if (got) whole_.emplace_back(as_text(got->bytes()));
    newest_ = got;
  }
  void settle() {
    if (const auto got = reassembler_.settled(now_)) whole_.emplace_back(as_text(got->bytes()));
  }
  void push_all(const std::string& names, int segments = 3) {
    for (size_t i = 0; i + 1 < names.size(); i += 3) {
      push(datagram(names[i] - '0', names[i + 1], segments));
      now_ += 1ms;
    }
  }
  void push_picture(char name, int segments = 3) {
    for (int left = segments; left > 0; --left) push(datagram(left, name, segments));
  }
  void wait(Duration time) { now_ += time; }
  const Counters& counters() const { return reassembler_.counters(); }

  CountdownReassembler reassembler_{{}};
  uint8_t from_ = 1;
  uint64_t kernel_drops_ = 0;
  Duration granted_ = Duration::max();
  Instant now_{1000s};
  std::vector<std::string> whole_;
  std::optional<CountdownReassembler::Picture> newest_;
};

TEST_F(CountdownReassemblerTest, PutsSegmentsTogether) {
  for (const int segments : {1, 2, 3, 255}) {
    whole_.clear();
    push_picture('A', segments);
    EXPECT_THAT(whole_, ElementsAre(picture('A', static_cast<size_t>(segments))));
  }
  EXPECT_EQ(counters().whole, 4u);
  EXPECT_EQ(counters().lost + counters().late + counters().repeated + counters().refused, 0u);
}

TEST_F(CountdownReassemblerTest, SaysWhatThePictureIsAndWhenItBegan) {
  const Instant began = now_;
  push_all("3A 2A 1A");
  ASSERT_TRUE(newest_);
  EXPECT_EQ(newest_->layout.width, 33);
  EXPECT_EQ(newest_->layout.height, 17);
  EXPECT_EQ(newest_->first_at, began);
}

TEST_F(CountdownReassemblerTest, BeginsWithTheNextBeginningWhereItJoinsInTheMiddle) {
  push_all("2A 1A 3B 2B 1B");
  EXPECT_THAT(whole_, ElementsAre(picture('B')));
  EXPECT_EQ(counters().stray, 2u);
  EXPECT_EQ(counters().lost, 0u);
}

struct Disorder {
  std::string what, datagrams;
  std::string shown;  // of A to E
  Counters counted;
};

class CountdownDisorder : public CountdownReassemblerTest, public testing::WithParamInterface<Disorder> {};

TEST_P(CountdownDisorder, NeverGivesATornPictureAndIsRightAgainWithTheNext) {
  push_picture('Z');
  whole_.clear();
  push_all(GetParam().datagrams);
  std::string shown;
  for (const auto& jpeg : whole_) {
    shown += jpeg[jpeg.size() - 3];
    EXPECT_EQ(jpeg, picture(shown.back()));
  }
  EXPECT_EQ(shown, GetParam().shown);
  const auto& counted = GetParam().counted;
  EXPECT_EQ(counters().lost, counted.lost);
  EXPECT_EQ(counters().late, counted.late);
  EXPECT_EQ(counters().repeated, counted.repeated);
  EXPECT_EQ(counters().refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, CountdownDisorder,
    testing::Values(Disorder{"middle_lost", "3A 1A 3B 2B 1B", "B", {.lost = 1}},
                    Disorder{"end_lost", "3A 2A 3B 2B 1B", "B", {.lost = 1}},
                    Disorder{"beginning_lost", "2A 1A 3B 2B 1B", "B", {.lost = 1}},
                    Disorder{"end_and_beginning_lost", "3A 2A 2B 1B 3C 2C 1C", "C", {.lost = 2}},
                    Disorder{"two_beginnings_lost", "2A 1A 2B 1B 3C 2C 1C", "C", {.lost = 2}},
                    Disorder{"beginning_repeated", "3A 3A 2A 1A", "A", {.repeated = 1}},
                    Disorder{"middle_repeated", "3A 2A 2A 1A 3B 2B 1B", "B", {.repeated = 1}},
                    Disorder{"end_repeated", "3A 2A 1A 1A 3B 2B 1B", "AB", {.repeated = 1}},
                    Disorder{"swapped", "3A 1A 2A 3B 2B 1B", "B", {.lost = 1, .late = 1}},
                    Disorder{"end_late", "3A 2A 3B 1A 2B 1B 3C 2C 1C", "C", {.lost = 2, .late = 1}}),
    [](const auto& row) { return row.param.what; });

TEST_F(CountdownReassemblerTest, DropsAPictureBetweenWhoseSegmentsTheKernelDropped) {
  push_all("3A 2A");
  kernel_drops_ = 3;  // 1A 3B 2B
  push_all("1B");
  EXPECT_THAT(whole_, IsEmpty());
  EXPECT_EQ(counters().lost, 1u);
  push_all("3C 2C 1C");
  EXPECT_THAT(whole_, ElementsAre(picture('C')));
}

TEST_F(CountdownReassemblerTest, DropsAPictureWhoseEndComesAPictureLaterOverANetwork) {
  granted_ = std::chrono::milliseconds(2);
  for (int i = 0; i < 3; ++i) {
    push_picture('A');
    wait(kInterval);
  }
  push_all("3B");
  wait(kInterval);
  push_all("2C 1C");
  EXPECT_EQ(whole_.size(), 3u);
  EXPECT_EQ(counters().lost, 1u);
  wait(kInterval);
  push_picture('D');
  wait(5ms);
  settle();
  EXPECT_EQ(whole_.back(), picture('D'));
}

TEST_F(CountdownReassemblerTest, AnEndThatComesAgainDoesNotEndTheNextPicture) {
  granted_ = std::chrono::milliseconds(10);
  push_all("3A 2A 1A 3B 2B");
  push(datagram(1, 'A'));
  push(datagram(1, 'B'));
  EXPECT_THAT(whole_, ElementsAre(picture('A')));
  EXPECT_EQ(counters().lost, 1u);
  push_all("3C 2C 1C");
  EXPECT_THAT(whole_, ElementsAre(picture('A'), picture('C')));
}

TEST_F(CountdownReassemblerTest, AnEndThatComesOneTooLateDoesNotEndTheNextPicture) {
  granted_ = std::chrono::milliseconds(10);
  push_all("3A 2A 3B 2B");
  push(datagram(1, 'A'));
  push(datagram(1, 'B'));
  EXPECT_THAT(whole_, IsEmpty());
  EXPECT_EQ(counters().lost, 2u);
  push_all("3C 2C 1C");
  EXPECT_THAT(whole_, ElementsAre(picture('C')));
}

TEST_F(CountdownReassemblerTest, WhatIsHeldInDoubtIsShownWithTheNextBeginningOrSoonAfter) {
  granted_ = std::chrono::milliseconds(10);
  push_all("3A 2A 3B 2B 1B");
  EXPECT_THAT(whole_, IsEmpty());
  EXPECT_EQ(reassembler_.next_settled(), now_ - 1ms + 5ms);
  push_all("3C");
  EXPECT_THAT(whole_, ElementsAre(picture('B')));
  push_all("2C");
  push_all("3D 2D 1D");  // 1C is missing
  wait(5ms);
  settle();
  EXPECT_THAT(whole_, ElementsAre(picture('B'), picture('D')));
  EXPECT_EQ(reassembler_.next_settled(), Instant::max());
}

TEST_F(CountdownReassemblerTest, AStillPictureIsNeverInDoubt) {
  granted_ = std::chrono::milliseconds(10);
  for (int i = 0; i < 5; ++i) {
    push_picture('A');
    wait(kInterval);
  }
  EXPECT_EQ(whole_.size(), 5u);
}

TEST_F(CountdownReassemblerTest, ASlowLinkMayTakeAllTheTimeBetweenTwoPictures) {
  granted_ = std::chrono::milliseconds(2);
  for (int i = 0; i < 20; ++i) {
    for (int left = 2; left > 0; --left) {
      push(datagram(left, 'A', 2));
      wait(kInterval / 2);
    }
  }
  EXPECT_EQ(counters().whole, 19u) << "of the first no rhythm is known";
}

TEST_F(CountdownReassemblerTest, PicturesThatANetworkHeldUpDoNotMakeLaterOnesLookSlow) {
  granted_ = std::chrono::milliseconds(2);
  for (int i = 0; i < 10; ++i) push_picture('A');  // all at once
  for (int i = 0; i < 10; ++i) {
    push_all("3B 2B 1B");
    wait(kInterval);
  }
  EXPECT_EQ(counters().whole, 20u);
}

TEST_F(CountdownReassemblerTest, OnOneMachineASenderMayPauseInTheMiddleOfAPicture) {
  for (int i = 0; i < 3; ++i) {
    push_picture('A');
    wait(kInterval);
  }
  push_all("3B");
  wait(5s);  // it was stopped
  push_all("2B 1B");
  EXPECT_EQ(whole_.back(), picture('B'));
}

TEST_F(CountdownReassemblerTest, AnotherSendersDatagramsDoNotDisturb) {
  push_all("3A 2A");
  from_ = 2;
  push_all("1B 3C");
  from_ = 1;
  push_all("1A");
  EXPECT_THAT(whole_, ElementsAre(picture('A')));
  EXPECT_EQ(counters().stray, 2u);
}

TEST_F(CountdownReassemblerTest, FollowsANewcomerWhereTheFormerHasBeenSilentForASecond) {
  push_all("3A 2A");
  const Instant silent_since = now_ - 1ms;
  from_ = 2;
  now_ = silent_since + 999ms;
  push_picture('B');
  EXPECT_THAT(whole_, IsEmpty());
  now_ = silent_since + 1s;
  push_picture('C');
  EXPECT_THAT(whole_, ElementsAre(picture('C')));
  EXPECT_EQ(counters().lost, 1u);
  EXPECT_EQ(counters().stray, 3u);
}

TEST_F(CountdownReassemblerTest, NoiseDoesNotKeepASenderFromBeingFollowed) {
  from_ = 2;
  for (const char* noise : {"", "\x01", "GET / HTTP/1.1\r\n"}) push(noise);
  from_ = 1;
  push_picture('A');
  EXPECT_THAT(whole_, ElementsAre(picture('A')));
}

TEST_F(CountdownReassemblerTest, RefusesWhatBreaksTheFormatAndTheNextPictureStands) {
  const std::string a = picture('A');
  const std::string cut = a.substr(0, a.size() - 2);
  const std::vector<std::vector<std::string>> broken = {
      {datagram(3, 'A'), ""},
      {datagram(3, 'A'), std::string(1, '\2')},
      {datagram(3, 'A'), std::string("\0x", 2)},
      {datagram(3, 'A'), datagram(2, 'A').substr(0, kSegment)},  // shorter in the middle
      {datagram(3, 'A'), datagram(2, 'A') + "x"},                // longer in the middle
      {datagram(2, 'A', 2), datagram(1, 'A', 2) + "longer than the first"},
      {'\1' + cut},            // no EOI
      {'\1' + a + '\0'},       // bytes behind EOI
      {'\1' + a + a},          // two
      {"\1\xFF\xD8\xFF\xD9"},  // no picture
      {'\1' + std::string(wire::kCountdownSegmentBytes + 1, 'x')},
  };
  for (const auto& datagrams : broken) {
    push_picture('Z');
    whole_.clear();
    const auto refused = counters().refused;
    for (const auto& d : datagrams) push(d);
    EXPECT_THAT(whole_, IsEmpty());
    EXPECT_EQ(counters().refused, refused + 1) << testing::PrintToString(datagrams.back());
    push_picture('B');
    EXPECT_THAT(whole_, ElementsAre(picture('B')));
  }
}

TEST_F(CountdownReassemblerTest, RefusesAPictureAboveTheLimitWithItsFirstDatagram) {
  CountdownReassembler small({.max_picture_bytes = 3 * kSegment - 5});
  const auto push_to = [&](int segments) {
    bool whole = false;
    for (const auto& d : test::cut_for_countdown(picture('A', static_cast<size_t>(segments)), kSegment))
      whole = small.push({as_bytes(d), {1}, now_}).has_value();
    return whole;
  };
  EXPECT_FALSE(push_to(4));
  EXPECT_EQ(small.counters().refused, 1u);
  EXPECT_EQ(small.counters().lost, 0u);
  EXPECT_TRUE(push_to(3));
}

TEST_F(CountdownReassemblerTest, TakesMemoryAsSegmentsCome) {
  std::string first = '\xFF' + test::make_marker_jpeg(wire::kCountdownSegmentBytes, 'A');
  push(first);
  EXPECT_THAT(whole_, IsEmpty());
  push_picture('B');
  EXPECT_LT(newest_->buffer->capacity(), 3 * wire::kCountdownSegmentBytes);
}

TEST_F(CountdownReassemblerTest, EveryTruncationOfADatagramIsSurvived) {
  for (int left = 3; left > 0; --left) {
    const std::string whole = datagram(left, 'A');
    for (size_t size = 0; size < whole.size(); ++size) {
      for (int before = 3; before > left; --before) push(datagram(before, 'A'));
      push(whole.substr(0, size));
      for (int after = left - 1; after > 0; --after) push(datagram(after, 'A'));
    }
  }
  EXPECT_THAT(whole_, IsEmpty());
  push_picture('B');
  EXPECT_THAT(whole_, ElementsAre(picture('B')));
}

}  // namespace
}  // namespace glimt::reassemble

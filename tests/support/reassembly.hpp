// Reassembly: a fixture that delivers packets of numbered frames to a Reassembler, in virtual time, and holds
// everything that comes out of it against what went in.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reassemble/reassembler.hpp"
#include "support/frame_packets.hpp"

namespace glimt::test {

using namespace std::chrono_literals;
using Numbers = std::vector<uint32_t>;
using Lines = std::vector<std::string>;

// Remembers what happened; fails the test where the bytes are not those that were sent or the order is none.
class RecordingOutput final : public reassemble::Reassembler::Output {
 public:
  explicit RecordingOutput(const std::map<uint32_t, FramePackets>& sent) : sent_(sent) {}

  void begin(const Ref<media::AccessUnit>& unit) override {
    EXPECT_TRUE(open_.try_emplace(number(unit)).second) << "begun twice: " << number(unit);
    events.push_back("begin " + std::to_string(number(unit)));
    last_info = unit->info;
  }
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override {
    ASSERT_TRUE(open_.contains(number(unit)));
    const auto index = static_cast<size_t>(strip.index);
    const std::string& sent = sent_.at(number(unit)).strips().at(index);
    EXPECT_EQ(as_text(strip.bytes), strip.headers_only ? sent.substr(0, strip.bytes.size()) : sent);
    EXPECT_TRUE(open_[number(unit)].try_emplace(index, strip).second) << "strip twice";
    events.push_back((strip.headers_only ? "headers " : "strip ") + std::to_string(number(unit)) + "/" +
                     std::to_string(index));
  }
  void end(const Ref<media::AccessUnit>& unit) override {
    ASSERT_TRUE(open_.contains(number(unit)));
    const auto& strips = sent_.at(number(unit)).strips();
    std::string missing;
    for (size_t i = 0; i < strips.size(); ++i) {
      const auto came = open_[number(unit)].find(i);
      const bool whole = came != open_[number(unit)].end() && !came->second.headers_only;
      EXPECT_NE(unit->info.missing[i], whole);
      if (!whole) missing += " " + std::to_string(i);
      EXPECT_EQ(whole ? as_text(came->second.bytes) : strips[i], strips[i]);
    }
    open_.erase(number(unit));
    released.push_back(number(unit));
    events.push_back("end " + std::to_string(number(unit)) + (missing.empty() ? "" : " without" + missing));
    last_info = unit->info;
  }
  void abandon(const Ref<media::AccessUnit>& unit) override {
    EXPECT_EQ(open_.erase(number(unit)), 1u) << "abandoned without begin";
    events.push_back("abandon " + std::to_string(number(unit)));
  }
  void fate(const wire::FrameFate& fate) override {
    static const char* const kNames[] = {"", "complete ", "late ", "failed "};
    const auto kind = static_cast<size_t>(fate.fate);
    fates.push_back(kNames[kind] + std::to_string(fate.frame.value()));
    spread_16us = fate.spread_16us;
    EXPECT_TRUE(has_fate_.try_emplace(fate.frame.value(), true).second) << "two fates: " << fates.back();
  }
  bool has_open() const { return !open_.empty(); }
  // Strips that were handed on and whose frame has neither ended nor been abandoned.
  std::string open_strip(uint32_t frame, size_t index) {
    return std::string(as_text(open_.at(frame).at(index).bytes));
  }

  Lines events, fates;
  Numbers released;
  media::UnitInfo last_info;
  uint16_t spread_16us = 0;

 private:
  static uint32_t number(const Ref<media::AccessUnit>& unit) { return unit->info.number.value(); }

  const std::map<uint32_t, FramePackets>& sent_;
  std::map<uint32_t, std::map<size_t, media::Strip>> open_;
  std::map<uint32_t, bool> has_fate_;
};

class ReassemblyTest : public ::testing::Test {
 protected:
  ReassemblyTest() {
    options_.limits = {64, 64 * 1024, 1 << 20};
    options_.latency = 40ms;
  }

  // A frame captured now. Without sizes: one strip in three packets.
  FramePackets& frame(uint32_t number, const std::vector<size_t>& strip_bytes = {130},
                      FramePackets::Options options = {}) {
    std::vector<std::string> strips;
    for (const size_t size : strip_bytes) {
      std::string bytes(size, '\0');
      for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(number * 31 + strips.size() * 17 + i * 7 + i / 64);
      strips.push_back(std::move(bytes));
    }
    options.captured_at = now_;
    return frames_.insert_or_assign(number, FramePackets(number, strips, options)).first->second;
  }

  // The packets of a frame, all of them where none are named. A frame that was not made yet is made now.
  void deliver(uint32_t number, const std::vector<size_t>& packets) {
    if (!frames_.contains(number)) frame(number);
    for (const size_t i : packets) push(frames_.at(number).packet(i, now_));
  }
  void deliver(uint32_t number) {
    if (!frames_.contains(number)) frame(number);
    for (size_t i = 0; i < frames_.at(number).size(); ++i) deliver(number, {i});
  }
  void push(wire::DataPacket packet) {
    packet.header.number = ++number_;
    reassembler().push(packet, now_, output_);
  }
  void push(wire::ParityPacket packet) {
    packet.header.number = ++number_;
    reassembler().push(packet, now_, output_);
  }
  // Packets of the numbers that come next do not come.
  void lose(uint64_t packets) { number_ += packets; }
  // What is asked for, since the last call.
  std::vector<wire::Deficit> deficits() {
    std::vector<wire::Deficit> all;
    while (const auto deficit = reassembler().take_deficit()) all.push_back(*deficit);
    return all;
  }
  void skip(uint32_t first, uint32_t count) { reassembler().skip({Sequence(first), count}, now_, output_); }

  // Time passes; the reassembler is called when it asked for it, and at the end.
  void wait(Duration d) {
    const Instant until = now_ + d;
    for (int calls = 0; reassembler().next_deadline() <= until && calls < 1000; ++calls) {
      now_ = std::max(now_, reassembler().next_deadline());
      reassembler().expire(now_, output_);
    }
    now_ = until;
    reassembler().expire(now_, output_);
    EXPECT_GT(reassembler().next_deadline(), now_) << "it would be called again and again";
  }

  // Since the last call.
  Numbers released() { return std::exchange(output_.released, {}); }
  Lines events() { return std::exchange(output_.events, {}); }
  Lines fates() { return std::exchange(output_.fates, {}); }
  const reassemble::Reassembler::Counters& counters() { return reassembler().counters(); }

  reassemble::Reassembler& reassembler() {
    if (!reassembler_) reassembler_ = std::make_unique<reassemble::Reassembler>(options_);
    return *reassembler_;
  }

  reassemble::Reassembler::Options options_;
  Instant now_{1000s};
  uint64_t number_ = 0;
  std::map<uint32_t, FramePackets> frames_;
  RecordingOutput output_{frames_};

 private:
  std::unique_ptr<reassemble::Reassembler> reassembler_;
};

}  // namespace glimt::test

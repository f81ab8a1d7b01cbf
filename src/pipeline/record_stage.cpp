#include "pipeline/record_stage.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr size_t kMaxGrowing = 32;  // as many as the decode stage has room for
constexpr auto kTendEvery = std::chrono::milliseconds(200);

}  // namespace

RecordStage::RecordStage(std::unique_ptr<sink::UnitSink> sink)
    : sink_(std::move(sink)), thread_("glimt-record", [this] { record_loop(); }) {
  growing_.reserve(kMaxGrowing);
}

RecordStage::~RecordStage() { finish(); }

void RecordStage::finish() {
  {
    MutexLock lock(m_);
    closed_ = true;
  }
  changed_.notify_one();
  thread_.join();
  sink_->finish();
}

RecordStage::Growing* RecordStage::find(const Ref<media::AccessUnit>& unit) {
  const auto at =
      std::find_if(growing_.begin(), growing_.end(), [&](const Growing& g) { return g.unit == unit; });
  return at == growing_.end() ? nullptr : &*at;
}

void RecordStage::begin(const Ref<media::AccessUnit>& unit) {
  if (growing_.size() == kMaxGrowing) growing_.erase(growing_.begin());
  auto copy = units_.take();
  copy->clear();
  growing_.push_back({unit, std::move(copy)});
}

// Bytes that a reader may want to write into (Frame::writable) are not held: uncompressed pictures are not recorded.
void RecordStage::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  if (unit->info.codec == Codec::raw) return;
  if (Growing* growing = find(unit)) growing->copy->strips.push_back(strip);
}

void RecordStage::end(const Ref<media::AccessUnit>& unit) {
  Growing* growing = find(unit);
  if (!growing) return;
  auto copy = std::move(growing->copy);
  growing_.erase(growing_.begin() + (growing - growing_.data()));
  copy->info = unit->info;
  copy->put_in_order();
  push(std::move(copy));
}

void RecordStage::abandon(const Ref<media::AccessUnit>& unit) {
  if (Growing* growing = find(unit)) growing_.erase(growing_.begin() + (growing - growing_.data()));
}

void RecordStage::push(Ref<media::AccessUnit> unit) {
  const size_t size = unit->size();
  {
    MutexLock lock(m_);
    if (waiting_.full() || (!waiting_.empty() && waiting_bytes_ + size > kMaxBytes)) {
      ++left_out_;
      return;
    }
    waiting_bytes_ += size;
    waiting_.push(std::move(unit));
  }
  changed_.notify_one();
}

void RecordStage::record_loop() {
  bool said = false;
  while (true) {
    Ref<media::AccessUnit> unit;
    uint64_t left_out = 0;
    {
      MutexLock lock(m_);
      if (waiting_.empty() && !closed_) changed_.wait_until(m_, now() + kTendEvery);
      if (waiting_.empty() && closed_) return;
      if (!waiting_.empty()) {
        unit = waiting_.pop();
        waiting_bytes_ -= unit->size();
      }
      left_out = left_out_;
    }
    if (unit) sink_->put(*unit, now());
    sink_->tend(now());
    if (left_out > 0 && !std::exchange(said, true)) {
      log::warning(
          "the disk does not keep up with the recording: frames are left out and counted; "
          "record onto a faster disk, or send fewer or smaller pictures");
    }
  }
}

sink::RecordingCounters RecordStage::counters() const {
  auto counters = sink_->counters();
  MutexLock lock(m_);
  counters.not_recorded += left_out_;
  return counters;
}

}  // namespace glimt::pipeline

#include "pipeline/player.hpp"

namespace glimt::pipeline {
namespace {

RunResult read_source(source::FrameSource& source, Sender& sender, uint64_t max_frames,
                      const std::atomic<bool>& stop) {
  RunResult result;
  const bool patient = source.traits().patient;
  if (patient && !sender.wait_for_receiver(stop)) return result;
  while (!stop && result.frames < max_frames) {
    auto picture = source.read();
    if (!picture) {
      result.error = picture.error();
      break;
    }
    if (!*picture) break;
    ++result.frames;
    if (patient) {
      sender.publish_every(std::move(**picture), stop);
    } else {
      sender.publish(std::move(**picture));
    }
  }
  return result;
}

}  // namespace

Player::Player(source::FrameSource& source, Sender& sender, uint64_t max_frames)
    : source_(source), sender_(sender), thread_("glimt-capture", [this, max_frames] { play(max_frames); }) {}

void Player::play(uint64_t max_frames) {
  auto result = read_source(source_, sender_, max_frames, stop_);
  MutexLock lock(m_);
  result_ = std::move(result);
  ended_.notify_all();
}

std::optional<RunResult> Player::wait(Instant deadline) {
  MutexLock lock(m_);
  while (!result_) {
    if (!ended_.wait_until(m_, deadline)) break;
  }
  return result_;
}

RunResult Player::stop() {
  stop_ = true;
  source_.interrupt();
  MutexLock lock(m_);
  while (!result_) ended_.wait(m_);
  return *result_;
}

}  // namespace glimt::pipeline

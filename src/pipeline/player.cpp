#include "pipeline/player.hpp"

namespace glimt::pipeline {

Player::Player(source::FrameSource& source, Sender& sender, const Options& options)
    : source_(source), sender_(sender), options_(options), thread_("glimt-capture", [this] { play(); }) {}

void Player::play() {
  auto result = read_source();
  MutexLock lock(m_);
  result_ = std::move(result);
  ended_.notify_all();
}

RunResult Player::read_source() {
  RunResult result;
  const bool patient = source_.traits().patient;
  if (patient && !sender_.wait_for_receiver(stop_)) return result;
  while (!stop_ && result.frames < options_.max_frames) {
    auto picture = source_.read();
    if (!picture) {
      result.error = picture.error();
      break;
    }
    if (!*picture) break;
    ++result.frames;
    hand_on(std::move(**picture), patient);
  }
  return result;
}

void Player::hand_on(source::Picture picture, bool patient) {
  if (options_.filter) {
    auto filtered = options_.filter->apply(std::move(picture));
    if (!filtered) return;
    picture = std::move(*filtered);
  }
  if (options_.preview) options_.preview->put(picture);
  if (patient) {
    sender_.publish_every(std::move(picture), stop_);
  } else {
    sender_.publish(std::move(picture));
  }
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

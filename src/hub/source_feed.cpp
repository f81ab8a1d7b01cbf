#include "hub/source_feed.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace glimt::hub {

SourceFeed::SourceFeed(pipeline::Sender& sender, const Encoding& encoding)
    : sender_(sender), encoding_(encoding), fit_(fit_of(encoding)) {}

void SourceFeed::set(const SourceReader::Choice& choice, bool paused) {
  Readers left;  // joined outside the lock
  MutexLock lock(m_);
  if (closed_) return;
  const auto gone =
      std::stable_partition(retired_.begin(), retired_.end(), [](const auto& r) { return !r->left(); });
  std::move(gone, retired_.end(), std::back_inserter(left));
  retired_.erase(gone, retired_.end());

  const bool resumed = std::exchange(paused_, paused) && !paused;
  const bool ended = current_ && current_->left();
  if (wanted_ != choice || (resumed && ended)) {
    wanted_ = choice;
    retire(std::move(next_));
    to_open_ = !current_ || ended || current_->choice() != choice;
  }
  for (auto* reader : {current_.get(), next_.get()}) {
    if (reader) reader->pause(paused);
  }
  open_if_possible();
}

void SourceFeed::set_encoding(const Encoding& encoding) {
  MutexLock lock(m_);
  encoding_ = encoding;
  fit_ = fit_of(encoding);
}

// However often the choice changes, sources that do not let go are few; has_left() comes back to it.
void SourceFeed::open_if_possible() {
  if (!to_open_ || closed_) return;
  const std::string device = device_of(*wanted_);
  if (current_ && must_go_first(device)) retire(std::move(current_));
  const auto leaving =
      std::count_if(retired_.begin(), retired_.end(), [](const auto& r) { return !r->left(); });
  if (static_cast<size_t>(leaving) + 2 > kMostReaders || still_holds(device)) return;
  to_open_ = false;
  SourceReader::Taker& self = *this;
  auto& place = current_ ? next_ : current_;
  place = std::make_unique<SourceReader>(
      *wanted_, self, SourceReader::Options{sender_.max_frame_bytes(), random_u64(), paused_});
}

bool SourceFeed::must_go_first(const std::string& device) const {
  const bool same_camera = !device.empty() && current_->device() == device;
  return same_camera || current_->left() || current_->status().state != StreamState::flowing;
}

bool SourceFeed::still_holds(const std::string& device) const {
  return !device.empty() && std::any_of(retired_.begin(), retired_.end(),
                                        [&](const auto& r) { return !r->left() && r->device() == device; });
}

void SourceFeed::retire(std::unique_ptr<SourceReader> reader) {
  if (!reader) return;
  reopened_before_ += reader->status().reopened;
  reader->stop();
  retired_.push_back(std::move(reader));
}

// With its first picture the new source takes the place of the old one.
void SourceFeed::claim(SourceReader& from) {
  MutexLock lock(m_);
  if (next_.get() != &from) return;
  retire(std::move(current_));
  current_ = std::move(next_);
}

bool SourceFeed::wants_pixels() {
  MutexLock lock(m_);
  return hub::wants_pixels(encoding_);
}

Fit SourceFeed::fit() {
  MutexLock lock(m_);
  return fit_;
}

void SourceFeed::wait_for_receiver(SourceReader& from) {
  claim(from);
  sender_.wait_for_receiver(from.stopped(), [this] { return branches(); });
}

void SourceFeed::take(SourceReader& from, source::Picture picture, bool patient) {
  claim(from);
  if (patient && !sender_.wait_for_room(picture, from.stopped())) return;
  MutexLock lock(
      m_);  // held while it is handed over: behind the first picture of a new source none of the old one comes
  if (current_.get() != &from) return;
  newest_ = picture;
  if (branch_) branch_->publish(picture);
  sender_.publish(std::move(picture));
}

void SourceFeed::branch(std::shared_ptr<pipeline::Sender> to) {
  MutexLock lock(m_);  // of what stood here others have the last word
  branch_.swap(to);
  if (branch_ && newest_) branch_->publish(*newest_);
}

bool SourceFeed::branches() const {
  MutexLock lock(m_);
  return branch_ != nullptr;
}

void SourceFeed::has_left(SourceReader&) {
  MutexLock lock(m_);
  open_if_possible();
}

StreamEngine::SourceStatus SourceFeed::status() const {
  MutexLock lock(m_);
  StreamEngine::SourceStatus status;
  if (current_) status = current_->status();
  if (next_) {
    if (const auto next = next_->status(); next.state == StreamState::trouble) {
      status.state = next.state;
      status.why = next.why + "; until then the former source goes on";
    }
  }
  if (paused_) {
    status.state = StreamState::paused;
    status.why.clear();
  }
  status.reopened += reopened_before_;
  if (newest_) std::tie(status.width, status.height) = size_of(*newest_);
  return status;
}

std::optional<source::Picture> SourceFeed::newest() const {
  MutexLock lock(m_);
  return newest_;
}

void SourceFeed::close() {
  Readers all;  // joined outside the lock
  MutexLock lock(m_);
  closed_ = true;
  retire(std::move(current_));
  retire(std::move(next_));
  all.swap(retired_);
}

}  // namespace glimt::hub

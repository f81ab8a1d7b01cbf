#include "web/unit_feed.hpp"

namespace glimt::web {

Result<std::unique_ptr<UnitFeed>> UnitFeed::open(const hub::Hub& hub, const std::string& name,
                                                 hub::WatchAs as) {
  std::unique_ptr<UnitFeed> feed(new UnitFeed);
  auto watch = hub.watch_units(
      name, as, [inbox = feed->inbox_](const Ref<media::AccessUnit>& unit) { inbox->put(unit); });
  if (!watch) return watch.error();
  feed->watch_ = std::move(*watch);
  return feed;
}

void UnitFeed::Inbox::put(const Ref<media::AccessUnit>& unit) {
  std::function<void()> wakes;
  {
    MutexLock lock(m);
    const bool first = units.empty();
    if (units.size() == kMostUnits) units.pop_front();
    units.push_back(unit);
    if (first) wakes = wake;
  }
  if (wakes) wakes();
}

void UnitFeed::start(std::function<void()> wake) {
  bool there = false;
  {
    MutexLock lock(inbox_->m);
    inbox_->wake = wake;
    there = !inbox_->units.empty();
  }
  if (there) wake();
}

std::optional<Ref<media::AccessUnit>> UnitFeed::take() {
  MutexLock lock(inbox_->m);
  if (inbox_->units.empty()) return std::nullopt;
  auto unit = std::move(inbox_->units.front());
  inbox_->units.pop_front();
  return unit;
}

}  // namespace glimt::web

#include "pipeline/unit_watchers.hpp"

namespace glimt::pipeline {

void UnitWatchers::add(uint32_t id, OnUnit on_unit, bool with_newest) {
  if (closed_) return on_unit({});
  const auto& added = watchers_[id] = std::move(on_unit);
  const bool alone = with_newest && newest_ && newest_->info.key;
  if (alone) added(newest_);
  if (!alone) want_key();
}

void UnitWatchers::begin(const Ref<media::AccessUnit>& unit) {
  from_ = unit;
  growing_ = pool_.take();
  if (unit->info.key) wants_key_ = false;
}

void UnitWatchers::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  if (unit == from_) growing_->strips.push_back(strip);
}

// What is said of a unit is known at its end only, as when it was encoded.
void UnitWatchers::end(const Ref<media::AccessUnit>& unit) {
  if (unit != from_) return;
  growing_->info = from_->info;
  growing_->put_in_order();
  newest_ = std::move(growing_);
  from_ = growing_ = {};
  for (const auto& [id, on_unit] : watchers_) on_unit(newest_);
}

void UnitWatchers::abandon(const Ref<media::AccessUnit>& unit) {
  if (unit == from_) from_ = growing_ = {};
}

void UnitWatchers::close() {
  closed_ = true;
  const auto told = std::exchange(watchers_, {});
  from_ = growing_ = newest_ = {};
  for (const auto& [id, on_unit] : told) on_unit({});
}

}  // namespace glimt::pipeline

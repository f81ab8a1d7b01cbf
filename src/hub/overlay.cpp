#include "hub/overlay.hpp"

namespace glimt::hub {
namespace {

std::optional<StreamSettings> find(const Configured& configured, const std::string& name) {
  const auto found = configured.find(name);
  return found == configured.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void drop_outdated(Changes& changes, const Configured& configured) {
  std::erase_if(changes, [&](const auto& change) {
    return change.second.configured != find(configured, change.first);
  });
}

Configured combine(const Changes& changes, const Configured& configured) {
  Configured all = configured;
  for (const auto& [name, change] : changes) {
    if (change.settings) {
      all.insert_or_assign(name, *change.settings);
    } else {
      all.erase(name);
    }
  }
  return all;
}

void note(Changes& changes, const Configured& configured, const std::string& name,
          const std::optional<StreamSettings>& settings) {
  const auto said = find(configured, name);
  if (said == settings) {
    changes.erase(name);
  } else {
    changes.insert_or_assign(name, Change{said, settings});
  }
}

}  // namespace glimt::hub

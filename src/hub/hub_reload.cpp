// What a changed configuration does to a hub that runs.
#include "hub/hub.hpp"

namespace glimt::hub {

Result<Hub::Reload> Hub::reload(const std::vector<StreamSettings>& configured) {
  Configured wanted;
  for (const auto& settings : configured) {
    if (auto good = check(settings); !good) return good.error();
    wanted.insert_or_assign(settings.name, settings);
  }
  std::vector<std::string> said_otherwise;
  {
    MutexLock lock(kept_m_);
    Configured names = configured_;
    names.insert(wanted.begin(), wanted.end());
    for (const auto& [name, settings] : names) {
      const auto before = configured_.find(name), after = wanted.find(name);
      const bool same =
          before != configured_.end() && after != wanted.end() && before->second == after->second;
      if (!same) said_otherwise.push_back(name);
    }
  }
  Reload done;
  std::string complaints;
  for (const auto& name : said_otherwise) {
    if (auto one = reload_stream(name, wanted, done); !one)
      complaints += (complaints.empty() ? "stream '" : "; stream '") + name + "': " + one.error().message;
  }
  note(Event::Kind::reloaded, "");
  if (!complaints.empty()) return Error{ErrorKind::invalid_argument, complaints};
  return done;
}

// First what the configuration says, on the disk with all that hangs on it, then the stream.
Result<void> Hub::reload_stream(const std::string& name, const Configured& wanted, Reload& done) {
  const auto said = wanted.find(name);
  const bool stays = said != wanted.end();
  {
    MutexLock lock(kept_m_);
    if (stays) {
      configured_.insert_or_assign(name, said->second);
    } else {
      configured_.erase(name);
    }
  }
  const auto running = find(name);
  if (!running) {
    if (!stays || running.error().kind != ErrorKind::not_found) return {};
    if (auto added = add_stream(said->second); !added) return added.error();
    done.added.push_back(name);
  } else if (!stays) {
    if (auto removed = remove_stream(name); !removed) return removed;
    done.removed.push_back(name);
  } else {
    const auto updated = update_stream(name, [&](StreamSettings& settings) {
      settings = said->second;
      return Result<void>();
    });
    if (!updated) return updated.error();
    done.changed.push_back(name);
  }
  return {};
}

}  // namespace glimt::hub

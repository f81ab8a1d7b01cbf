// UnitWatchers: those in this process that are handed a stream's access units, each once it is whole.
//
//   input    units as they begin, strip by strip
//   output   the whole unit to each watcher: strips in their order, nobody's bytes copied; an empty Ref once the stream is closed.
//            Numbers tell what is missing between two
//   threads  bound to the network thread; what it calls must not block, nor add or remove a watcher
//   memory   the newest unit and the one that grows
#pragma once

#include <functional>
#include <map>

#include "base/pool.hpp"
#include "media/access_unit.hpp"

namespace glimt::pipeline {

class UnitWatchers {
 public:
  using OnUnit = std::function<void(const Ref<media::AccessUnit>&)>;

  // `with_newest`: it is handed the newest unit at once, where that decodes alone.
  void add(uint32_t id, OnUnit on_unit, bool with_newest);
  bool remove(uint32_t id) { return watchers_.erase(id) > 0; }
  size_t count() const { return watchers_.size(); }
  // Some watcher can use nothing but a key frame; until one begins.
  void want_key() { wants_key_ = true; }
  bool wants_key() const { return wants_key_ && !watchers_.empty(); }

  void begin(const Ref<media::AccessUnit>& unit);
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip);
  void end(const Ref<media::AccessUnit>& unit);
  void abandon(const Ref<media::AccessUnit>& unit);
  void close();

 private:
  std::map<uint32_t, OnUnit> watchers_;
  bool wants_key_ = false, closed_ = false;
  Pool<media::AccessUnit> pool_;
  Ref<media::AccessUnit> from_, growing_, newest_;
};

}  // namespace glimt::pipeline

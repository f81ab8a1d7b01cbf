// Announcer: tells the local network by mDNS which streams can be received here, so that `glimt recv glimt://cam0` finds them.
//
//   hub::HubAnnouncer announcer(*hub);  // before the hub goes, it must
//
//   input    what is to be announced, whenever it has changed
//   output   a DNS-SD service _glimt._udp or _glimt._tcp each, as docs/discovery.md says
//   errors   open_announcer: unavailable where the library is missing. No daemon, or one that goes, is said once at info
//            level and waited for; nothing else is disturbed
//   threads  set() is thread-safe, and may wait for the daemon. Avahi runs on a thread of its own; HubAnnouncer on another
//   memory   one small record an announcement
#pragma once

#include <compare>
#include <functional>
#include <memory>

#include "base/thread.hpp"
#include "hub/journal.hpp"
#include "hub/state.hpp"

namespace glimt::hub {

class Hub;

struct Announcement {
  std::string stream;
  bool tcp = false;
  uint16_t port = 0;
  std::string address;  // the only one it listens on; empty: all of this machine
  Codec codec = Codec::jpeg;
  bool operator==(const Announcement&) const = default;
};

// Of each stream the first UDP and the first TCP destination that listens where others reach it, in Glimt's own wire.
std::vector<Announcement> announcements(const std::vector<StreamStatus>& streams);

class Announcer {
 public:
  virtual ~Announcer() = default;  // what was announced is taken back
  // These and no others from now on; one stream and kind of socket comes once.
  virtual void set(const std::vector<Announcement>& wanted) = 0;
};
using OpenAnnouncer = std::function<Result<std::unique_ptr<Announcer>>()>;
Result<std::unique_ptr<Announcer>> open_announcer();

// Keeps an announcer to what a hub has. Neither waits for the other.
class HubAnnouncer {
 public:
  explicit HubAnnouncer(Hub& hub);
  HubAnnouncer(Journal& journal, std::function<std::vector<StreamStatus>()> streams, OpenAnnouncer open);
  ~HubAnnouncer();
  HubAnnouncer(const HubAnnouncer&) = delete;
  HubAnnouncer& operator=(const HubAnnouncer&) = delete;

 private:
  void run(const OpenAnnouncer& open);
  bool wait_for_change();  // false: at the end

  Journal& journal_;
  const std::function<std::vector<StreamStatus>()> streams_;
  Mutex m_;
  Condition changed_;
  bool look_ GLIMT_GUARDED_BY(m_) = true;
  bool end_ GLIMT_GUARDED_BY(m_) = false;
  uint64_t watch_ = 0;
  Thread thread_;
};

}  // namespace glimt::hub

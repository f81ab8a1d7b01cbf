// Discovery: where the stream of a name is received.
//
//   input    glimt://NAME, glimt://NAME@HOST; their options are carried over
//   output   this user's own hub where it has the stream (NAME without HOST), else what the local network tells by mDNS: the
//            service that is called NAME before one that was renamed, UDP before TCP
//   errors   not_found where nobody tells of it in time, with the names that were seen; unavailable where no avahi-daemon
//            runs; invalid_argument. Each with the cure
//   threads  thread-safe; blocks for `timeout` at most, where the daemon answers
//   memory   names of 64 streams; what the network tells beyond 1024 services is not looked at
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "glimt/url.hpp"

namespace glimt::hub {

// As somebody on the network says it; only the port was looked at.
struct Service {
  std::string instance;  // the stream's name, with more behind it where that was taken
  std::string stream;
  std::string host;     // "studio.local"
  std::string address;  // an IPv4 or IPv6 address
  uint16_t port = 0;
  bool tcp = false;
};
// How much longer to look at most; nothing: as before.
using Found = std::function<std::optional<Duration>(const Service&)>;
using Browse = std::function<Result<void>(Duration timeout, const Found& found)>;
// Tells `found` of each service, on the calling thread, until the time is over. unavailable where no daemon runs.
Result<void> browse_services(Duration timeout, const Found& found);

// An address of another scheme comes back as it is, at once.
Result<Url> resolve(const Url& url, Duration timeout = std::chrono::seconds(3),
                    const Browse& browse = browse_services);

}  // namespace glimt::hub

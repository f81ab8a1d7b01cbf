// What the two halves of the module glimt_avahi have in common: Avahi's objects as owners, and what Glimt's services are called.
#pragma once

#include <avahi-client/client.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/strlst.h>
#include <avahi-common/thread-watch.h>

#include <memory>

#include "glimt/error.hpp"

namespace glimt::hub::avahi {

inline constexpr const char* kTypes[] = {"_glimt._udp", "_glimt._tcp"};  // by `tcp`
inline constexpr const char* kVersion = "1";                             // of what the TXT record says
inline constexpr const char* kInstall = "install and start avahi-daemon (`apt install avahi-daemon`)";

struct Free {
  void operator()(AvahiClient* p) const { avahi_client_free(p); }
  void operator()(AvahiThreadedPoll* p) const { avahi_threaded_poll_free(p); }
  void operator()(AvahiSimplePoll* p) const { avahi_simple_poll_free(p); }
  void operator()(AvahiStringList* p) const { avahi_string_list_free(p); }
  void operator()(char* p) const { avahi_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

inline Error no_memory() { return {ErrorKind::exhausted, "no memory for Avahi's library"}; }

}  // namespace glimt::hub::avahi

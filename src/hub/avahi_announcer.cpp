// The module glimt_avahi, announcing: avahi-daemon is asked through its own library.
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/timeval.h>

#include <algorithm>
#include <map>

#include "base/log.hpp"
#include "hub/announcer.hpp"
#include "hub/avahi.hpp"

namespace glimt::hub::avahi {
namespace {

constexpr size_t kLongestInstance = 63;
constexpr unsigned kRetryMs = 5000, kSoonMs = 250;
constexpr int kMostNames = 32;

// What is asked of the daemon by the one that announces, all on the poll's thread or with its lock.
class AvahiAnnouncer final : public Announcer {
 public:
  static Result<std::unique_ptr<Announcer>> open() {
    std::unique_ptr<AvahiAnnouncer> self(new AvahiAnnouncer);
    if (!self->poll_) return no_memory();
    self->api_ = avahi_threaded_poll_get(self->poll_.get());
    self->timer_ = self->api_->timeout_new(
        self->api_, nullptr, [](AvahiTimeout*, void* me) { static_cast<AvahiAnnouncer*>(me)->connect(); },
        self.get());
    if (!self->timer_) return no_memory();
    self->connect_in(0);
    if (avahi_threaded_poll_start(self->poll_.get()) < 0) return no_memory();
    return std::unique_ptr<Announcer>(std::move(self));
  }

  ~AvahiAnnouncer() override {
    if (poll_) avahi_threaded_poll_stop(poll_.get());
    client_.reset();
    if (timer_) api_->timeout_free(timer_);
  }

  void set(const std::vector<Announcement>& wanted) override {
    avahi_threaded_poll_lock(poll_.get());
    std::map<Key, Entry> before;
    before.swap(entries_);
    for (const auto& what : wanted) {
      const Key key{what.stream, what.tcp};
      if (auto same = before.extract(key)) entries_.insert(std::move(same));
      auto& entry = entries_[key];
      const bool changed = std::exchange(entry.what, what) != what;
      if (entry.owner && !changed) continue;
      if (entry.group) avahi_entry_group_reset(entry.group);
      entry.owner = this;
      publish(entry);
    }
    for (auto& [key, gone] : before) {
      if (gone.group) avahi_entry_group_free(gone.group);
    }
    avahi_threaded_poll_unlock(poll_.get());
  }

 private:
  using Key = std::pair<std::string, bool>;  // stream, tcp
  struct Entry {
    AvahiAnnouncer* owner = nullptr;
    Announcement what;
    std::string name;                  // on the network
    int renamed = 0;                   // times
    AvahiEntryGroup* group = nullptr;  // the client's
  };

  AvahiAnnouncer() : poll_(avahi_threaded_poll_new()) {}

  void connect_in(unsigned ms) {
    timeval at;
    api_->timeout_update(timer_, avahi_elapse_time(&at, ms, 0));
  }

  void connect() {
    for (auto& [key, entry] : entries_) {
      entry.group = nullptr;  // it goes with its client
      entry.name.clear();
      entry.renamed = 0;
    }
    client_.reset();
    int error = 0;
    const auto changed = [](AvahiClient* client, AvahiClientState state, void* me) {
      static_cast<AvahiAnnouncer*>(me)->follow(client, state);
    };
    client_.reset(avahi_client_new(api_, AVAHI_CLIENT_NO_FAIL, changed, this, &error));
    if (client_) {
      if (avahi_client_get_state(client_.get()) == AVAHI_CLIENT_S_RUNNING) publish_all();
      return;
    }
    miss(avahi_strerror(error));
    connect_in(kRetryMs);
  }

  // Also called from within avahi_client_new(), when there is no client yet: connect() goes on then.
  void follow(const AvahiClient* client, AvahiClientState state) {
    if (state == AVAHI_CLIENT_CONNECTING) miss("it does not run");
    if (state == AVAHI_CLIENT_FAILURE) {
      if (client == client_.get()) miss(avahi_strerror(avahi_client_errno(client_.get())));
      connect_in(kSoonMs);
    }
    if (client != client_.get()) return;
    if (state == AVAHI_CLIENT_S_RUNNING) publish_all();
    if (state != AVAHI_CLIENT_S_REGISTERING && state != AVAHI_CLIENT_S_COLLISION) return;
    for (auto& [key, entry] : entries_) {  // the host is given another name
      if (entry.group) avahi_entry_group_reset(entry.group);
    }
  }

  void miss(const std::string& why) {
    if (!std::exchange(missed_, true))
      log::info("streams are not announced by name: avahi-daemon: {}; {}", why, kInstall);
  }

  void publish_all() {
    missed_ = false;
    for (auto& [key, entry] : entries_) publish(entry);
  }

  void publish(Entry& entry) {
    if (!client_ || avahi_client_get_state(client_.get()) != AVAHI_CLIENT_S_RUNNING) return;
    if (!entry.group) entry.group = avahi_entry_group_new(client_.get(), on_group, &entry);
    if (!entry.group) return complain(entry, avahi_client_errno(client_.get()));
    if (!avahi_entry_group_is_empty(entry.group)) return;
    if (entry.name.empty()) entry.name = entry.what.stream.substr(0, kLongestInstance);
    int code = add(entry);
    while (code == AVAHI_ERR_COLLISION && rename(entry)) code = add(entry);
    if (code >= 0) code = avahi_entry_group_commit(entry.group);
    if (code < 0) complain(entry, code);
  }

  int add(const Entry& entry) const {
    const auto& what = entry.what;
    AvahiStringList* txt = nullptr;
    const std::pair<const char*, std::string> pairs[] = {{"version", kVersion},
                                                         {"stream", what.stream},
                                                         {"codec", std::string(to_string(what.codec))},
                                                         {"address", what.address}};
    for (const auto& [key, value] : pairs) {
      if (!value.empty()) txt = avahi_string_list_add_pair(txt, key, value.c_str());
    }
    const Owned<AvahiStringList> owned(txt);
    return avahi_entry_group_add_service_strlst(entry.group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, {},
                                                entry.name.c_str(), kTypes[what.tcp], nullptr, nullptr,
                                                what.port, txt);
  }

  // Somebody else has the name. False where enough were tried.
  bool rename(Entry& entry) {
    if (++entry.renamed > kMostNames) return false;
    if (entry.renamed == 1) {
      const char* host = avahi_client_get_host_name(client_.get());
      if (!host) return false;  // the daemon has just gone
      const std::string on = " on " + std::string(host);
      const size_t room = kLongestInstance - std::min(on.size(), kLongestInstance);
      entry.name = (entry.what.stream.substr(0, room) + on).substr(0, kLongestInstance);
    } else {
      entry.name = Owned<char>(avahi_alternative_service_name(entry.name.c_str())).get();
    }
    return true;
  }

  static void on_group(AvahiEntryGroup* group, AvahiEntryGroupState state, void* of) {
    auto& entry = *static_cast<Entry*>(of);
    entry.group = group;
    auto& self = *entry.owner;
    if (state == AVAHI_ENTRY_GROUP_ESTABLISHED)
      log::debug("announced: '{}' as {}, port {}", entry.name, kTypes[entry.what.tcp], entry.what.port);
    if (state == AVAHI_ENTRY_GROUP_FAILURE)
      self.complain(entry, avahi_client_errno(avahi_entry_group_get_client(group)));
    if (state != AVAHI_ENTRY_GROUP_COLLISION || !self.client_) return;
    if (!self.rename(entry)) return self.complain(entry, AVAHI_ERR_COLLISION);
    avahi_entry_group_reset(group);
    self.publish(entry);
  }

  void complain(const Entry& entry, int code) {
    if (code == AVAHI_ERR_DISCONNECTED || code == AVAHI_ERR_BAD_STATE)
      return;  // it is announced when the daemon is back
    log::warning("stream '{}' is not announced: {}", entry.what.stream, avahi_strerror(code));
  }

  const Owned<AvahiThreadedPoll> poll_;
  const AvahiPoll* api_ = nullptr;
  AvahiTimeout* timer_ = nullptr;
  Owned<AvahiClient> client_;
  std::map<Key, Entry> entries_;  // their places are known to the client's callbacks
  bool missed_ = false;           // and said
};

}  // namespace
}  // namespace glimt::hub::avahi

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::hub::open_announcer) glimt_open_announcer =
    &glimt::hub::avahi::AvahiAnnouncer::open;
}

// The module glimt_avahi, finding: avahi-daemon is asked through its own library, on the calling thread.
#include <avahi-client/lookup.h>

#include <algorithm>

#include "hub/avahi.hpp"
#include "hub/discovery.hpp"

namespace glimt::hub::avahi {
namespace {

constexpr int kMostServices = 1024;

class Browser {
 public:
  explicit Browser(const Found& found) : found_(found), poll_(avahi_simple_poll_new()) {}

  Result<void> run(Duration timeout) {
    if (!poll_) return no_memory();
    until_ = now() + timeout;
    int error = 0;
    const auto changed = [](AvahiClient* client, AvahiClientState state, void* me) {
      if (state == AVAHI_CLIENT_FAILURE) static_cast<Browser*>(me)->error_ = avahi_client_errno(client);
    };
    client_.reset(avahi_client_new(avahi_simple_poll_get(poll_.get()), {}, changed, this, &error));
    if (!client_) return no_daemon(error);
    for (const char* type : kTypes) {
      if (!avahi_service_browser_new(client_.get(), AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, type, nullptr, {},
                                     on_service, this))
        return no_daemon(avahi_client_errno(client_.get()));
    }
    while (error_ == 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - now()).count();
      if (left <= 0) return {};
      if (avahi_simple_poll_iterate(poll_.get(), static_cast<int>(left)) != 0) break;
    }
    return no_daemon(error_ ? error_ : AVAHI_ERR_DISCONNECTED);
  }

 private:
  static Error no_daemon(int code) {
    return {ErrorKind::unavailable, "names are found through avahi-daemon, which does not answer here (" +
                                        std::string(avahi_strerror(code)) + "): " + kInstall};
  }

  static void on_service(AvahiServiceBrowser* browser, AvahiIfIndex interface, AvahiProtocol protocol,
                         AvahiBrowserEvent event, const char* name, const char* type, const char* domain,
                         AvahiLookupResultFlags, void* me) {
    auto& self = *static_cast<Browser*>(me);
    auto* client = avahi_service_browser_get_client(browser);
    if (event == AVAHI_BROWSER_FAILURE) self.error_ = avahi_client_errno(client);
    if (event != AVAHI_BROWSER_NEW || ++self.services_ > kMostServices) return;
    // By IPv4 an IPv4 address, by IPv6 an IPv6 address: daemons tell no others unless configured to.
    avahi_service_resolver_new(client, interface, protocol, name, type, domain, protocol, {}, on_resolved,
                               me);
  }

  static void on_resolved(AvahiServiceResolver* resolver, AvahiIfIndex interface, AvahiProtocol,
                          AvahiResolverEvent event, const char* name, const char* type, const char*,
                          const char* host, const AvahiAddress* address, uint16_t port, AvahiStringList* txt,
                          AvahiLookupResultFlags, void* me) {
    auto& self = *static_cast<Browser*>(me);
    if (event == AVAHI_RESOLVER_FOUND && value_of(txt, "version").value_or(kVersion) == kVersion) {
      char text[AVAHI_ADDRESS_STR_MAX] = "";
      avahi_address_snprint(text, sizeof text, address);
      std::string where = text;
      if (where.substr(0, 4) == "fe80") where += "%" + std::to_string(interface);
      self.tell({.instance = name,
                 .stream = value_of(txt, "stream").value_or(name),
                 .host = host,
                 .address = value_of(txt, "address").value_or(where),
                 .port = port,
                 .tcp = std::string_view(type) == kTypes[1]});
    }
    avahi_service_resolver_free(resolver);
  }

  static std::optional<std::string> value_of(AvahiStringList* txt, const char* key) {
    auto* item = avahi_string_list_find(txt, key);
    if (!item) return std::nullopt;
    const std::string pair(reinterpret_cast<const char*>(avahi_string_list_get_text(item)),
                           avahi_string_list_get_size(item));
    const auto equals = pair.find('=');
    return equals == std::string::npos ? std::string() : pair.substr(equals + 1);
  }

  void tell(const Service& service) {
    if (const auto left = found_(service)) until_ = std::min(until_, now() + *left);
  }

  const Found& found_;
  const Owned<AvahiSimplePoll> poll_;
  Owned<AvahiClient> client_;
  Instant until_{};
  int error_ = 0, services_ = 0;
};

Result<void> browse(Duration timeout, const Found& found) { return Browser(found).run(timeout); }

}  // namespace
}  // namespace glimt::hub::avahi

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::hub::browse_services) glimt_browse_services =
    &glimt::hub::avahi::browse;
}

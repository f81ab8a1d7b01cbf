#include "hub/discovery.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "base/module.hpp"
#include "hub/paths.hpp"
#include "hub/settings.hpp"
#include "transport/address.hpp"

namespace glimt::hub {
namespace {

// A better one than what was found may be on its way: the name unchanged, UDP.
constexpr auto kForBetter = std::chrono::milliseconds(300);
constexpr size_t kMostSeen = 64, kLongestHost = 255, kLongestInstance = 63;
constexpr const char* kOrAddress = "or give the address itself, as in udp://HOST:5000";

Url with_address(const Url& asked, const std::string& scheme, const std::string& text) {
  Url url;
  url.scheme = scheme;
  url.options = asked.options;
  url.text = text;
  for (size_t i = 0; i < url.options.size(); ++i) {
    const auto& [name, value] = url.options[i];
    url.text += (i == 0 ? "?" : "&") + name + (value.empty() ? "" : "=" + value);
  }
  return url;
}

std::optional<Url> at_own_hub(const Url& asked) {
  const auto path = default_stream_path(asked.path);
  std::error_code ignored;
  if (!path || !std::filesystem::is_socket(*path, ignored)) return std::nullopt;
  auto url = with_address(asked, "unix", "unix://" + *path);
  url.path = *path;
  return url;
}

Url at(const Service& service, const Url& asked) {
  const std::string scheme = service.tcp ? "tcp" : "udp";
  const bool v6 = service.address.find(':') != std::string::npos;
  auto url = with_address(asked, scheme,
                          scheme + "://" + (v6 ? "[" + service.address + "]" : service.address) + ":" +
                              std::to_string(service.port));
  url.host = service.address;
  url.port = service.port;
  return url;
}

// What comes from the network: may it be connected to, and shown on a terminal?
bool plausible(const Service& service) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; };
  return check_name(service.stream, "stream") && service.port > 0 && service.host.size() <= kLongestHost &&
         std::all_of(service.host.begin(), service.host.end(), plain) &&
         transport::is_numeric(service.address);
}

std::string first_label(const std::string& host) { return host.substr(0, host.find('.')); }

bool is_host(const Service& service, std::string wanted) {
  if (wanted.empty()) return true;
  const auto lower = [](std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  wanted = lower(wanted);
  const auto host = lower(service.host);
  return host == wanted || first_label(host) == wanted;
}

class Search {
 public:
  explicit Search(const Url& asked) : asked_(asked) {}

  std::optional<Duration> look_at(const Service& service) {
    if (!plausible(service)) return std::nullopt;
    if (seen_.size() < kMostSeen) seen_.insert(service.stream + "@" + first_label(service.host));
    if (service.stream != asked_.path || !is_host(service, asked_.host)) return std::nullopt;
    const int rank = rank_of(service);
    if (rank <= best_) return std::nullopt;
    const bool first = std::exchange(best_, rank) == 0;
    url_ = at(service, asked_);
    if (best_ == kBest) return Duration::zero();
    return first ? std::optional<Duration>(kForBetter) : std::nullopt;
  }

  Result<Url> result(Duration timeout) const {
    if (url_) return *url_;
    std::string seen;
    for (const auto& name : seen_) seen += (seen.empty() ? "" : ", ") + ("glimt://" + name);
    const std::string others = seen.empty() ? "no stream was seen" : "seen: " + seen;
    if (asked_.path.empty())
      return Error{ErrorKind::invalid_argument,
                   "'" + asked_.text + "': name a stream, as in glimt://cam0; " + others};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
    return Error{ErrorKind::not_found,
                 "'" + asked_.text + "': nobody on this network told of it within " + std::to_string(ms) +
                     " ms; " + others + ". Start `glimt hub` there with a destination such as udp://:5000, " +
                     kOrAddress};
  }

 private:
  static constexpr int kBest = 8;
  static int rank_of(const Service& service) {
    const bool as_called = service.instance == service.stream.substr(0, kLongestInstance);
    const bool link_local = service.address.substr(0, 4) == "fe80";
    return 1 + 4 * as_called + 2 * !service.tcp + !link_local;
  }

  const Url& asked_;
  std::set<std::string> seen_;  // NAME@HOST
  int best_ = 0;                // 0: none yet
  std::optional<Url> url_;
};

}  // namespace

Result<void> browse_services(Duration timeout, const Found& found) {
  const auto address = open_module("avahi", "glimt_browse_services");
  if (!address) return address.error();
  return (*static_cast<decltype(&browse_services)*>(*address))(timeout, found);
}

Result<Url> resolve(const Url& url, Duration timeout, const Browse& browse) {
  if (url.scheme != "glimt") return url;
  if (!url.path.empty()) {
    if (auto named = check_name(url.path, "stream"); !named)
      return Error{ErrorKind::invalid_argument, "'" + url.text + "': " + named.error().message};
    if (url.host.empty()) {
      if (auto own = at_own_hub(url)) return *own;
    }
  }
  Search search(url);
  const auto browsed = browse(timeout, [&search](const Service& service) { return search.look_at(service); });
  if (browsed) return search.result(timeout);
  const bool asked_own = !url.path.empty() && url.host.empty();
  return Error{browsed.error().kind,
               "'" + url.text + "': " + (asked_own ? "this user's hub has no such stream, and " : "") +
                   browsed.error().message + ", " + kOrAddress};
}

}  // namespace glimt::hub

#include "hub/announcer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/module.hpp"
#include "hub/hub.hpp"
#include "transport/address.hpp"

namespace glimt::hub {
namespace {

// A hub that changes all the time is looked at so often at most.
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (transport::is_numeric(host) && host.substr(0, 4) == "127.");
}

std::optional<Announcement> announcement(const StreamSettings& stream, const DestinationStatus& destination) {
  if (destination.state == DestinationState::refused) return std::nullopt;
  const auto url = Url::parse(destination.settings.url);
  if (!url) return std::nullopt;
  const auto address = transport::Address::from_url(*url, true);
  if (!address || address->role != transport::Role::listen || address->kind == transport::Kind::unix_socket ||
      address->wire != wire::WireFormat::native || is_loopback(address->host))
    return std::nullopt;
  const bool everywhere = address->host.empty() || address->host == "0.0.0.0" || address->host == "::";
  return Announcement{.stream = stream.name,
                      .tcp = address->kind == transport::Kind::tcp,
                      .port = address->port,
                      .address = !everywhere && transport::is_numeric(address->host) ? address->host : "",
                      .codec = stream.encoding.codec.value_or(Codec::jpeg)};
}

}  // namespace

std::vector<Announcement> announcements(const std::vector<StreamStatus>& streams) {
  std::vector<Announcement> all;
  for (const auto& stream : streams) {
    bool had[2] = {false, false};  // udp, tcp
    for (const auto& destination : stream.destinations) {
      auto one = announcement(stream.settings, destination);
      if (one && !std::exchange(had[one->tcp], true)) all.push_back(std::move(*one));
    }
  }
  return all;
}

Result<std::unique_ptr<Announcer>> open_announcer() {
  const auto address = open_module("avahi", "glimt_open_announcer");
  if (!address) return address.error();
  return (*static_cast<decltype(&open_announcer)*>(*address))();
}

HubAnnouncer::HubAnnouncer(Hub& hub)
    : HubAnnouncer(
          hub.journal(), [&hub] { return hub.streams(); }, open_announcer) {}

HubAnnouncer::HubAnnouncer(Journal& journal, std::function<std::vector<StreamStatus>()> streams,
                           OpenAnnouncer open)
    : journal_(journal), streams_(std::move(streams)) {
  watch_ = journal_.watch([this] {
    MutexLock lock(m_);
    look_ = true;
    changed_.notify_one();
  });
  thread_ = Thread("glimt-announce", [this, open = std::move(open)] { run(open); });
}

HubAnnouncer::~HubAnnouncer() {
  journal_.unwatch(watch_);
  {
    MutexLock lock(m_);
    end_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

bool HubAnnouncer::wait_for_change() {
  MutexLock lock(m_);
  while (!look_ && !end_) changed_.wait(m_);
  look_ = false;
  return !end_;
}

void HubAnnouncer::run(const OpenAnnouncer& open) {
  // Opened here: the library behind it is loaded and asks the daemon, which the hub's start does not wait for.
  const auto announcer = open();
  if (!announcer) return log::info("streams are not announced: {}", announcer.error().message);
  std::vector<Announcement> announced;
  while (wait_for_change()) {
    auto wanted = announcements(streams_());
    if (wanted != announced) {
      (*announcer)->set(wanted);
      announced = std::move(wanted);
    }
    const auto next = now() + kBetweenLooks;
    MutexLock lock(m_);
    while (!end_ && changed_.wait_until(m_, next)) {
    }
  }
}

}  // namespace glimt::hub

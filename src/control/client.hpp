// Client: the other end of the control service, for `glimt ctl`. Values as the hub has them.
//
//   errors   as the service's, kind for kind; unavailable where nobody answers, with the cure. watch_*: none once `stop` is raised,
//            unavailable when the hub closes
//   threads  thread-compatible; calls block, at most ten seconds; watch_* until `stop` is raised or the hub closes
//   memory   one answer
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "hub/hub.hpp"

namespace glimt::control {

struct ClientOptions {
  std::string address;           // "unix:///path", "/path" or "host:port"; empty: the user's own socket
  std::string ca;                // PEM file that the service's certificate is checked against; TCP wants one
  std::string token_file;        // its first line is the token
  std::string certificate, key;  // PEM files, where the service asks for a client certificate
};

class Client {
 public:
  struct HubInfo {
    std::string version;
    double uptime_s = 0;
    uint64_t calls = 0, refused_calls = 0, events_missed = 0, watchers = 0;
  };
  virtual ~Client() = default;
  virtual Result<std::vector<hub::StreamStatus>> streams() = 0;
  virtual Result<hub::StreamStatus> stream(const std::string& name) = 0;
  virtual Result<hub::Snapshot> snapshot(const std::string& name) = 0;
  virtual Result<HubInfo> info() = 0;
  virtual Result<hub::StreamStatus> add_stream(const hub::StreamSettings& settings) = 0;
  // Of settings.encoding too, what `mask` names as the proto does, as in "encoding.quality".
  virtual Result<hub::StreamStatus> update_stream(const hub::StreamSettings& settings,
                                                  const std::vector<std::string>& mask) = 0;
  virtual Result<void> remove_stream(const std::string& name) = 0;
  virtual Result<hub::DestinationStatus> add_destination(const std::string& stream,
                                                         const hub::DestinationSettings& settings) = 0;
  virtual Result<void> remove_destination(const std::string& stream, const std::string& id) = 0;
  virtual Result<hub::Hub::Reload> reload() = 0;
  virtual Result<void> watch_streams(
      std::chrono::milliseconds interval, const std::atomic<bool>& stop,
      const std::function<void(const std::vector<hub::StreamStatus>&)>& show) = 0;
  // `missed`: so many before this one are gone.
  virtual Result<void> watch_events(uint64_t from, const std::atomic<bool>& stop,
                                    const std::function<void(const hub::Event&, uint64_t missed)>& show) = 0;
};

Result<std::unique_ptr<Client>> open_client(const ClientOptions& options);

}  // namespace glimt::control

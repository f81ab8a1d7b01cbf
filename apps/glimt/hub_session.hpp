// HubSession: what `glimt hub` runs: a hub with its control service, its page and its announcer, as file and flags say.
//
//   errors   open: with the cure. reload: of the file: nothing was changed; of a stream in it: that one stays as it was
//   threads  reload() is thread-safe, the rest is the main thread's
#pragma once

#include "control/service.hpp"
#include "hub/announcer.hpp"
#include "hub/config.hpp"
#include "web/server.hpp"

namespace glimt::command {

struct HubFlags {
  std::string config;                  // file; empty: none
  std::string control, listen, state;  // in place of what the file says; empty: as it says
};

class HubSession {
 public:
  static Result<std::unique_ptr<HubSession>> open(const HubFlags& flags);

  // Where it is reached, and the commands for the other side.
  void say() const;
  Result<hub::Hub::Reload> reload();
  // Says good-bye everywhere, and what was sent.
  void end();

 private:
  HubSession(HubFlags flags, hub::HubConfig config) : flags_(std::move(flags)), config_(std::move(config)) {}
  Result<void> start();
  Result<void> start_web();

  const HubFlags flags_;
  const hub::HubConfig config_;  // as it was started
  // Each is destroyed before those above it.
  std::unique_ptr<hub::Hub> hub_;
  std::unique_ptr<control::Service> service_;
  std::unique_ptr<web::Server> web_;              // empty where none is wanted
  std::unique_ptr<hub::HubAnnouncer> announcer_;  // likewise
};

}  // namespace glimt::command

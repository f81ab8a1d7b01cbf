// HubWords: what `glimt hub` and `glimt send --control` tell at their start.
#pragma once

#include "control/service.hpp"
#include "glimt/url.hpp"
#include "hub/config.hpp"
#include "hub/state.hpp"
#include "web/server.hpp"

namespace glimt::command {

// The addresses of its destinations, without those that cannot be read.
std::vector<Url> destinations_of(const hub::StreamStatus& stream);
// The command for `glimt ctl`, one for each address where the service listens.
void say_how_to_steer(const control::Service& service);
// The page, and how to ask whether all is well.
void say_how_to_look(const web::Server& web, const hub::HubConfig& config);
// Lines for /metrics of a hub; docs/metrics.md names them.
std::string control_metrics(const control::Service::Counters& counters);

}  // namespace glimt::command

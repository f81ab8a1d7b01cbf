// HubWords: what `glimt hub` and `glimt send --control` tell at their start.
#pragma once

#include "control/service.hpp"
#include "glimt/url.hpp"
#include "hub/state.hpp"
#include "web/server.hpp"

namespace glimt::command {

// The addresses of its destinations, without those that cannot be read.
std::vector<Url> destinations_of(const hub::StreamStatus& stream);
// The command for `glimt ctl`, one for each address where the service listens.
void say_how_to_steer(const control::Service& service);
// The page; `token_file`: of those who come from elsewhere.
void say_how_to_look(const web::Server& web, const std::string& token_file = {});
// Lines for /metrics of a hub; docs/metrics.md names them.
std::string control_metrics(const control::Service::Counters& counters);

}  // namespace glimt::command

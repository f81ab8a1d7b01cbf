// SendControl: `glimt send --control`: the one stream, run by a hub with a control service, so that it can be steered.
//
//   input    the command line, and what was made of it
//   output   as `glimt send`: progress, statistics, summary, exit code
//   errors   exit code 2 with the cure, also for what a hub cannot keep: --show, --frames, --fast, standard input
//   threads  the main thread
#pragma once

#include "send_options.hpp"

namespace glimt::command {

int send_with_control(const SendOptions& options, const std::vector<Url>& destinations,
                      const PublisherOptions& publishing);

}  // namespace glimt::command

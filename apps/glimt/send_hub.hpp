// SendHub: `glimt send` with a page (a destination http://) or --control: the one stream, run by a hub, so that it can be looked at and
// steered.
//
//   input    the command line, and what was made of it
//   output   as `glimt send`: progress, statistics, summary, exit code
//   errors   exit code 2 with the cure, also for what a hub cannot keep: --show, --frames, --fast, standard input
//   threads  the main thread
#pragma once

#include "send_options.hpp"

namespace glimt::command {

// `pages`: where they listen, as web::page_address() has it.
int send_by_hub(const SendOptions& options, const std::vector<Url>& destinations,
                const std::vector<std::string>& pages, const PublisherOptions& publishing);

}  // namespace glimt::command

// What `glimt recv` can be told.
#pragma once

#include "command.hpp"

namespace glimt::command {

struct RecvOptions {
  std::string address;
  std::vector<std::string> sinks;
  std::string record, segment, snapshot;
  std::string format, scale;
  int workers = 0;
  bool once = false, whole_only = false;
  RunFlags flags;
};

void add_recv_options(CLI::App& app, RecvOptions& options);
// Asks for an address that is missing, where somebody can answer. Throws CLI::RequiredError as CLI11 itself does.
void settle_address(RecvOptions& options);

}  // namespace glimt::command

// Ctl: the verbs of `glimt ctl`: a command line, a call or two of a hub's control service, what came of it for people or programs.
//
//   output   standard output: tables and lines for people, or with --json as in docs/ctl.md
//   errors   exit code 1 where a call was refused or nobody answers, 2 where the command line is wrong: then nothing was asked
//   threads  the main thread
#pragma once

#include "command.hpp"
#include "control/client.hpp"
#include "statistics_json.hpp"

namespace glimt::command {

struct Ctl {
  control::ClientOptions where;
  bool json = false;
};

using Call = std::function<Result<void>(control::Client&)>;
// Connects and calls; the exit code.
int call(const Ctl& ctl, const Call& what);

// One document on standard output; what is no UTF-8 in it is replaced.
void print(const Json& json);
// The same in one line, for streams of them. False where nobody reads any more.
bool print_line(const Json& json);

void add_connection_options(CLI::App& app, control::ClientOptions& where);

// Each adds its verbs to `app`, which is that of `glimt ctl`.
void add_ctl_looks(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code);
void add_ctl_watches(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code);
void add_ctl_changes(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code);
void add_ctl_hub(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code);
void add_ctl_routes(CLI::App& app, const std::shared_ptr<Ctl>& ctl, int& code);

}  // namespace glimt::command

// Completion: what may stand next on the command line, for the shells' scripts in packaging/completion.
//
//   input    the words behind `glimt`, the last of them as far as it was typed
//   output   whole words that begin so; none where a file name may stand, which the shell knows better
//   errors   none: a hub that does not answer has no names
//   threads  the main thread
#pragma once

#include "command.hpp"

namespace glimt::command {

// The scripts as they are installed.
extern const char* const kBashCompletion;
extern const char* const kZshCompletion;

std::vector<std::string> complete(const CLI::App& app, std::vector<std::string> words);

}  // namespace glimt::command

// ChildProcess: a process of this same program.
//
//   input    arguments, as behind `glimt`
//   output   where it was asked for, the lines that it writes
//   errors   none: where it could not start it is not running
//   threads  bound to its thread; started before this process has others
//   memory   what the child has written and nobody has read
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace glimt::command {

// Set, it lets what children say on standard error through.
inline constexpr const char* kChildVerbose = "GLIMT_CHILD_VERBOSE";

// Ended by its pid when it goes out of scope, and by the kernel when this process ends.
class ChildProcess {
 public:
  ChildProcess(std::vector<std::string> arguments, bool reads_output);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess() { stop(); }

  void stop();
  bool running();
  // The newest whole line since the last call; empty where there is none. Does not block.
  std::string newest_line();

 private:
  pid_t pid_ = -1;
  UniqueFd output_;
  std::string text_;
};

}  // namespace glimt::command

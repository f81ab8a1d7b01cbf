// Child: a command line that runs with its standard input or output on a pipe.
//
//   errors   a command that does not start ends the program
//   threads  thread-compatible
#pragma once

#include <sys/types.h>

#include <string>

namespace glimt::bench {

class Child {
 public:
  enum class Pipe { to_its_input, from_its_output };

  // `exec` by /bin/sh, so that the process is the command itself.
  Child(const std::string& command, Pipe pipe);
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int fd() const { return fd_; }
  // User and system time of all its threads so far, to 10 ms.
  double cpu_s() const;
  // KiB resident at most.
  long peak_kib() const;
  void end();

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
};

}  // namespace glimt::bench

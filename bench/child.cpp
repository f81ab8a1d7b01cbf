#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "measure.hpp"

namespace glimt::bench {
namespace {

constexpr int kPipeBytes = 1 << 20;

std::string contents(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path).rdbuf();
  return all.str();
}

}  // namespace

Child::Child(const std::string& command, Pipe pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) give_up("pipe");
  fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);
  const bool input = pipe == Pipe::to_its_input;
  pid_ = fork();
  if (pid_ == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(input ? ends[0] : null, STDIN_FILENO);
    dup2(input ? null : ends[1], STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
    _exit(127);
  }
  fd_ = input ? ends[1] : ends[0];
  close(input ? ends[0] : ends[1]);
}

double Child::cpu_s() const {
  const std::string stat = contents("/proc/" + std::to_string(pid_) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

long Child::peak_kib() const {
  const std::string status = contents("/proc/" + std::to_string(pid_) + "/status");
  const auto at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::atol(status.c_str() + at + 6);
}

void Child::end() {
  if (pid_ < 0) return;
  close(fd_);
  kill(pid_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace glimt::bench

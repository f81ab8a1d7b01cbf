#include "child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/log.hpp"

namespace glimt::command {

ChildProcess::ChildProcess(std::vector<std::string> arguments, bool reads_output) {
  std::array<int, 2> ends{-1, -1};
  if (reads_output && pipe2(ends.data(), O_CLOEXEC) != 0) return;
  const char* log_words = log::format() == LogFormat::json ? "json:warning" : "warning";
  arguments.insert(arguments.begin(), {"glimt", "--log", log_words});
  std::vector<char*> argv;
  for (auto& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);  // Ctrl-C reaches the parent, which ends its children in order
    if (ends[1] >= 0) dup2(ends[1], STDOUT_FILENO);
    if (!std::getenv(kChildVerbose)) dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  output_ = UniqueFd(ends[0]);
  UniqueFd(ends[1]).reset();
  if (output_) fcntl(output_.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)), text_(std::move(other.text_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(text_, other.text_);
  return *this;
}

void ChildProcess::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool ChildProcess::running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

std::string ChildProcess::newest_line() {
  std::array<char, 4096> chunk;
  for (ssize_t n; (n = read(output_.get(), chunk.data(), chunk.size())) > 0;)
    text_.append(chunk.data(), static_cast<size_t>(n));
  const auto end = text_.rfind('\n');
  if (end == std::string::npos) return {};
  const auto before = end == 0 ? std::string::npos : text_.rfind('\n', end - 1);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  std::string line = text_.substr(begin, end - begin);
  text_.erase(0, end + 1);
  return line;
}

}  // namespace glimt::command

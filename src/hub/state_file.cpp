#include "hub/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

namespace glimt::hub {
namespace {

Error unavailable(const std::string& path, const std::string& why) {
  return {ErrorKind::unavailable, path + ": " + why};
}
Error failed(const std::string& path, int error_number) {
  return unavailable(path,
                     std::string(std::strerror(error_number)) +
                         "; is the folder there, yours and writable, and the disk not full? Another place is "
                         "said with `state`, and \"none\" keeps nothing");
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}
// One name, for the lock keeps others away: what a killed process left is known by it.
std::string temporary(const std::string& path) { return path + ".new"; }

Result<UniqueFd> lock(const std::string& path) {
  const std::string name = path + ".lock";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed(name, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return unavailable(path,
                       "another hub keeps its state there; stop that one, or name another file with `state`");
  return fd;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// One byte more than is taken: whoever reads sees that it is too large.
Result<std::string> read_all(int fd, const std::string& path) {
  struct stat s {};
  if (fstat(fd, &s) != 0) return failed(path, errno);
  if (!S_ISREG(s.st_mode))
    return unavailable(path, "is no file; remove it, or name another one with `state`");
  std::string text(std::min(static_cast<size_t>(s.st_size), kMaxStateBytes + 1), '\0');
  size_t length = 0;
  while (length < text.size()) {
    const ssize_t n = ::read(fd, text.data() + length, text.size() - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path, errno);
    if (n == 0) break;
    length += static_cast<size_t>(n);
  }
  text.resize(length);
  return text;
}

// PATH.damaged-20261121-132451, and -2, -3… where there is one already.
Result<std::string> keep_aside(const std::string& path) {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  char time[32];
  std::strftime(time, sizeof time, ".damaged-%Y%m%d-%H%M%S", &local);
  std::string aside = path + time;
  struct stat s {};
  for (int copy = 2; lstat(aside.c_str(), &s) == 0; ++copy) aside = path + time + "-" + std::to_string(copy);
  if (std::rename(path.c_str(), aside.c_str()) != 0) return failed(path, errno);
  return aside;
}

// The new name is on the disk too. Some network file systems cannot say, and do it by themselves.
Result<void> sync_folder(int folder, const std::string& path) {
  if (fsync(folder) != 0 && errno != EINVAL) return failed(path, errno);
  return {};
}

}  // namespace

Result<StateFile::Opened> StateFile::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(folder_of(path), error);
  if (error) return failed(folder_of(path), error.value());
  auto held = lock(path);
  if (!held) return held.error();
  unlink(temporary(path).c_str());
  Opened opened{std::unique_ptr<StateFile>(new StateFile(path, std::move(*held))), {}, {}};
  // Not held up by a FIFO of that name.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return opened;
  if (!fd) return failed(path, errno);
  const auto text = read_all(fd.get(), path);
  if (!text) return text.error();
  auto changes = parse_changes(*text);
  if (changes) {
    opened.changes = std::move(*changes);
    return opened;
  }
  const auto aside = keep_aside(path);
  if (!aside) return aside.error();
  opened.complaint = path + " " + changes.error().message + "; it is kept as " + *aside +
                     ", and what it said beyond the configuration does not hold";
  return opened;
}

Result<void> StateFile::write(const Changes& changes) {
  const std::string text = to_text(changes), beside = temporary(path_);
  if (text.size() > kMaxStateBytes)
    return Error{ErrorKind::exhausted, path_ +
                                           ": the state would be larger than 16 MB; remove streams or "
                                           "destinations, or say them in the configuration"};
  const UniqueFd folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed(folder_of(path_), errno);
  const UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return failed(beside, errno);
  if (!write_all(fd.get(), text) || fsync(fd.get()) != 0 || std::rename(beside.c_str(), path_.c_str()) != 0) {
    const int why = errno;
    unlink(beside.c_str());
    return failed(path_, why);
  }
  return sync_folder(folder.get(), path_);
}

}  // namespace glimt::hub

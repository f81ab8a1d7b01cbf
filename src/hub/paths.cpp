#include "hub/paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace glimt::hub {
namespace {

// What is not absolute counts as not said, as the XDG base directory specification has it.
std::string folder_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value && value[0] == '/' ? value : "";
}

Error unavailable(std::string message) { return {ErrorKind::unavailable, std::move(message)}; }

}  // namespace

Result<std::string> runtime_folder() {
  const std::string base = folder_of("XDG_RUNTIME_DIR");
  const std::string folder = base.empty() ? "/tmp/glimt-" + std::to_string(geteuid()) : base + "/glimt";
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return unavailable(folder + ": " + std::strerror(errno) +
                       "; set XDG_RUNTIME_DIR to a folder that is there and yours");
  struct stat s {};
  if (lstat(folder.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))
    return unavailable(folder + ": is in the way and no folder; remove it, or set XDG_RUNTIME_DIR");
  if (s.st_uid != geteuid())
    return unavailable(
        folder + ": belongs to another user; have it removed, or set XDG_RUNTIME_DIR to a folder of yours");
  if ((s.st_mode & 07777) != 0700)
    return unavailable(folder + ": others may look in or write; look what is in it, then `chmod 700 " +
                       folder + "`");
  return folder;
}

Result<std::string> default_control_path() {
  auto folder = runtime_folder();
  if (!folder) return folder;
  return *folder + "/control.sock";
}

Result<std::string> default_stream_path(const std::string& name) {
  auto folder = runtime_folder();
  if (!folder) return folder;
  return *folder + "/" + name + ".sock";
}

Result<std::string> default_state_path() {
  std::string folder = folder_of("XDG_STATE_HOME");
  if (folder.empty()) {
    folder = folder_of("HOME");
    if (folder.empty())
      return unavailable(
          "where to keep the state? HOME is not set: name a file with `state = \"/…/hub.json\"`, "
          "or \"none\"");
    folder += "/.local/state";
  }
  return folder + "/glimt/hub.json";
}

}  // namespace glimt::hub

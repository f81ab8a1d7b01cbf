#include "picture_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace glimt::command {
namespace {

namespace fs = std::filesystem;

Error bad(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

Error failed(const std::string& path) {
  return {ErrorKind::unavailable,
          path + ": " + std::strerror(errno) + "; is the folder there, writable, and the disk not full?"};
}

bool write_all(std::FILE* file, const std::vector<uint8_t>& bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0;
}

}  // namespace

Result<void> check_picture_path(const std::string& path) {
  if (path == "-") {
    if (!isatty(STDOUT_FILENO)) return {};
    return bad("a JPEG is nothing for a terminal; name a file, as in now.jpg, or pipe it on");
  }
  const auto ending = fs::path(path).extension();
  if (ending != ".jpg" && ending != ".jpeg")
    return bad("'" + path + "': a snapshot is a JPEG; name it so, as in now.jpg, or - for standard output");
  std::error_code ignored;
  const auto there = fs::status(path, ignored);
  if (fs::exists(there) && !fs::is_regular_file(there))
    return bad("'" + path + "': is a folder or a device; name a file");
  return {};
}

Result<void> write_picture(const std::string& path, const std::vector<uint8_t>& jpeg) {
  if (path == "-") {
    if (write_all(stdout, jpeg)) return {};
    return Error{ErrorKind::unavailable, "standard output: " + std::string(std::strerror(errno))};
  }
  const fs::path place = path;
  const std::string part =
      (place.parent_path() / (".part-" + std::to_string(getpid()) + "-" + place.filename().string()))
          .string();
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(part.c_str(), "wbe"), std::fclose);
  if (!file) return failed(path);
  const bool written = write_all(file.get(), jpeg) && std::fclose(file.release()) == 0;
  if (written && std::rename(part.c_str(), path.c_str()) == 0) return {};
  const auto error = failed(path);
  std::remove(part.c_str());
  return error;
}

}  // namespace glimt::command

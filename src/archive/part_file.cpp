#include "archive/part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace glimt::archive {
namespace {

std::string identity_of(const wire::ArchiveFile& f) {
  return "glimt part: size " + std::to_string(f.size) + " modified " + std::to_string(f.modified_ns) +
         " fingerprint " + std::to_string(f.fingerprint);
}

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

}  // namespace

Error PartFile::failed(const std::string& what) const {
  return {ErrorKind::unavailable, what + ": " + std::strerror(errno) +
                                      "; is the folder there, writable, and the disk not full? What is in " +
                                      part() + " stays, and the next call goes on"};
}

Result<PartFile> PartFile::open(const std::string& path) {
  struct stat s {};
  if (lstat(path.c_str(), &s) == 0)
    return invalid(path + ": exists already; choose another name or remove it");
  UniqueFd fd(::open((path + ".part").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) {
    return invalid(path + ".part: " + std::strerror(errno) +
                   "; name a file in a folder that exists and is yours");
  }
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return invalid(path + ".part: another glimt is writing it; wait for it, or choose another name");
  if (fstat(fd.get(), &s) != 0 || !S_ISREG(s.st_mode))
    return invalid(path + ".part: is no regular file; remove it");
  PartFile file(std::move(fd), path);
  file.size_ = static_cast<uint64_t>(s.st_size);
  file.identity_ = first_line(file.id());
  if (file.size_ > 0 && file.identity_.empty())
    return invalid(path +
                   ".part: is in the way, and nothing says what it is; remove it or choose another name");
  return file;
}

bool PartFile::is_of(const wire::ArchiveFile& file) const {
  return identity_ == identity_of(file) && size_ <= file.size;
}

// Emptied before it gets its new name: whoever is killed between the two leaves nothing that is taken for the other.
Result<void> PartFile::begin(const wire::ArchiveFile& file) {
  if (ftruncate(fd_.get(), 0) != 0) return failed(part());
  size_ = 0;
  identity_ = identity_of(file);
  std::ofstream beside(id(), std::ios::trunc);
  beside << identity_ << "\n" << std::flush;
  if (!beside) return failed(id());
  return {};
}

Result<void> PartFile::append(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed(part());
    bytes = bytes.subspan(static_cast<size_t>(n));
    size_ += static_cast<uint64_t>(n);
  }
  return {};
}

Result<void> PartFile::finish() {
  if (fdatasync(fd_.get()) != 0) return failed(part());
  if (renameat2(AT_FDCWD, part().c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return invalid(path_ + ": exists by now; what came is in " + part());
    // Not every file system knows how not to replace.
    if (errno != EINVAL || std::rename(part().c_str(), path_.c_str()) != 0) return failed(path_);
  }
  std::error_code ignored;
  std::filesystem::remove(id(), ignored);
  return {};
}

}  // namespace glimt::archive

// Folder: the stills and clips that are offered, and the border around them.
//
//   A name is one component: no sub-folders, nothing hidden, no control characters. What was checked is what is opened:
//   the file's own descriptor, through no link, regular or not at all.
//
//   input    a path; names from anywhere
//   output   names now, and open files. The folder may change meanwhile
//   errors   open: with the cure. A name that is not there: invalid_argument, with the nearest ones
//   threads  thread-safe
//   memory   the names of a listing
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "glimt/error.hpp"
#include "wire/archive_messages.hpp"

namespace glimt::archive {

// A file that is open for reading, and what it was when it was opened.
struct StoredFile {
  UniqueFd fd;
  std::string name;
  wire::ArchiveKind kind = wire::ArchiveKind::clip;
  uint64_t size = 0;
  int64_t modified_ns = 0;

  // A path for whoever opens files by path; good while `fd` is open.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd.get()); }
  // Of the file's first and last 64 KB.
  Result<uint32_t> fingerprint() const;
  // Whether it still is what it was when it was opened.
  bool unchanged() const;
};

class Folder {
 public:
  static Result<Folder> open(const std::string& path);

  // What can be opened now, by name.
  std::vector<std::string> names() const;
  Result<StoredFile> open_file(const std::string& name) const;
  // The same, and of this kind.
  Result<StoredFile> open_file(const std::string& name, wire::ArchiveKind kind) const;

 private:
  Folder(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  std::string nearest(const std::string& name) const;

  UniqueFd fd_;
  std::string path_;
};

}  // namespace glimt::archive

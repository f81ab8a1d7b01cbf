// PartFile: FILE.part, which becomes FILE once it is whole.
//
//   What the bytes are of stands beside, in FILE.part.id: so the next call goes on, and notices when the file at the
//   server has changed meanwhile.
//
//   input    the path; the file's identity and its bytes in order
//   errors   open: invalid_argument where FILE exists, FILE.part is somebody else's or is being written.
//            append, finish: unavailable, with the cure
//   threads  thread-compatible
//   memory   none of its own
#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.hpp"
#include "wire/archive_messages.hpp"

namespace glimt::archive {

class PartFile {
 public:
  static Result<PartFile> open(const std::string& path);

  uint64_t size() const { return size_; }
  // What is there is of this file.
  bool is_of(const wire::ArchiveFile& file) const;
  // From its first byte on.
  Result<void> begin(const wire::ArchiveFile& file);
  Result<void> append(Bytes bytes);
  Result<void> finish();

 private:
  PartFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  std::string part() const { return path_ + ".part"; }
  std::string id() const { return path_ + ".part.id"; }
  Error failed(const std::string& what) const;

  UniqueFd fd_;
  std::string path_;
  uint64_t size_ = 0;
  std::string identity_;
};

}  // namespace glimt::archive

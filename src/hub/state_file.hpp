// StateFile: what was changed while the hub ran, so that it holds after a restart.
//
//   input    the whole overlay, anew with each change
//   output   what stood there last: after a crash the last acknowledged one or the one being written, never half of it
//   errors   open: a file that is damaged or of a newer version is kept aside as PATH.damaged-TIME, and `complaint` says so;
//            unavailable where it cannot be read or its folder cannot be made. write: unavailable, and the old one stands
//   threads  thread-compatible
//   memory   the file, at most 16 MB
#pragma once

#include <map>
#include <memory>

#include "hub/settings.hpp"

namespace glimt::hub {

// What differs from the configuration. `configured`: what that said of the stream when it was changed; it says something else now: that
// is newer and holds.
struct Change {
  std::optional<StreamSettings> configured;
  std::optional<StreamSettings> settings;  // nothing: removed
  bool operator==(const Change&) const = default;
};
using Changes = std::map<std::string, Change>;  // by stream

std::string to_text(const Changes& changes);
Result<Changes> parse_changes(std::string_view text);

class StateFile {
 public:
  struct Opened;
  static Result<Opened> open(const std::string& path);
  // Beside it, fsync, rename, fsync of the folder: when it returns, it is on the disk.
  Result<void> write(const Changes& changes);

 private:
  explicit StateFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct StateFile::Opened {
  std::unique_ptr<StateFile> file;
  Changes changes;
  std::string complaint;
};

}  // namespace glimt::hub

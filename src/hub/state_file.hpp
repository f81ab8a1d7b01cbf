// StateFile: what was changed while the hub ran, so that it holds after a restart.
//
//   input    the whole overlay, anew with each change
//   output   what stood there last: after a crash the last acknowledged one or the one being written, never half of it
//   errors   open: a file that is damaged, too large or of another version is kept aside as PATH.damaged-TIME, and `complaint` says
//            so; unavailable where it cannot be read, its folder cannot be made, or another hub has it (PATH.lock).
//            write: unavailable, or exhausted where it would not be read again; the old one stands. Each with the cure
//   threads  thread-compatible
//   memory   the file, at most 16 MB
#pragma once

#include <map>
#include <memory>

#include "base/unique_fd.hpp"
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

inline constexpr size_t kMaxStateBytes = size_t{16} << 20;

// JSON; what the settings say passes check().
std::string to_text(const Changes& changes);
// malformed: what is wrong. Types and bounds hold; whether a stream may be is check()'s to say.
Result<Changes> parse_changes(std::string_view text);

class StateFile {
 public:
  struct Opened;
  static Result<Opened> open(const std::string& path);
  // Beside it, fsync, rename, fsync of the folder: when it returns, it is on the disk.
  Result<void> write(const Changes& changes);

 private:
  StateFile(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const UniqueFd lock_;  // no other hub writes there as long as it is open
};

struct StateFile::Opened {
  std::unique_ptr<StateFile> file;
  Changes changes;
  std::string complaint;
};

}  // namespace glimt::hub

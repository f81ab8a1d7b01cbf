#include "archive/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/crc32c.hpp"
#include "base/nearest.hpp"
#include "source/frame_source.hpp"

namespace glimt::archive {
namespace {

constexpr size_t kFingerprintBytes = 64 * 1024;

bool is_clip_name(const std::string& name) {
  static constexpr std::array kEndings{".mp4",  ".mkv", ".avi", ".mov",  ".webm", ".m4v", ".mpg",
                                       ".mpeg", ".ts",  ".mts", ".wmv",  ".asf",  ".flv", ".mjpeg",
                                       ".mjpg", ".ogv", ".3gp", ".h264", ".264",  ".hevc"};
  std::string ending = std::filesystem::path(name).extension();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::optional<wire::ArchiveKind> kind_of(const std::string& name) {
  if (!wire::is_archive_name(name)) return std::nullopt;
  if (source::is_image_name(name)) return wire::ArchiveKind::still;
  if (is_clip_name(name)) return wire::ArchiveKind::clip;
  return std::nullopt;
}

int64_t modified_ns(const struct stat& s) {
  return static_cast<int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec;
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

Error not_there(const std::string& name, const std::string& why) {
  return {ErrorKind::invalid_argument, "there is no '" + name + "' here" + why};
}

}  // namespace

Result<uint32_t> StoredFile::fingerprint() const {
  std::vector<uint8_t> ends(2 * kFingerprintBytes);
  const size_t front = std::min<uint64_t>(size, kFingerprintBytes), back = front;
  const ssize_t a = pread(fd.get(), ends.data(), front, 0);
  const ssize_t b = pread(fd.get(), ends.data() + front, back, static_cast<off_t>(size - back));
  if (a != static_cast<ssize_t>(front) || b != static_cast<ssize_t>(back)) {
    return Error{ErrorKind::unavailable, name + ": cannot be read: " + std::strerror(errno)};
  }
  return crc32c(Bytes(ends).first(front + back));
}

bool StoredFile::unchanged() const {
  struct stat now {};
  return fstat(fd.get(), &now) == 0 && static_cast<uint64_t>(now.st_size) == size &&
         archive::modified_ns(now) == modified_ns;
}

Result<Folder> Folder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return Error{ErrorKind::unavailable,
                 path + ": " + std::strerror(errno) + "; name a folder that exists and may be read"};
  }
  return Folder(std::move(fd), path);
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> names;
  // A description of its own: two listings at once do not share a place in the folder.
  const int fd = openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> folder(fd >= 0 ? fdopendir(fd) : nullptr);
  if (!folder) return names;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    struct stat s {};
    if (!kind_of(name) || fstatat(fd_.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(s.st_mode)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<StoredFile> Folder::open_file(const std::string& name) const {
  const auto kind = kind_of(name);
  if (!kind) return not_there(name, nearest(name));
  // Found without being opened: a device or FIFO may not even feel it.
  const UniqueFd found(openat(fd_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat s {};
  if (!found || fstat(found.get(), &s) != 0 || !S_ISREG(s.st_mode)) return not_there(name, nearest(name));
  StoredFile file{{}, name, *kind, static_cast<uint64_t>(s.st_size), modified_ns(s)};
  const std::string path = "/proc/self/fd/" + std::to_string(found.get());
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.fd) {
    return Error{ErrorKind::unavailable, name + ": " + std::strerror(errno) + " at the server"};
  }
  return file;
}

Result<StoredFile> Folder::open_file(const std::string& name, wire::ArchiveKind kind) const {
  auto file = open_file(name);
  if (file && file->kind != kind) {
    const std::string is(to_string(file->kind));
    return Error{ErrorKind::invalid_argument, "'" + name + "' is " +
                                                  (kind == wire::ArchiveKind::clip ? "an " : "a ") + is +
                                                  "; ask for it with `glimt get " + is + "`"};
  }
  return file;
}

std::string Folder::nearest(const std::string& name) const {
  const std::string cure = "; `glimt get list` shows what there is";
  if (name.size() > wire::kMaxArchiveNameBytes) return cure;
  std::vector<std::pair<size_t, std::string>> near;
  for (const auto& known : names()) {
    const size_t letters = edit_distance(name, known);
    if (letters <= std::max<size_t>(2, known.size() / 3)) near.emplace_back(letters, known);
  }
  if (near.empty()) return cure;
  std::sort(near.begin(), near.end());
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(near.size(), 3); ++i) list += (i > 0 ? ", " : "") + near[i].second;
  return "; near to it: " + list + cure;
}

}  // namespace glimt::archive

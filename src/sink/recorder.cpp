#include "sink/recorder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.hpp"
#include "base/module.hpp"
#include "media/h264_layout.hpp"
#include "media/jpeg_layout.hpp"

namespace glimt::sink {
namespace {

using namespace std::chrono_literals;

constexpr auto kFlushEvery = 500ms;  // half of what a kill may cost
constexpr size_t kFlushBytes = size_t{16} << 20;
constexpr auto kTryAgainAfter = 3s;
constexpr auto kNotSooner = 500ms;  // than this the next file, however often the picture changes
constexpr auto kWarnAgainAfter = 60s;
constexpr uint64_t kRoomWanted = uint64_t{16}
                                 << 20;  // on the disk; with less a file would be its header only
// What arrives is live: a capture time far from the arrival is a clock that is wrong.
constexpr auto kOldestCapture = 60s;
constexpr auto kLongestPause = 1h;             // beyond some hours MP4 cannot say it
constexpr uint64_t kMostPictures = 1'000'000;  // their index stands in memory
constexpr int kMostCopies = 100;
constexpr auto kShortestSegment = 1s;

std::optional<Container> container_of(const std::string& path) {
  const auto ending = std::filesystem::path(path).extension();
  if (ending == ".mkv") return Container::matroska;
  if (ending == ".mp4") return Container::mp4;
  return std::nullopt;
}

std::filesystem::path folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

Error because(const std::string& path, int code) {
  return {ErrorKind::unavailable, path + ": " + file_trouble(code)};
}

// What can stand in a file as it is.
Result<void> suits(const media::AccessUnit& unit, Bytes picture) {
  if (unit.info.codec == Codec::raw) {
    return Error{ErrorKind::unsupported,
                 "uncompressed pictures are not recorded; send them with ?codec=jpeg or h264"};
  }
  if (unit.info.codec == Codec::h264 && !picture.empty()) return {};
  const auto scan = media::scan_jpeg(picture);
  if (scan.state != media::JpegScan::State::whole || scan.layout.width != unit.info.width ||
      scan.layout.height != unit.info.height) {
    return Error{ErrorKind::malformed,
                 "pictures that are no JPEG of the announced size are not recorded; "
                 "is the sender a Glimt of this version?"};
  }
  return {};
}

}  // namespace

std::string file_trouble(int code) {
  const char* cure = code == ENOENT || code == ENOTDIR  ? "; create the folder"
                     : code == EACCES || code == EPERM  ? "; make the folder writable for this user"
                     : code == ENOSPC || code == EDQUOT ? "; make room on the disk"
                     : code == EROFS                    ? "; mount it writable"
                                                        : "";
  return std::strerror(code) + std::string(cure);
}

bool is_recording(const Url& url) {
  return url.scheme == "record" || (url.scheme == "file" && container_of(url.path));
}

Result<RecorderOptions> parse_recording(const Url& url) {
  if (auto known = url.allow_only({"segment"}); !known) return known.error();
  RecorderOptions options{url.path, {}};
  if (const auto text = url.find("segment")) {
    const auto segment = parse_duration(*text);
    if (!segment) return segment.error();
    options.segment = *segment;
  }
  return options;
}

std::string name_by_time(const std::string& path, const std::tm& local, int copy) {
  const std::filesystem::path name(path);
  char time[32];
  std::strftime(time, sizeof time, "-%Y%m%d-%H%M%S", &local);
  std::string file = name.stem().string() + time;
  if (copy > 1) file += "-" + std::to_string(copy);
  return (name.parent_path() / (file + name.extension().string())).string();
}

Result<std::unique_ptr<Recorder>> Recorder::open(const RecorderOptions& options) {
  const auto address = open_module("libav", "glimt_open_muxer");
  if (!address) return address.error();
  return open(options, *static_cast<decltype(&open_libav_muxer)*>(*address));
}

Result<std::unique_ptr<Recorder>> Recorder::open(const RecorderOptions& options, OpenMuxer open_muxer) {
  const auto container = container_of(options.path);
  if (!container) {
    return Error{
        ErrorKind::unsupported,
        "'" + options.path + "': recordings are written as .mkv or .mp4; use a name such as out.mkv"};
  }
  if (options.segment && *options.segment < kShortestSegment) {
    return Error{ErrorKind::invalid_argument, "a segment of a recording is at least 1s long; try 10m"};
  }
  if (access(folder_of(options.path).c_str(), W_OK | X_OK) != 0) return because(options.path, errno);
  return std::unique_ptr<Recorder>(new Recorder(options, *container, std::move(open_muxer)));
}

Recorder::Recorder(const RecorderOptions& options, Container container, OpenMuxer open_muxer)
    : options_(options), container_(container), open_muxer_(std::move(open_muxer)) {}

Recorder::~Recorder() { finish(); }

void Recorder::put(const media::AccessUnit& unit, Instant now) {
  const auto& info = unit.info;
  const Bytes picture = unit.joined(joined_);
  if (auto fits = suits(unit, picture); !fits) {
    refuse(fits.error(), now);
    return;
  }
  const bool depends_on_missing = !info.key && file_ && info.number != file_->number + 1;
  if (depends_on_missing) {
    count(0, 1);
    return;
  }
  const Instant captured = std::clamp(info.stamps.captured_or_arrived(), now - kOldestCapture, now);
  if (file_ && wants_another(info, captured)) finish();
  if (!file_ && !begin_file(info, picture, captured, now)) {
    count(0, 1);
    return;
  }
  file_->number = info.number;
  ++file_->unflushed;
  file_->newest = std::max(file_->newest, captured);
  if (auto written = file_->muxer->write(picture, file_->newest - file_->began, info.key); !written) {
    break_off(written.error(), now);
    return;
  }
  ++file_->pictures;
  file_->bytes += picture.size();
  file_->unflushed_bytes += picture.size();
  if (file_->unflushed_bytes >= kFlushBytes) flush(now);
  tend(now);
}

void Recorder::tend(Instant now) {
  if (!file_ || now - tended_at_ < kFlushEvery) return;
  tended_at_ = now;
  flush(now);
  if (!file_) return;
  if (auto there = look_after(); !there) {
    complain(there.error());
    finish();
  }
}

bool Recorder::wants_another(const media::UnitInfo& info, Instant captured) const {
  const File& file = *file_;
  if (!info.key) return false;
  return info.width != file.kind.width || info.height != file.kind.height || info.codec != file.kind.codec ||
         file.pictures >= kMostPictures || captured - file.newest >= kLongestPause ||
         (options_.segment && captured - file.began >= *options_.segment);
}

bool Recorder::begin_file(const media::UnitInfo& info, Bytes picture, Instant captured, Instant now) {
  if (now < try_again_at_ || !info.key) return false;
  const auto began = std::chrono::system_clock::now() +
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(captured - now);
  auto file = create(began);
  if (!file) {
    complain(file.error());
    try_again_at_ = now + kTryAgainAfter;
    return false;
  }
  file->kind = {container_, info.codec, info.width, info.height, began, {}};
  if (info.codec == Codec::h264) file->kind.parameter_sets = media::parameter_sets(picture);
  file->began = file->newest = captured;
  auto muxer = open_muxer_(file->fd.get(), file->kind);
  if (!muxer) {
    unlink(file->path.c_str());
    complain({muxer.error().kind, file->path + ": " + muxer.error().message});
    try_again_at_ = now + kTryAgainAfter;
    return false;
  }
  file->muxer = std::move(*muxer);
  file->flushed_size = lseek(file->fd.get(), 0, SEEK_CUR);
  log::info("{} {}", broken_ ? "recording again, into" : "recording into", file->path);
  broken_ = false;
  any_file_ = true;
  tended_at_ = now;
  try_again_at_ = now + kNotSooner;
  file_ = std::move(*file);
  MutexLock lock(m_);
  counters_.file = file_->path;
  return true;
}

// The name as given serves once; all others are made of the time.
Result<Recorder::File> Recorder::create(std::chrono::system_clock::time_point began) {
  struct statvfs disk {};
  const auto folder = folder_of(options_.path);
  if (statvfs(folder.c_str(), &disk) != 0) return because(options_.path, errno);
  if (uint64_t{disk.f_bavail} * disk.f_frsize < kRoomWanted) return because(options_.path, ENOSPC);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(began);
  std::tm local{};
  localtime_r(&seconds, &local);
  const bool as_given = !options_.segment && !any_file_;
  for (int copy = as_given ? 0 : 1; copy <= kMostCopies; ++copy) {
    File file;
    file.path = copy == 0 ? options_.path : name_by_time(options_.path, local, copy);
    file.fd = UniqueFd(::open(file.path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
    if (file.fd) return file;
    if (errno != EEXIST) return because(file.path, errno);
    if (copy == 0)
      log::warning("{} exists and is not overwritten: this recording has its time in its name", file.path);
  }
  return because(options_.path, EEXIST);
}

void Recorder::flush(Instant now) {
  if (file_->unflushed == 0) return;
  if (auto flushed = file_->muxer->flush(); !flushed) {
    break_off(flushed.error(), now);
    return;
  }
  count(static_cast<int64_t>(file_->unflushed), 0);
  file_->any_flushed = true;
  file_->unflushed = file_->unflushed_bytes = 0;
  file_->flushed_size = lseek(file_->fd.get(), 0, SEEK_CUR);
}

// The file may have been removed or renamed: what goes into it then, its user does not find.
Result<void> Recorder::look_after() const {
  struct stat ours {
  }, named{};
  if (fstat(file_->fd.get(), &ours) != 0) return because(file_->path, errno);
  if (stat(file_->path.c_str(), &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
    return {};
  const bool folder = access(folder_of(file_->path).c_str(), F_OK) == 0;
  return folder ? Error{ErrorKind::unavailable,
                        file_->path + ": was removed or renamed; leave the file to glimt while it records"}
                : Error{ErrorKind::unavailable, file_->path + ": its folder was removed; create it again"};
}

void Recorder::finish() {
  if (!file_) return;
  const auto ended = file_->muxer->finish();
  if (!ended) log::warning("{}: {}; it plays all the same", file_->path, ended.error().message);
  count(ended ? static_cast<int64_t>(file_->unflushed) : 0,
        ended ? 0 : static_cast<int64_t>(file_->unflushed));
  log::info("{}: {} frames, {:.1f} s, {:.1f} MB", file_->path, file_->pictures,
            to_ms(file_->newest - file_->began) / 1000, static_cast<double>(file_->bytes) / 1e6);
  file_.reset();
}

// The file ends with what was flushed, and is gone where that was nothing.
void Recorder::break_off(const Error& why, Instant now) {
  count(0, static_cast<int64_t>(file_->unflushed));
  complain({why.kind, file_->path + ": " + why.message});
  file_->muxer.reset();
  if (!file_->any_flushed && look_after()) unlink(file_->path.c_str());
  if (ftruncate(file_->fd.get(), file_->flushed_size) != 0)
    log::debug("{}: {}", file_->path, std::strerror(errno));
  file_.reset();
  try_again_at_ = now + kTryAgainAfter;
}

void Recorder::complain(const Error& why) {
  if (!broken_) log::warning("{}; recording is tried again every 3 s, the stream goes on", why.message);
  broken_ = true;
}

void Recorder::refuse(const Error& why, Instant now) {
  count(0, 1);
  if (now >= refused_until_) log::warning("not recorded: {}; the stream goes on", why.message);
  refused_until_ = now + kWarnAgainAfter;
}

void Recorder::count(int64_t recorded, int64_t not_recorded) {
  MutexLock lock(m_);
  counters_.recorded += static_cast<uint64_t>(recorded);
  counters_.not_recorded += static_cast<uint64_t>(not_recorded);
}

RecordingCounters Recorder::counters() const {
  MutexLock lock(m_);
  return counters_;
}

}  // namespace glimt::sink

// Recorder: a stream of access units into files, for as long as it takes.
//
//   A new file begins every `segment`, when size or codec change, after an hour without a picture, after a million pictures,
//   and when the one before was lost: disk full, file or folder removed, rights withdrawn. What is lost is said
//   once with its cure and tried again every three seconds; meanwhile pictures are counted as not recorded.
//   No file is ever overwritten: the first one without segments has the name as given, unless that exists; all
//   others have their time in it: out-20261121-132451.mkv
//
//   Of H.264 each file begins with a key frame; a picture that depends on one that is in no file is in none.
//
//   input    whole access units of one stream; tend() at least every quarter of a second
//   output   files that play up to the last second also when the process is killed
//   errors   open: with the cure. Later: warnings and counters; the stream goes on
//   units    capture times, kept; the file's creation time is the first one by the wall clock
//   threads  thread-compatible; counters() thread-safe. Blocks as the disk does
//   memory   the muxer's: what was recorded in half a second, at most 16 MB and a picture
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "base/mutex.hpp"
#include "base/unique_fd.hpp"
#include "glimt/url.hpp"
#include "sink/muxer.hpp"

namespace glimt::sink {

struct RecordingCounters {
  uint64_t recorded = 0;
  uint64_t not_recorded = 0;  // whole units that stand in no file
  std::string file;           // the newest

  RecordingCounters& operator+=(const RecordingCounters& later) {
    recorded += later.recorded;
    not_recorded += later.not_recorded;
    if (!later.file.empty()) file = later.file;
    return *this;
  }
};

// Where whole access units end.
class UnitSink {
 public:
  virtual ~UnitSink() = default;
  virtual void put(const media::AccessUnit& unit, Instant now) = 0;
  // Called also when no unit comes.
  virtual void tend(Instant now) = 0;
  // No unit comes any more: what was put stands in whole files.
  virtual void finish() = 0;
  virtual RecordingCounters counters() const = 0;
};

struct RecorderOptions {
  std::string path;  // its ending says the container: .mkv or .mp4
  std::optional<Duration> segment;
};

// record:out.mkv, out.mkv, out.mp4?segment=10m
bool is_recording(const Url& url);
Result<RecorderOptions> parse_recording(const Url& url);
// "out.mkv" at a time: out-20261121-132451.mkv, and for a second file of that second out-20261121-132451-2.mkv.
std::string name_by_time(const std::string& path, const std::tm& local, int copy);

class Recorder final : public UnitSink {
 public:
  // Through the module glimt_libav.
  static Result<std::unique_ptr<Recorder>> open(const RecorderOptions& options);
  static Result<std::unique_ptr<Recorder>> open(const RecorderOptions& options, OpenMuxer open_muxer);
  ~Recorder() override;

  void put(const media::AccessUnit& unit, Instant now) override;
  void tend(Instant now) override;
  void finish() override;
  RecordingCounters counters() const override;

 private:
  struct File {
    std::string path;
    UniqueFd fd;
    MuxerOptions kind;
    std::unique_ptr<Muxer> muxer;  // before fd is closed
    Instant began{}, newest{};     // captured
    uint64_t pictures = 0, bytes = 0;
    uint64_t unflushed = 0, unflushed_bytes = 0;
    off_t flushed_size = 0;
    bool any_flushed = false;
    Sequence number;  // of the newest picture
  };

  Recorder(const RecorderOptions& options, Container container, OpenMuxer open_muxer);
  bool wants_another(const media::UnitInfo& info, Instant captured) const;
  bool begin_file(const media::UnitInfo& info, Bytes picture, Instant captured, Instant now);
  Result<File> create(std::chrono::system_clock::time_point began);
  void flush(Instant now);
  Result<void> look_after() const;
  void break_off(const Error& why, Instant now);
  void complain(const Error& why);
  void refuse(const Error& why, Instant now);
  void count(int64_t recorded, int64_t not_recorded);

  const RecorderOptions options_;
  const Container container_;
  const OpenMuxer open_muxer_;
  std::optional<File> file_;
  media::Buffer joined_;  // a picture that came in strips
  bool any_file_ = false;
  Instant tended_at_{}, try_again_at_{};
  bool broken_ = false;      // said already
  Instant refused_until_{};  // until then no second warning of what cannot be recorded

  mutable Mutex m_;
  RecordingCounters counters_ GLIMT_GUARDED_BY(m_);
};

}  // namespace glimt::sink

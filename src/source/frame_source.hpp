// FrameSource: where pictures are born.
//
//   input    an address: test:, file:, camera:, an image, "-" for standard input
//   output   pictures one by one, stamped with their capture time; empty at the end
//   errors   open: with the cure. read: the source is lost; what was read before stands
//   threads  read() is bound to one thread and blocks; interrupt() is thread-safe and makes it return empty
//            soon
//   memory   a few frames of a pool
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "glimt/options.hpp"
#include "glimt/url.hpp"
#include "media/access_unit.hpp"

namespace glimt::source {

// Encoded pictures (MJPEG) stay encoded.
using Picture = std::variant<media::Frame, Ref<media::AccessUnit>>;

// What the user chose, and what the pipeline knows.
struct SourceOptions : glimt::SourceOptions {
  size_t max_frame_bytes = size_t{64} << 20;
  // A file begins with the picture of this time of its own, or the next.
  std::chrono::microseconds from{0};
  // So many pictures are left out after that.
  uint64_t skip = 0;
  // What a file is called where its path does not say, as /proc/self/fd/7: its ending is its kind.
  std::string name;
};

enum class SourceState {
  flowing,
  black,      // pictures come, all black
  stalled,    // open, but no picture comes
  damaged,    // pictures come, none of them whole
  gone,       // pulled out
  busy,       // taken by another program
  forbidden,  // this user may not open it
  broken,     // opens, but does not work
};
std::string_view to_string(SourceState state);

struct SourceStats {
  SourceState state = SourceState::flowing;
  uint64_t reopened = 0;        // found again after it was lost
  uint64_t refused = 0;         // pictures that broke their format, left out
  std::optional<Duration> age;  // since the newest picture was captured, where the source keeps count
};

class FrameSource {
 public:
  struct Traits {
    std::string description;  // "test picture 1280x720 at 30 fps"
    bool patient = false;     // can wait without losing pictures: files and standard input
    bool encoded = false;     // gives access units
    // Of a file, as far as it says; otherwise 0.
    int width = 0, height = 0;
    double fps = 0;
    uint64_t frames = 0;
  };
  virtual ~FrameSource() = default;
  virtual Result<std::optional<Picture>> read() = 0;
  virtual void interrupt() = 0;
  virtual Traits traits() const = 0;
  // Thread-safe. A source that is either there or at its end has no trouble to tell.
  virtual SourceStats stats() const { return {}; }
};

// Whether a file of this name is taken for a still image.
bool is_image_name(const std::string& name);

Result<std::unique_ptr<FrameSource>> open_source(const Url& url, const SourceOptions& options);

Result<std::unique_ptr<FrameSource>> open_pattern(const Url& url, const SourceOptions& options);
Result<std::unique_ptr<FrameSource>> open_standard_input(const SourceOptions& options);
// In modules, because of the libraries behind them.
Result<std::unique_ptr<FrameSource>> open_camera(const Url& url, const SourceOptions& options);
Result<std::unique_ptr<FrameSource>> open_capture(const Url& url, const SourceOptions& options);
Result<std::unique_ptr<FrameSource>> open_image(const Url& url, const SourceOptions& options);

}  // namespace glimt::source

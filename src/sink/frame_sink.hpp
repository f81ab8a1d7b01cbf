// FrameSink: where pictures end: a window, standard output, an image file, or nowhere.
//
//   input    an address: window:, "-", null:, image:now.png; frames one by one
//   output   whether more is wanted: Next::enough where this sink is done (its image is written), Next::end where
//            its user is (the window was closed, the reader has gone)
//   errors   open: with the cure. put: the sink is lost
//   threads  bound to one thread; a window to the main thread
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "glimt/url.hpp"
#include "media/access_unit.hpp"

namespace glimt::sink {

struct SinkOptions {
  std::string title = "glimt";
  // What to do where there is no display for a window.
  std::string without_display = "receive to - or null: or image:now.png";
  // Raised when the program is to end: standard output then waits for its reader one second more.
  const std::atomic<bool>* stop = nullptr;
  // What standard output takes of access units; others are an error. Nothing: whatever was sent.
  std::optional<Codec> codec;
  // A window of a still: any key ends it, and it does not say how old its picture is.
  bool still = false;
};

class FrameSink {
 public:
  enum class Next { more, enough, end };
  virtual ~FrameSink() = default;
  virtual Result<Next> put(const media::Frame& frame) = 0;
  // Pictures of a format it does not take are converted to bgr24 before.
  virtual bool takes(PixelFormat) const { return true; }
  // Where access units were asked for.
  virtual Result<Next> put_unit(const media::AccessUnit&) {
    return Error{ErrorKind::unsupported, "this sink takes decoded pictures"};
  }
  // Called when no picture came for a while.
  virtual Result<Next> idle() { return Next::more; }
  // What the sink found out, for the summary; empty where nothing.
  virtual std::string summary() const { return {}; }
  // True where what it verified was wrong.
  virtual bool failed() const { return false; }
};

Result<std::unique_ptr<FrameSink>> open_sink(const Url& url, const SinkOptions& options);

std::unique_ptr<FrameSink> make_standard_output(const SinkOptions& options);
Result<std::unique_ptr<FrameSink>> open_null(const Url& url);
// In modules, because of the libraries behind them.
Result<std::unique_ptr<FrameSink>> open_window(const Url& url, const SinkOptions& options);
Result<std::unique_ptr<FrameSink>> open_image(const Url& url, const SinkOptions& options);

}  // namespace glimt::sink

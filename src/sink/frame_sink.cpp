#include "sink/frame_sink.hpp"

#include "base/module.hpp"
#include "sink/display.hpp"

namespace glimt::sink {
namespace {

Result<std::unique_ptr<FrameSink>> open_in_module(const char* module, const char* function, const Url& url,
                                                  const SinkOptions& options) {
  using Open = decltype(&open_window);
  const auto address = open_module(module, function);
  if (!address) return address.error();
  return (*reinterpret_cast<Open*>(*address))(url, options);
}

// A display that is named but does not answer makes Qt end the process: it is asked before.
Result<void> check_display(const SinkOptions& options) {
  const auto display = find_display();
  if (display.kind == Display::Kind::none) {
    return Error{ErrorKind::unavailable,
                 "there is no display for a window; set DISPLAY, or " + options.without_display};
  }
  if (display.answers) return {};
  return Error{ErrorKind::unavailable, "the display " + display.name +
                                           " does not answer; set DISPLAY to one that runs, or " +
                                           options.without_display};
}

}  // namespace

Result<std::unique_ptr<FrameSink>> open_sink(const Url& url, const SinkOptions& options) {
  if (url.scheme == "-") return make_standard_output(options);
  if (url.scheme == "null") return open_null(url);
  if (url.scheme == "window") {
    if (auto known = url.allow_only({}); !known) return known.error();
    if (auto shown = check_display(options); !shown) return shown.error();
    return open_in_module("highgui", "glimt_open_window", url, options);
  }
  if (url.scheme == "image" || url.scheme == "file") {
    if (auto known = url.allow_only({"every"}); !known) return known.error();
    return open_in_module("imgcodecs", "glimt_open_image_sink", url, options);
  }
  return Error{ErrorKind::unsupported,
               "'" + url.text + "': unknown kind of sink '" + url.scheme +
                   "'; known: window:, null:, image:now.png, record:out.mkv, - for standard output"};
}

}  // namespace glimt::sink

// FrameFilter: changes pictures between source and encoder, or says something of them in their metadata.
//
//   input    pictures, one by one; those that stay encoded can only be annotated
//   output   the picture; stamps and number as they came
//   errors   open: with the cure, also where a file that the filter needs is missing or damaged
//   threads  thread-compatible. A filter that needs long has a thread of its own: apply() and annotate() do not wait
//   memory   a picture of a pool; filters say what else
#pragma once

#include <functional>
#include <memory>

#include "glimt/url.hpp"
#include "media/access_unit.hpp"

namespace glimt::filter {

class FrameFilter {
 public:
  virtual ~FrameFilter() = default;
  // It changes pixels: encoded pictures are decoded before.
  virtual bool draws() const = 0;
  virtual media::Frame apply(media::Frame frame) = 0;
  // Of a filter that does not draw: the unit's strips stay as they are. Nobody else holds the unit yet.
  virtual void annotate(media::AccessUnit& unit) = 0;
};

// How a filter sees into a picture that stays encoded; called on the filter's own thread.
using DecodeUnit = std::function<Result<media::Frame>(const media::AccessUnit& unit, PixelFormat format)>;

// "faces", "faces:metadata?min_size=40".
Result<std::unique_ptr<FrameFilter>> open_filter(std::string_view text, DecodeUnit decode);

Result<std::unique_ptr<FrameFilter>> open_faces(const Url& url, std::string_view what, DecodeUnit decode);

}  // namespace glimt::filter

#include "filter/frame_filter.hpp"

namespace glimt::filter {

Result<std::unique_ptr<FrameFilter>> open_filter(std::string_view text, DecodeUnit decode) {
  const auto url = Url::parse(text);
  if (!url) return Error{ErrorKind::invalid_argument, "a filter is empty; try faces or faces:metadata"};
  // A word without a colon is a file elsewhere, here it is the filter.
  const bool bare = url->scheme == "file";
  const std::string& name = bare ? url->path : url->scheme;
  if (name == "faces") return open_faces(*url, bare ? "" : url->path, std::move(decode));
  return Error{ErrorKind::unsupported,
               "'" + url->text + "': unknown filter '" + name + "'; known: faces, faces:metadata"};
}

}  // namespace glimt::filter

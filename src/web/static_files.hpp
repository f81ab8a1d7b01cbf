// StaticFiles: the page's own files, compiled into the module `beast`.
//
//   threads  thread-safe: they do not change
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.hpp"

namespace glimt::web {

struct StaticFile {
  std::string_view path;  // "/page.js"; the page itself is "/"
  std::string_view type;
  Bytes bytes;
};

// None where the tree was built without the page. Written by cmake/embed_files.cmake.
std::span<const StaticFile> static_files();

}  // namespace glimt::web

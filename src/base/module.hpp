// Modules: parts of Glimt that need heavy libraries (videoio, imgcodecs, highgui, objdetect, libav, h264) and are opened at first
// use, so that a program which does not need them starts in milliseconds.
//
//   input    the module's name and the function it exports; looked for beside the library, then in its glimt/
//            folder
//   output   the function's address, good for ever: modules are never unloaded
//   errors   unavailable, naming the Debian package that brings what is missing
//   threads  thread-safe
#pragma once

#include <string>

#include "glimt/error.hpp"

namespace glimt {

Result<void*> open_module(const std::string& name, const std::string& function);
// Whether it opens, without a use for it yet.
Result<void> try_module(const std::string& name);

}  // namespace glimt

// PictureFile: an encoded picture into a file that nobody sees half written.
//
//   errors   check: invalid_argument where the name says that it is no JPEG, where something other than a file is there, or where "-" is
//            a terminal. write: unavailable, and what was there before stands
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::command {

// "-" is standard output.
Result<void> check_picture_path(const std::string& path);
Result<void> write_picture(const std::string& path, const std::vector<uint8_t>& jpeg);

}  // namespace glimt::command

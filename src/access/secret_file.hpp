// Secret files: tokens, keys and certificates, as they stand in files.
//
//   input    a path; files of at most 1 MB
//   errors   with the cure: cannot be read, too large; a token that is none
//   threads  thread-safe; blocks on the disk
#pragma once

#include <string>

#include "glimt/error.hpp"

namespace glimt::access {

// `what`: for people, as in "certificate".
Result<std::string> read_file(const std::string& path, const std::string& what);
// As above; a file that every user of the machine may read is warned of.
Result<std::string> read_secret(const std::string& path, const std::string& what);
// The first line, without spaces around it: 16 to 4096 printable characters of ASCII.
Result<std::string> read_token(const std::string& path);

}  // namespace glimt::access

// X.509: certificates and keys as they stand in PEM files, looked at with OpenSSL.
//
//   errors   with the cure: what cannot be read, is none, or does not belong together
//   threads  thread-safe; blocks on the disk
#pragma once

#include <string>

#include "glimt/error.hpp"

namespace glimt::access {

struct Pair {
  std::string certificate, key;  // PEM
};
// Checked: the key is the certificate's. One that is over, or not begun yet, is warned of.
Result<Pair> read_pair(const std::string& certificate_file, const std::string& key_file);
// At least one certificate stands in it.
Result<std::string> read_authority(const std::string& file);

}  // namespace glimt::access

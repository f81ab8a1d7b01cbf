// Certificate: for a hub whose control service is to be reached over TCP, where no authority gives one. Self-signed, ECDSA P-256;
// whoever calls is given the certificate, and checks the hub by it.
//
//   input    a folder, made with mode 0700 where it is not there; names by which the hub is called
//   output   control.crt and control.key (mode 0600) in it
//   errors   invalid_argument for what is no name; already_exists: nothing is overwritten; unavailable where the disk does not take it
//   threads  thread-safe; blocks on the disk
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::control {

struct CertificateOptions {
  std::string folder;
  std::vector<std::string> names;  // beside this machine's own, localhost, 127.0.0.1 and ::1
  std::chrono::system_clock::time_point from = std::chrono::system_clock::now();
  std::chrono::hours valid_for{825 * 24};  // the most that common clients take
};
struct CertificateFiles {
  std::string certificate, key;
};

// Opens the module `grpc`, because of OpenSSL.
Result<CertificateFiles> make_certificate(const CertificateOptions& options);

}  // namespace glimt::control

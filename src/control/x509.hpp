// X.509: certificates made and looked at, with OpenSSL.
//
//   errors   with the cure
//   threads  thread-safe
#pragma once

#include "control/certificate.hpp"

namespace glimt::control {

Result<CertificateFiles> make_self_signed(const CertificateOptions& options);

// That the key is the certificate's. One that is over, or not begun yet, is warned of. PEM; `name`: of the file, for people.
Result<void> check_pair(const std::string& certificate, const std::string& key, const std::string& name);
// That at least one certificate stands in it.
Result<void> check_authority(const std::string& certificates, const std::string& name);

}  // namespace glimt::control

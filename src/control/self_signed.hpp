// What make_certificate() does, in the module that has OpenSSL.
//
//   errors   as make_certificate()
//   threads  thread-safe; blocks on the disk
#pragma once

#include "control/certificate.hpp"

namespace glimt::control {

Result<CertificateFiles> make_self_signed(const CertificateOptions& options);

}  // namespace glimt::control

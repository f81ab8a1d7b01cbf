#include "control/certificate.hpp"

#include "base/module.hpp"

namespace glimt::control {

Result<CertificateFiles> make_certificate(const CertificateOptions& options) {
  const auto address = open_module("grpc", "glimt_make_certificate");
  if (!address) return address.error();
  return (*static_cast<decltype(&make_certificate)*>(*address))(options);
}

}  // namespace glimt::control

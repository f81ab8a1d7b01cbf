#include "control/service.hpp"

#include "base/module.hpp"

namespace glimt::control {

Result<std::unique_ptr<Service>> open_service(const ServiceOptions& options) {
  const auto address = open_module("grpc", "glimt_open_service");
  if (!address) return address.error();
  return (*static_cast<decltype(&open_service)*>(*address))(options);
}

}  // namespace glimt::control

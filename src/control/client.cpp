#include "control/client.hpp"

#include "base/module.hpp"

namespace glimt::control {

Result<std::unique_ptr<Client>> open_client(const ClientOptions& options) {
  const auto address = open_module("grpc", "glimt_open_client");
  if (!address) return address.error();
  return (*static_cast<decltype(&open_client)*>(*address))(options);
}

}  // namespace glimt::control

#include "web/server.hpp"

#include "base/module.hpp"

namespace glimt::web {

Result<std::unique_ptr<Server>> open_server(const ServerOptions& options) {
  const auto address = open_module("beast", "glimt_open_server");
  if (!address) return address.error();
  return (*static_cast<decltype(&open_server)*>(*address))(options);
}

}  // namespace glimt::web

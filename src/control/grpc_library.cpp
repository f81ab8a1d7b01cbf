#include "control/grpc_library.hpp"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <cctype>

#include "base/log.hpp"

namespace glimt::control {

void set_up_grpc() {
  [[maybe_unused]] static const bool once = [] {
    gpr_set_log_function([](gpr_log_func_args* args) { log::info("gRPC: {}", args->message); });
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
}

std::string unix_target(const std::string& path) {
  std::string target = "unix:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) || c == '/' || c == '-' || c == '_' || c == '.';
    target += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return target;
}

}  // namespace glimt::control

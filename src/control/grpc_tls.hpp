// TLS credentials of both ends, from PEM files.
//
//   errors   with the cure: files that are missing or do not belong together, nothing that says who may
//   threads  thread-safe; blocks on the disk
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "control/client.hpp"
#include "control/grpc_gate.hpp"
#include "hub/config.hpp"

namespace glimt::control {

// That what is said of TCP is enough for it: TLS, and tokens or client certificates.
Result<void> check_tcp(const hub::ControlSettings& settings);
// `gate` outlives them.
Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const hub::ControlSettings& settings,
                                                                    Gate& gate);
Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(const ClientOptions& options);

}  // namespace glimt::control

// gRPC's status <-> Error, kind for kind, as the proto's head has them.
//
//   threads  thread-safe
#pragma once

#include <grpcpp/support/status.h>

#include "glimt/error.hpp"

namespace glimt::control {

grpc::Status to_status(const Error& error);
// Of a status that is not OK.
Error to_error(const grpc::Status& status);

}  // namespace glimt::control

#include "control/grpc_status.hpp"

#include "control/grpc_values.hpp"

namespace glimt::control {
namespace {

using grpc::StatusCode;

StatusCode code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_argument:
    case ErrorKind::malformed:
      return StatusCode::INVALID_ARGUMENT;
    case ErrorKind::unsupported:
      return StatusCode::FAILED_PRECONDITION;
    case ErrorKind::unavailable:
    case ErrorKind::disconnected:
      return StatusCode::UNAVAILABLE;
    case ErrorKind::exhausted:
      return StatusCode::RESOURCE_EXHAUSTED;
    case ErrorKind::unauthenticated:
      return StatusCode::UNAUTHENTICATED;
    case ErrorKind::forbidden:
      return StatusCode::PERMISSION_DENIED;
    case ErrorKind::not_found:
      return StatusCode::NOT_FOUND;
    case ErrorKind::already_exists:
      return StatusCode::ALREADY_EXISTS;
    case ErrorKind::internal:
      return StatusCode::INTERNAL;
  }
  return StatusCode::INTERNAL;
}

ErrorKind kind_of(StatusCode code) {
  switch (code) {
    case StatusCode::INVALID_ARGUMENT:
      return ErrorKind::invalid_argument;
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::UNIMPLEMENTED:
      return ErrorKind::unsupported;
    case StatusCode::UNAVAILABLE:
    case StatusCode::DEADLINE_EXCEEDED:
    case StatusCode::CANCELLED:
      return ErrorKind::unavailable;
    case StatusCode::RESOURCE_EXHAUSTED:
      return ErrorKind::exhausted;
    case StatusCode::UNAUTHENTICATED:
      return ErrorKind::unauthenticated;
    case StatusCode::PERMISSION_DENIED:
      return ErrorKind::forbidden;
    case StatusCode::NOT_FOUND:
      return ErrorKind::not_found;
    case StatusCode::ALREADY_EXISTS:
      return ErrorKind::already_exists;
    default:
      return ErrorKind::internal;
  }
}

}  // namespace

grpc::Status to_status(const Error& error) { return {code_of(error.kind), utf8(error.message)}; }

Error to_error(const grpc::Status& status) { return {kind_of(status.error_code()), status.error_message()}; }

}  // namespace glimt::control

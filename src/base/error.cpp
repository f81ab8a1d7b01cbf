#include "glimt/error.hpp"

namespace glimt {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_argument:
      return "invalid_argument";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::disconnected:
      return "disconnected";
    case ErrorKind::malformed:
      return "malformed";
    case ErrorKind::exhausted:
      return "exhausted";
    case ErrorKind::unauthenticated:
      return "unauthenticated";
    case ErrorKind::forbidden:
      return "forbidden";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::already_exists:
      return "already_exists";
    case ErrorKind::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace glimt

// gRPC as a whole: set up once a process, and the names it has for addresses.
//
//   threads  thread-safe
#pragma once

#include <string>

namespace glimt::control {

// What gRPC says goes into the house's log, at info: whoever knocks with other than TLS must not fill it.
void set_up_grpc();
// "unix:" and the path, with the marks of an address escaped.
std::string unix_target(const std::string& path);

}  // namespace glimt::control

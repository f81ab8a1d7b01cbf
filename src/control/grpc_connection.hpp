// Connection: a channel to a hub, and what is shown with each call.
//
//   input    ClientOptions
//   errors   with the cure: an address that is none, TCP without a certificate to check the hub by or without a right
//   threads  thread-safe; reads files
#pragma once

#include <grpcpp/channel.h>

#include "control/client.hpp"

namespace glimt::control {

struct Connection {
  std::string address;  // for people
  bool tcp = false;
  std::string token;  // empty: none
  std::shared_ptr<grpc::Channel> channel;
};

// Connects with the first call.
Result<Connection> connect(const ClientOptions& options);

}  // namespace glimt::control

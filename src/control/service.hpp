// Service: a hub's control service over gRPC, on a Unix socket and, with TLS, on TCP. Translates, decides nothing.
//
//   input    a hub; what the configuration says of control
//   output   calls answered until the service is destroyed, which first tells watchers and lets calls end
//   errors   open: with the cure (path or port in use, certificate that does not fit, TCP without TLS and without token or client
//            certificates)
//   threads  gRPC's own, of the module `grpc`, and one for watchers; thread-safe
//   memory   ControlSettings: message size, watchers; a watcher a few messages
#pragma once

#include <functional>
#include <memory>

#include "hub/config.hpp"
#include "hub/hub.hpp"

namespace glimt::control {

class Service {
 public:
  struct Counters {
    uint64_t calls = 0, refused_calls = 0, events_missed = 0;
    uint64_t watchers = 0;  // at this moment
  };
  virtual ~Service() = default;
  virtual Counters counters() const = 0;
  // As it listens: "unix:///run/user/1000/glimt/control.sock", "10.0.0.1:5443".
  virtual std::vector<std::string> addresses() const = 0;
};

struct ServiceOptions {
  hub::Hub& hub;  // outlives the service
  hub::ControlSettings settings;
  std::function<Result<hub::Hub::Reload>()> reload;  // reads the configuration file again
};

// Opens the module `grpc`, because of the libraries behind it.
Result<std::unique_ptr<Service>> open_service(const ServiceOptions& options);

}  // namespace glimt::control

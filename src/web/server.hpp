// Server: a hub over HTTP: /health, /metrics, /snapshot/NAME.
//
//   input    a hub; where to listen
//   output   answers, until the server is destroyed
//   errors   open: with the cure (port in use, address that is none)
//   threads  one of its own, which waits for the hub now and then; thread-safe
//   memory   ServerOptions: connections, and for each a header of 8 KB and one answer
#pragma once

#include <functional>
#include <memory>

#include "hub/hub.hpp"

namespace glimt::web {

struct ServerOptions {
  hub::Hub& hub;  // outlives the server
  std::string listen = "127.0.0.1:8080";
  int connections = 256;
  // Further lines for /metrics, in its format, of what the server does not know of.
  std::function<std::string()> more_metrics;
};

class Server {
 public:
  virtual ~Server() = default;
  virtual std::string address() const = 0;  // as it listens: "http://127.0.0.1:8080/"
};

// Opens the module `beast`.
Result<std::unique_ptr<Server>> open_server(const ServerOptions& options);

}  // namespace glimt::web

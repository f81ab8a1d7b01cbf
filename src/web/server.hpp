// Server: a hub over HTTP, as docs/web.md says.
//
//   input    a hub; where to listen
//   output   answers, until the server is destroyed
//   errors   open: with the cure (port in use, address that is none)
//   threads  two of its own: one serves and waits for the hub now and then, one changes it; thread-safe
//   memory   ServerOptions: connections, and for each a header of 8 KB and one answer; 64 MB of answers in all
#pragma once

#include <functional>
#include <memory>

#include "hub/hub.hpp"

namespace glimt::web {

struct ServerOptions {
  hub::Hub& hub;  // outlives the server
  // Port 0: any that is free. On a loopback address only requests to localhost or an IP address are answered, so that no page of
  // another site that has its own name resolve to it can read what is here.
  std::string listen = "127.0.0.1:8080";
  // More lets more look on. Where all are taken, a newcomer gets the place of whoever has gone longest without a whole request; it is told
  // 503 where all are viewers or being answered.
  int connections = 256;
  // How long a header may take, a connection may be idle between requests, and an answer may take. Less frees
  // connections of slow peers sooner; more is kind to slow ways.
  std::chrono::milliseconds header_time{10'000}, idle_time{30'000}, answer_time{30'000};
  // PEM files; with both only TLS is spoken. `glimt hub --make-cert` makes them.
  std::string certificate = {}, key = {};
  // Whose first line is a token of that role. Without any everybody who gets here may look, and whoever runs the hub steers from this
  // machine.
  std::string view_token_file = {}, steer_token_file = {};
  // Further lines for /metrics, in its format, of what the server does not know of. Called on its thread.
  std::function<std::string()> more_metrics;
};

class Server {
 public:
  virtual ~Server() = default;
  virtual std::string address() const = 0;  // as it listens: "http://127.0.0.1:8080/", "https://…"
};

// Opens the module `beast`.
Result<std::unique_ptr<Server>> open_server(const ServerOptions& options);

}  // namespace glimt::web

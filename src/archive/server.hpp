// Server: a folder's stills and clips for whoever asks, on any number of addresses.
//
//   input    requests of the archive's own messages, or the bare words of wire=pickle-i
//   output   answers, each in its own playback; nobody waits for another
//   errors   open: with the cure. What goes wrong with one request is told to whoever asked
//   threads  thread-safe; connections live on the network thread, each request in work on a thread of its own
//   memory   kMaxPlaybacks requests in work, each a few pictures; 512 bytes a waiting connection
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "archive/folder.hpp"
#include "pipeline/network_thread.hpp"
#include "transport/address.hpp"

namespace glimt::archive {

// Over all addresses; whoever comes then is told to try again.
inline constexpr size_t kMaxPlaybacks = 64;

struct ServerOptions {
  std::string image, video;  // what wire=pickle-i asks for without naming it
  bool fast = false;         // clips over wire=pickle-i not at their own pace
};

struct ServerCounters {
  uint64_t answered = 0;
  uint64_t refused = 0;      // connections that asked in no known way
  uint64_t turned_away = 0;  // requests beyond kMaxPlaybacks, and idle or stalled connections that made room
};

class Endpoint;

class Server {
 public:
  static Result<std::unique_ptr<Server>> open(const std::string& folder, const std::vector<Url>& urls,
                                              const ServerOptions& options);
  // After it returns no answer goes out any more.
  ~Server();

  // What the other side calls for each address.
  std::vector<std::string> other_sides() const;
  ServerCounters counters();

 private:
  Server(std::shared_ptr<pipeline::NetworkThread> network, Folder folder, const ServerOptions& options);

  const std::shared_ptr<pipeline::NetworkThread> network_;
  const Folder folder_;
  const ServerOptions options_;
  size_t playbacks_ = 0;  // bound to the network thread
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

}  // namespace glimt::archive

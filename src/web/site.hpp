// Site: what a hub answers to each request, without a socket.
//
//   input    a request whose header was parsed; a hub
//   output   the answer. One to HEAD has the body that GET would have: who sends it leaves that out
//   errors   as answers, in one line of text that names the cure
//   threads  thread-safe; waits for the hub: a snapshot may be encoded for it, a change takes what it takes
#pragma once

#include <functional>
#include <optional>

#include "hub/hub.hpp"
#include "web/admission.hpp"
#include "web/metrics.hpp"
#include "web/router.hpp"
#include "web/static_files.hpp"

namespace glimt::web {

struct Request {
  std::string_view method, target;
  std::optional<std::string_view> host;    // nothing: HTTP/1.0 need not say it
  std::optional<std::string_view> origin;  // of a page that asks
  bool upgrade = false;                    // to a WebSocket
  std::string_view protocols = {};         // that are offered with it
  std::string_view etag = {};              // that the asker has (If-None-Match)
  std::string_view type = {}, body = {};   // of what is to be changed
  Shown shown = {};                        // but for ?token=, which stands in the target
};

// A stream that is to be sent on, picture by picture, in place of a body.
struct Viewing {
  std::string name;
  hub::WatchAs as = hub::WatchAs::stream;
  bool websocket = false;  // else multipart
};

struct Answer {
  int status = 200;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
  std::string_view allow;  // of 405: what is allowed
  int retry_after_s = 0;   // of 503
  std::string etag;        // of what may be kept and asked for again
  bool is_page = false;    // that runs its own scripts, and no others
  std::string cookie;      // to be kept by a browser
  std::optional<Viewing> viewing;
};
Answer answer_of(const Error& error);

// 200, or 503 where the hub closes, and with `?strict` where a stream is in trouble. Names and states, and no reasons: those may quote
// addresses with passwords. `listed`: whether the streams are.
Answer health(const std::vector<hub::StreamStatus>& streams, bool closing, bool strict, bool listed = true);

class Site {
 public:
  struct Options {
    hub::Hub& hub;
    std::function<std::string()> more_metrics;
    bool check_host = true;  // refuse hosts that are not is_own_host()
    std::span<const StaticFile> files = {};
    Admission::Options admission = {};
  };
  explicit Site(Options options) : options_(std::move(options)), admission_(options_.admission) {}

  Answer answer(const Request& request, const WebCounters& counters) const;
  bool closing() const;

 private:
  struct Asked;  // what is asked for, and by whom
  Answer page(const Asked& asked, const WebCounters& counters) const;
  Answer without_role(const Asked& asked) const;
  Answer streams(const Asked& asked) const;
  Answer change(const Asked& asked) const;
  Answer snapshot(const std::string& name) const;
  Answer live(const Asked& asked) const;
  Answer stream(const Route& route, const Request& request) const;
  // The first stream, where `name` is empty.
  Result<std::string> stream_called(const std::string& name) const;
  std::optional<Answer> file(const Asked& asked) const;
  Answer unknown() const;

  const Options options_;
  const Admission admission_;
};

}  // namespace glimt::web

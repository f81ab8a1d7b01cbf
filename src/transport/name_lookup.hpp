// NameLookup: asks again where a host's name points, without holding up the network thread.
//
//   output   the address, on the loop's thread; nothing where the name does not resolve, and nothing once the
//            lookup is gone
//   errors   none: an answer that does not come leaves things as they are
//   threads  bound to the event loop's thread; DNS is asked on a thread of its own, one at a time
#pragma once

#include <memory>

#include "transport/address.hpp"
#include "transport/event_loop.hpp"

namespace glimt::transport {

class NameLookup {
 public:
  using OnFound = std::function<void(const SocketAddress&)>;

  NameLookup(EventLoop& loop, const Address& address, OnFound on_found);
  ~NameLookup();
  // Does nothing for a numeric host, while an answer is still to come, or half a second after the last question.
  void ask();

 private:
  struct Asker;
  const bool is_name_;
  Instant next_ask_{};
  const std::shared_ptr<Asker> asker_;
};

}  // namespace glimt::transport

// Endpoint: one address that is received from, whatever its wire, and the sender that is followed there at this
// moment.
//
//   input    what the transport brings
//   output   strips to a sink; what the sender is told, where its wire can tell it anything
//   threads  bound to the network thread, but for construction
//   memory   max_frame_bytes for what is coming in; the wire's own bounds
#pragma once

#include "glimt/stats.hpp"
#include "media/access_unit.hpp"
#include "transport/transport.hpp"

namespace glimt::pipeline {

class Endpoint : public transport::Transport::Events {
 public:
  struct Options {
    transport::Address address;
    Mode mode = Mode::latest;
    Duration latency = std::chrono::milliseconds(100);
    size_t max_frame_bytes = size_t{64} << 20;
    bool whole_only = false;  // no picture that lacks a strip
    bool takes_units =
        false;  // what is encoded, also where the sender could hand pixels over in shared memory
  };
  enum class Change { connected, ended, lost };
  // What the rest of the receiver does for it.
  class Reader {
   public:
    virtual ~Reader() = default;
    // Units that have left for the reader or were given up.
    virtual uint64_t taken_units() const = 0;
    virtual Duration oldest_wait(Instant now) const = 0;
    // Only a key frame helps it. Where that begins, on_taken() is called.
    virtual bool wants_key() const { return false; }
    // `why`: whom it is connected to, or why no longer.
    virtual void on_change(Change change, const std::string& why) = 0;
    // The sender hands its pictures over in shared memory. `same_clock`: its times are of this machine's clock.
    virtual void on_frame_channel(UniqueFd, bool) {}
  };

  virtual void start() = 0;
  virtual void close() = 0;
  // From here on as Options::takes_units says; the sender is met anew where it has to know.
  virtual void take_units(bool) {}
  // Units were taken by the reader.
  virtual void on_taken() = 0;
  virtual void add_to(SubscriberStats& stats) const = 0;
};

// `sink` and `reader` outlive the endpoint.
std::unique_ptr<Endpoint> make_endpoint(transport::EventLoop& loop,
                                        std::unique_ptr<transport::Transport> transport,
                                        const Endpoint::Options& options, media::StripSink& sink,
                                        Endpoint::Reader& reader);

}  // namespace glimt::pipeline

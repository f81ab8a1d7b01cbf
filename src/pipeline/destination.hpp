// Destination: one address of a stream, whatever its wire, with all its receivers: one where this end connects, any
// number where it listens.
//
//   input    units of the stream, cut as packetizer_options() asks; what the transport brings
//   output   packets to each receiver at its own pace
//   threads  bound to the network thread, but for construction
//   memory   the wire's own bounds
#pragma once

#include "glimt/stats.hpp"
#include "packetize/packet_history.hpp"
#include "packetize/packetizer.hpp"
#include "pipeline/shared_stream.hpp"
#include "transport/transport.hpp"
#include "wire/hello.hpp"

namespace glimt::pipeline {

class Destination : public transport::Transport::Events {
 public:
  struct Options {
    transport::Address address;
    std::optional<double> pace_bps;  // nothing: 500 Mbit/s, unpaced on loopback
    Mode mode = Mode::latest;        // of receivers whose wire does not let them choose
    bool shares = false;             // raw pictures in shared memory, with whoever takes them
    int parity_percent = 0;          // one-way: of the data
  };
  // What it asks of its stream.
  class Stream {
   public:
    virtual ~Stream() = default;
    // Of units that were cut like this. Empty where there is a newer picture.
    virtual Ref<packetize::SymbolUnit> newest_key(const packetize::Packetizer::Options& cut) = 0;
    // The units that were last cut like this.
    virtual const packetize::PacketHistory& history(const packetize::Packetizer::Options& cut) = 0;
    virtual Duration frame_interval() const = 0;
    virtual SharedStream& shared() = 0;
    // Receivers came, went, or have room again.
    virtual void demand_changed() = 0;
    // With one receiver in all, an `every` one may slow the source and is never too slow.
    virtual bool may_let_go() const = 0;
  };

  virtual void start() = 0;
  // Says good-bye to all, where the wire has a word for it.
  virtual void close(wire::CloseReason reason) = 0;

  virtual packetize::Packetizer::Options packetizer_options() const = 0;
  virtual void offer(const Ref<packetize::SymbolUnit>& unit) = 0;
  // Symbols were added to units that were offered.
  virtual void pump() = 0;

  virtual size_t receivers() const = 0;
  // Those that take frames in shared memory.
  virtual size_t sharing_receivers() const { return 0; }
  virtual size_t ready_receivers() const = 0;
  virtual size_t every_receivers() const = 0;
  // A receiver can be sent nothing but a key frame.
  virtual bool wants_key() const { return false; }
  virtual bool drained() const = 0;
  virtual DestinationStats stats() const = 0;
};

// Adds what one receiver has counted to the sums over receivers.
void add_to(DestinationStats& sum, const ReceiverStats& receiver);

// `stream` outlives the destination.
std::unique_ptr<Destination> make_destination(transport::EventLoop& loop,
                                              std::unique_ptr<transport::Transport> transport,
                                              const Destination::Options& options,
                                              Destination::Stream& stream);

}  // namespace glimt::pipeline

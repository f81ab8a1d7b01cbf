#include "pipeline/destination.hpp"

#include "pipeline/native_destination.hpp"
#include "pipeline/one_way_destination.hpp"
#include "pipeline/plain_destination.hpp"

namespace glimt::pipeline {

void add_to(DestinationStats& sum, const ReceiverStats& receiver) {
  sum.frames += receiver.frames;
  sum.dropped += receiver.dropped;
  sum.packets += receiver.packets;
  sum.bytes += receiver.bytes;
  sum.parity += receiver.parity;
  sum.repair += receiver.repair;
  sum.packets_lost += receiver.packets_lost;
  sum.key_requests += receiver.key_requests;
}

std::unique_ptr<Destination> make_destination(transport::EventLoop& loop,
                                              std::unique_ptr<transport::Transport> transport,
                                              const Destination::Options& options,
                                              Destination::Stream& stream) {
  if (options.address.one_way)
    return std::make_unique<OneWayDestination>(loop, std::move(transport), options, stream);
  if (options.address.wire == wire::WireFormat::native)
    return std::make_unique<NativeDestination>(loop, std::move(transport), options, stream);
  return std::make_unique<PlainDestination>(loop, std::move(transport), options, stream);
}

}  // namespace glimt::pipeline

#include "pipeline/endpoint.hpp"

#include "pipeline/countdown_endpoint.hpp"
#include "pipeline/native_endpoint.hpp"
#include "pipeline/one_way_endpoint.hpp"
#include "pipeline/pickle_endpoint.hpp"

namespace glimt::pipeline {

std::unique_ptr<Endpoint> make_endpoint(transport::EventLoop& loop,
                                        std::unique_ptr<transport::Transport> transport,
                                        const Endpoint::Options& options, media::StripSink& sink,
                                        Endpoint::Reader& reader) {
  switch (options.address.wire) {
    case wire::WireFormat::countdown:
      return std::make_unique<CountdownEndpoint>(loop, std::move(transport), options, sink, reader);
    case wire::WireFormat::pickle_q:
    case wire::WireFormat::pickle_i:
      return std::make_unique<PickleEndpoint>(loop, std::move(transport), options, sink, reader);
    case wire::WireFormat::native:
      break;
  }
  if (options.address.one_way)
    return std::make_unique<OneWayEndpoint>(loop, std::move(transport), options, sink, reader);
  return std::make_unique<NativeEndpoint>(loop, std::move(transport), options, sink, reader);
}

}  // namespace glimt::pipeline

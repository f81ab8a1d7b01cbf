#include "pipeline/endpoint.hpp"

#include "pipeline/native_endpoint.hpp"

namespace glimt::pipeline {

std::unique_ptr<Endpoint> make_endpoint(transport::EventLoop& loop,
                                        std::unique_ptr<transport::Transport> transport,
                                        const Endpoint::Options& options, media::StripSink& sink,
                                        Endpoint::Reader& reader) {
  return std::make_unique<NativeEndpoint>(loop, std::move(transport), options, sink, reader);
}

}  // namespace glimt::pipeline

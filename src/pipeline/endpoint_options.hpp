// What an address says beyond where it is: parsed and checked in one place for
// publisher, subscriber and command.
//
//   errors   invalid_argument or unsupported, listing what is known; ?key= is refused until keys exist
//   threads  thread-safe
#pragma once

#include <vector>

#include "glimt/options.hpp"
#include "transport/address.hpp"

namespace glimt::pipeline {

struct SendEndpoint {
  transport::Address address;
  std::optional<double> pace_bps;
  Mode mode = Mode::latest;  // of receivers whose wire does not let them choose
  bool shares = false;       // raw pictures in shared memory
  int parity_percent = 0;    // one-way: of the data
};
// What the address says of the encoding goes into `options`; two addresses that disagree are an error, for
// there is one encode.
Result<std::vector<SendEndpoint>> parse_send_endpoints(const std::vector<Url>& urls,
                                                       PublisherOptions& options);
// For a stream that runs: what the address says of the encoding must be what `options` say.
Result<SendEndpoint> parse_further_endpoint(const Url& url, const PublisherOptions& options);

struct ReceiveEndpointOptions {
  transport::Address address;
  SubscriberOptions options;
};
Result<ReceiveEndpointOptions> parse_receive_endpoint(const Url& url, const SubscriberOptions& options);

// The address to give to `glimt recv` or `glimt send` at the other end.
std::string other_side(const transport::Address& address);

}  // namespace glimt::pipeline

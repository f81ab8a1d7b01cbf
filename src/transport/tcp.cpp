#include "transport/framed_channel.hpp"
#include "transport/tcp_connections.hpp"

namespace glimt::transport {

Result<std::unique_ptr<Transport>> open_tcp(EventLoop& loop, const Address& address) {
  return open_tcp_connections(loop, address, kMaxFramedUnsentBytes, framed_channels());
}

}  // namespace glimt::transport

// receivers --count N --address URL: so many receivers in one process that reassemble and do not decode. Ends with its
// standard input, and then prints what they received as one JSON line.
#include <unistd.h>

#include "glimt/url.hpp"
#include "measure.hpp"
#include "pipeline/receiver.hpp"

namespace glimt::bench {
namespace {

using Receivers = std::vector<std::unique_ptr<pipeline::Receiver>>;

Receivers open(size_t count, const std::string& address) {
  const auto url = Url::parse(address);
  if (!url) give_up(url.error().message);
  Receivers receivers;
  for (size_t i = 0; i < count; ++i) {
    auto receiver = pipeline::Receiver::open(*url, {.subscriber = {.encoded = true}});
    if (!receiver) give_up(receiver.error().message);
    receivers.push_back(std::move(*receiver));
  }
  return receivers;
}

void print(const Receivers& receivers) {
  unsigned long long packets = 0, bytes = 0, missed = 0, kernel_drops = 0;
  for (const auto& receiver : receivers) {
    const auto s = receiver->stats();
    packets += s.packets;
    bytes += s.bytes;
    missed += s.lost + s.late + s.skipped;
    kernel_drops += s.kernel_drops;
  }
  std::printf("{\"receivers\":%zu,\"packets\":%llu,\"bytes\":%llu,\"missed\":%llu,\"kernel_drops\":%llu}\n",
              receivers.size(), packets, bytes, missed, kernel_drops);
}

int run(const Arguments& arguments) {
  const auto receivers = open(static_cast<size_t>(arguments.number("--count", 1)),
                              arguments.get("--address", "udp://127.0.0.1:5000"));
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  print(receivers);
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run({argc, argv}); }

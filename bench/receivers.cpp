// receivers --count N --address URL [--every] [--watch]: so many receivers in one process that reassemble and do not decode.
// --every: each picture. --watch: each is read, and how long none came is kept; a line on standard input prints the result and begins
// anew. Ends with its standard input, and then prints what they received as one JSON line.
#include <unistd.h>

#include "glimt/url.hpp"
#include "measure.hpp"
#include "pipeline/receiver.hpp"

namespace glimt::bench {
namespace {

// Reads one receiver's pictures on a thread of its own.
class Watch {
 public:
  explicit Watch(pipeline::Receiver& receiver) : receiver_(receiver), thread_("watch", [this] { run(); }) {}
  ~Watch() { stop_ = true; }

  struct Seen {
    uint64_t pictures = 0;
    double longest_gap_ms = 0, oldest_ms = 0;  // capture → read
  };
  Seen take() {
    MutexLock lock(m_);
    return std::exchange(seen_, {});
  }

 private:
  void run() {
    Instant newest{};
    while (!stop_) {
      const auto received = receiver_.read(std::chrono::milliseconds(100));
      if (!received) continue;
      const Instant at = now();
      MutexLock lock(m_);
      if (seen_.pictures++ > 0) seen_.longest_gap_ms = std::max(seen_.longest_gap_ms, to_ms(at - newest));
      seen_.oldest_ms = std::max(seen_.oldest_ms, to_ms(at - (*received->unit).info.stamps.captured_at));
      newest = at;
    }
  }

  pipeline::Receiver& receiver_;
  std::atomic<bool> stop_{false};
  Mutex m_;
  Seen seen_ GLIMT_GUARDED_BY(m_);
  Thread thread_;  // last: it uses all of the above
};

struct Receivers {
  std::vector<std::unique_ptr<pipeline::Receiver>> all;
  std::vector<std::unique_ptr<Watch>> watches;
};

Receivers open(const Arguments& arguments) {
  const auto url = Url::parse(arguments.get("--address", "udp://127.0.0.1:5000"));
  if (!url) give_up(url.error().message);
  pipeline::ReceiverOptions options{.subscriber = {.encoded = true}};
  if (arguments.has("--every")) options.subscriber.mode = Mode::every;
  Receivers receivers;
  for (double i = 0; i < arguments.number("--count", 1); ++i) {
    auto receiver = pipeline::Receiver::open(*url, options);
    if (!receiver) give_up(receiver.error().message);
    receivers.all.push_back(std::move(*receiver));
    if (arguments.has("--watch")) receivers.watches.push_back(std::make_unique<Watch>(*receivers.all.back()));
  }
  return receivers;
}

void print(const Receivers& receivers) {
  unsigned long long packets = 0, bytes = 0, missed = 0, kernel_drops = 0, sessions = 0, pictures = 0,
                     fewest = ~0ull;
  double gap = 0, oldest = 0;
  for (const auto& receiver : receivers.all) {
    const auto s = receiver->stats();
    packets += s.packets;
    bytes += s.bytes;
    missed += s.lost + s.late + s.skipped;
    kernel_drops += s.kernel_drops;
    sessions += s.sessions;
  }
  for (const auto& watch : receivers.watches) {
    const auto seen = watch->take();
    pictures += seen.pictures;
    fewest = std::min<unsigned long long>(fewest, seen.pictures);
    gap = std::max(gap, seen.longest_gap_ms);
    oldest = std::max(oldest, seen.oldest_ms);
  }
  std::printf(
      "{\"receivers\":%zu,\"packets\":%llu,\"bytes\":%llu,\"missed\":%llu,\"kernel_drops\":%llu,\"sessions\":"
      "%llu",
      receivers.all.size(), packets, bytes, missed, kernel_drops, sessions);
  if (!receivers.watches.empty())
    std::printf(",\"pictures\":%llu,\"fewest\":%llu,\"longest_gap_ms\":%.2f,\"oldest_ms\":%.2f", pictures,
                fewest, gap, oldest);
  std::printf("}\n");
  std::fflush(stdout);
}

int run(const Arguments& arguments) {
  const auto receivers = open(arguments);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
    if (byte == '\n') print(receivers);
  }
  print(receivers);
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run({argc, argv}); }

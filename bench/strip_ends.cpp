// strip_ends: one end of a stream of JPEGs, with as many strips and workers as are asked for.
//
//   strip_ends send URL --size 1920x1080 [--quality 80] [--fps 30] [--strips 8] [--workers 2] --seconds 6
//   strip_ends receive URL [--workers 2] --seconds 5
//
//   input    the test picture, painted anew before it is stamped; painting is in no time and in no CPU
//   output   one JSON line: of the sender CPU a frame and captured→encoded; of the receiver stage times and CPU a frame.
//            The first pictures, while caches and pools warm up, are left out
#include <thread>

#include "measure.hpp"
#include "pipeline/receiver.hpp"
#include "pipeline/sender.hpp"

namespace glimt::bench {
namespace {

constexpr double kWarm = 0.7;  // seconds

double spent() {
  const Cpu cpu = cpu_of(RUSAGE_SELF);
  return cpu.user_s + cpu.system_s;
}

void print(const char* name, const Percentiles& p) {
  std::printf(",\"%s\":{\"n\":%llu,\"p50\":%.4f,\"p95\":%.4f,\"p99\":%.4f}", name,
              static_cast<unsigned long long>(p.n), p.p50_ms, p.p95_ms, p.p99_ms);
}

int send(const std::string& address, const Arguments& arguments) {
  PublisherOptions options;
  options.quality = static_cast<int>(arguments.number("--quality", 80));
  options.workers = static_cast<int>(arguments.number("--workers", 0));
  const auto url = Url::parse(address).value();
  auto sender =
      pipeline::Sender::open({url}, options, static_cast<int>(arguments.number("--strips", 0))).value();
  source::SourceOptions pictures;
  pictures.size = parse_size(arguments.get("--size", "1920x1080")).value();
  pictures.fast = true;
  auto source = source::open_pattern(Url::parse("test:").value(), pictures).value();
  const Duration interval(static_cast<int64_t>(1e9 / arguments.number("--fps", 30)));
  const Instant start = now();
  const double seconds = arguments.number("--seconds", 6);
  double painting = 0, warm_cpu = 0;
  uint64_t warm_frames = 0;
  Instant due = start;
  while (now() - start < std::chrono::duration<double>(seconds)) {
    std::this_thread::sleep_until(due += interval);
    const double before = spent();  // the encoder is idle: nothing else is counted
    auto picture = std::move(**source->read());
    painting += spent() - before;
    std::get<media::Frame>(picture).stamps.captured_at = now();
    sender->publish(std::move(picture));
    if (warm_frames == 0 && now() - start > std::chrono::duration<double>(kWarm)) {
      const auto stats = sender->stats();
      warm_frames = stats.frames;
      warm_cpu = spent() - painting;
    }
  }
  const double cpu = spent() - painting - warm_cpu;
  const auto stats = sender->stats();
  std::printf("{\"frames\":%llu,\"cpu_ms\":%.4f", static_cast<unsigned long long>(stats.frames - warm_frames),
              cpu * 1000 / static_cast<double>(std::max<uint64_t>(1, stats.frames - warm_frames)));
  print("captured_encoded", stats.captured_encoded);
  std::printf("}\n");
  return 0;
}

int receive(const std::string& address, const Arguments& arguments) {
  SubscriberOptions options;
  options.workers = static_cast<int>(arguments.number("--workers", 0));
  auto receiver = pipeline::Receiver::open(Url::parse(address).value(), {.subscriber = options}).value();
  const double seconds = arguments.number("--seconds", 5);
  if (!receiver->read(std::chrono::seconds(5))) give_up("no picture came");
  const Instant start = now();
  uint64_t frames = 0;
  double warm_cpu = 0;
  bool warm = false;
  Samples captured_decoded;  // the ends share a clock
  while (now() - start < std::chrono::duration<double>(seconds)) {
    const auto received = receiver->read(std::chrono::milliseconds(500));
    if (!received) continue;
    if (warm) {
      ++frames;
      captured_decoded.add(received->stamps().decoded_at - received->stamps().captured_at);
    }
    if (!warm && now() - start > std::chrono::duration<double>(kWarm)) {
      warm = true;
      warm_cpu = spent();
      receiver->stats();  // a new interval
    }
  }
  const double cpu = spent() - warm_cpu;
  const auto stats = receiver->stats();
  const auto& t = stats.interval;
  std::printf("{\"frames\":%llu,\"cpu_ms\":%.4f,\"missed\":%llu", static_cast<unsigned long long>(frames),
              cpu * 1000 / static_cast<double>(std::max<uint64_t>(1, frames)),
              static_cast<unsigned long long>(stats.lost + stats.late + stats.dropped + stats.refused));
  print("captured_encoded", t.captured_encoded);
  print("encoded_sent", t.encoded_sent);
  print("sent_arrived", t.sent_arrived);
  print("arrived_whole", t.arrived_whole);
  print("whole_decoded", t.whole_decoded);
  std::printf(",\"captured_decoded\":%s}\n", captured_decoded.json().c_str());
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) {
  using namespace glimt::bench;
  if (argc < 3) give_up("strip_ends send|receive URL …; its beginning says the rest");
  const Arguments arguments(argc, argv);
  return std::string(argv[1]) == "send" ? send(argv[2], arguments) : receive(argv[2], arguments);
}

// Records a stream as it comes, for so many seconds: example_record udp://:5000 out.mkv 10
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto in = glimt::Subscriber::open(argc > 1 ? argv[1] : "udp://:5000");
  if (!in) {
    std::fprintf(stderr, "%s\n", in.error().message.c_str());
    return 1;
  }
  // With {.segment = 10min} a new file each ten minutes.
  if (auto recording = in->record(argc > 2 ? argv[2] : "out.mkv"); !recording) {
    std::fprintf(stderr, "%s\n", recording.error().message.c_str());
    return 1;
  }
  std::this_thread::sleep_for(argc > 3 ? std::atoi(argv[3]) * 1s
                                       : 10s);  // or read() meanwhile: the recording does not depend on it
  in->stop_recording();
  const auto stats = in->stats();
  std::printf("%llu frames in %s, %llu not recorded\n", static_cast<unsigned long long>(stats.recorded),
              stats.recording.c_str(), static_cast<unsigned long long>(stats.not_recorded));
}

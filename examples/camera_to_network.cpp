// A camera, file or test picture to the network, read by the library:
//   example_camera_to_network 0 udp://:5000 [FRAMES]
#include <cstdio>
#include <cstdlib>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  glimt::SourceOptions options;
  if (argc > 3) options.frames = static_cast<uint64_t>(std::atoll(argv[3]));
  try {
    glimt::Publisher out(argc > 2 ? argv[2] : "udp://:5000", {.quality = 85});
    out.play(argc > 1 ? argv[1] : "0", options).value();
    while (!out.wait(1s).value())
      std::printf("%llu frames\n", static_cast<unsigned long long>(out.stats().frames));
    out.finish();
  } catch (const glimt::Exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

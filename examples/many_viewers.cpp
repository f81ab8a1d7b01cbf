// One publisher, any number of viewers, a destination that comes and goes while it runs:
//   example_many_viewers udp://:5000 unix:///tmp/second.sock [FRAMES]
// It listens at the first address all the time, and serves the second during the middle third of the frames.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "glimt/glimt.hpp"

namespace {

void print_viewers(glimt::Publisher& out) {
  for (const auto& d : out.stats().destinations) {
    std::printf("%s: %llu watching, %llu gone, %llu frames, %llu dropped\n", d.address.c_str(),
                static_cast<unsigned long long>(d.receivers),
                static_cast<unsigned long long>(d.receivers_gone), static_cast<unsigned long long>(d.frames),
                static_cast<unsigned long long>(d.dropped));
  }
  std::fflush(stdout);
}

cv::Mat draw(int n) {
  cv::Mat picture(480, 640, CV_8UC3, cv::Scalar(40, 40, 40));
  cv::circle(picture, {n * 2 % 640, 240}, 50, {255, 200, 0}, cv::FILLED);
  return picture;
}

void run(const char* first, const char* second, int frames) {
  glimt::Publisher out(first);
  uint32_t added = 0;
  for (int n = 0; n < frames; ++n) {
    if (n == frames / 3) added = out.add(second).value();
    if (n == frames * 2 / 3) out.remove(added);
    out.publish(draw(n)).value();
    if (n % 30 == 29) print_viewers(out);
    std::this_thread::sleep_for(std::chrono::milliseconds(33));
  }
  out.finish();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "udp://:5000", argc > 2 ? argv[2] : "unix:///tmp/second.sock",
        argc > 3 ? std::atoi(argv[3]) : 900);
  } catch (const glimt::Exception& e) {  // value() and constructors throw what open() would return
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

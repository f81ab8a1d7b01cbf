// Reads the newest picture and draws on a Mat of its own: example_receive_newest udp://:5000 [FRAMES]
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto in = glimt::Subscriber::open(argc > 1 ? argv[1] : "udp://:5000");
  if (!in) {
    std::fprintf(stderr, "%s\n", in.error().message.c_str());
    return 1;
  }
  int left = argc > 2 ? std::atoi(argv[2]) : 300;
  while (left-- > 0) {
    auto frame = in->read(5s);
    if (!frame) {
      std::fprintf(stderr, "%s\n", frame.error().message.c_str());  // who was or was not there
      return 1;
    }
    cv::Mat mat = frame->writable();
    cv::rectangle(mat, {10, 10, 100, 60}, {0, 255, 0}, 2);
    std::printf("frame %u, %dx%d, captured %.1f ms ago\n", frame->number(), mat.cols, mat.rows,
                std::chrono::duration<double, std::milli>(frame->age()).count());
  }
}

// Writes the newest picture into a file: example_snapshot udp://:5000 now.png
#include <cstdio>
#include <opencv2/imgcodecs.hpp>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto in = glimt::Subscriber::open(argc > 1 ? argv[1] : "udp://:5000");
  if (!in) {
    std::fprintf(stderr, "%s\n", in.error().message.c_str());
    return 1;
  }
  auto frame = in->read(10s);
  if (!frame) {
    std::fprintf(stderr, "%s\n", frame.error().message.c_str());
    return 1;
  }
  const char* file = argc > 2 ? argv[2] : "now.png";
  if (!cv::imwrite(file, frame->mat())) {
    std::fprintf(stderr, "%s cannot be written\n", file);
    return 1;
  }
  std::printf("%s: frame %u, %dx%d\n", file, frame->number(), frame->width(), frame->height());
}

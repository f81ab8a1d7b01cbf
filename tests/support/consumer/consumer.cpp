// A program of somebody else, as tests/interop/install_test.py builds it against an installed Glimt.
#include <cstdio>
#include <cstring>
#include <glimt/glimt.hpp>
#include <thread>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    if (std::strcmp(argv[1], "send") == 0) {
      glimt::Publisher out(argv[2]);
      const cv::Mat picture(240, 320, CV_8UC3, cv::Scalar(10, 200, 30));
      for (int n = 0; n < 600; ++n) {
        out << picture;
        std::this_thread::sleep_for(10ms);
      }
      out.finish();
    } else if (std::strcmp(argv[1], "play") == 0) {
      glimt::Publisher out("unix://" + std::string(argv[2]) + ".sock");
      out.play(argv[2]).value();  // an image: its module is opened
      std::this_thread::sleep_for(10ms);
    } else {
      glimt::Subscriber in(argv[2]);
      for (int n = 0; n < 10; ++n) {
        const auto frame = in.read(20s).value();
        std::printf("%dx%d\n", frame.width(), frame.height());
      }
    }
  } catch (const glimt::Exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

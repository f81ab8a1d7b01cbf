// Sends a picture that this program draws: example_send_mat udp://127.0.0.1:5000 [FRAMES]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "glimt/glimt.hpp"

int main(int argc, char** argv) {
  auto out = glimt::Publisher::open(argc > 1 ? argv[1] : "udp://127.0.0.1:5000");
  if (!out) {
    std::fprintf(stderr, "%s\n", out.error().message.c_str());
    return 1;
  }
  const int frames = argc > 2 ? std::atoi(argv[2]) : 300;
  cv::Mat picture(480, 640, CV_8UC3);
  for (int n = 0; n < frames; ++n) {
    picture.setTo(cv::Scalar(40, 40, 40));
    cv::circle(picture, {n * 2 % 640, 240}, 50, {0, 200, 255}, cv::FILLED);
    *out << picture;
    std::this_thread::sleep_for(std::chrono::milliseconds(33));
  }
  out->finish();
}

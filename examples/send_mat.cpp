// Sends a picture that this program draws: example_send_mat udp://127.0.0.1:5000
#include <chrono>
#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "glimt/glimt.hpp"

int main(int argc, char** argv) {
  auto out = glimt::Publisher::open(argc > 1 ? argv[1] : "udp://127.0.0.1:5000");
  if (!out) {
    std::fprintf(stderr, "%s\n", out.error().message.c_str());
    return 1;
  }
  cv::Mat picture(480, 640, CV_8UC3);
  for (int n = 0; n < 300; ++n) {
    picture.setTo(cv::Scalar(40, 40, 40));
    cv::circle(picture, {n * 2 % 640, 240}, 50, {0, 200, 255}, cv::FILLED);
    *out << picture;
    std::this_thread::sleep_for(std::chrono::milliseconds(33));
  }
  out->finish();
}

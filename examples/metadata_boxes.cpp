// What a detector found rides with the frame it was found in, and is drawn at the receiver:
//   example_metadata_boxes send udp://127.0.0.1:5000 [FRAMES]
//   example_metadata_boxes receive udp://:5000 boxes.png [FRAMES]   keeps the last picture with its boxes
// `glimt recv udp://:5000` draws them into its window too; `glimt send 0 … --filter faces:metadata` is such a detector.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <thread>
#include <vector>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

namespace {

void send(const std::string& address, int frames) {
  glimt::Publisher out(address);
  for (int n = 0; n < frames; ++n) {
    cv::Mat picture(480, 640, CV_8UC3, cv::Scalar(40, 40, 40));
    const cv::Point center(100 + n * 2 % 440, 240);
    cv::circle(picture, center, 50, {255, 255, 255}, cv::FILLED);
    const auto found = glimt::serialize_boxes({{"ball", center.x - 60, center.y - 60, 120, 120}});
    out.publish(picture, {.metadata = found}).value();
    std::this_thread::sleep_for(33ms);
  }
  out.finish();
}

void receive(const std::string& address, const std::string& file, int frames) {
  glimt::Subscriber in(address);
  cv::Mat picture;
  for (int n = 0; n < frames; ++n) {
    auto frame = in.read(5s).value();
    picture = frame.writable();
    for (const glimt::Box& box : glimt::parse_boxes(frame.metadata())) {
      const cv::Rect place = cv::Rect(box.x, box.y, box.width, box.height) & cv::Rect({0, 0}, picture.size());
      cv::rectangle(picture, place, {0, 255, 0}, 2);
      cv::putText(picture, box.label, place.tl() + cv::Point(4, 20), cv::FONT_HERSHEY_SIMPLEX, 0.6,
                  {0, 255, 0});
      std::printf("frame %u: %s at %d, %d\n", frame.number(), box.label.c_str(), box.x, box.y);
    }
  }
  if (!cv::imwrite(file, picture)) std::fprintf(stderr, "%s cannot be written\n", file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() >= 2 && words[0] == "send") {
      send(words[1], words.size() > 2 ? std::atoi(words[2].c_str()) : 300);
    } else if (words.size() >= 3 && words[0] == "receive") {
      receive(words[1], words[2], words.size() > 3 ? std::atoi(words[3].c_str()) : 100);
    } else {
      std::fprintf(stderr,
                   "usage: metadata_boxes send ADDRESS [FRAMES] | receive ADDRESS PICTURE.png [FRAMES]\n");
      return 2;
    }
  } catch (const glimt::Exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

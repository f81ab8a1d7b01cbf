// What a detector found rides with the frame it was found in, and is drawn at the receiver:
//   example_metadata_boxes send udp://127.0.0.1:5000 [FRAMES]
//   example_metadata_boxes receive udp://:5000 boxes.png [FRAMES]   keeps the last picture with its boxes
// The metadata is text of this program's own, one box a line: LABEL X Y WIDTH HEIGHT, in pixels.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "glimt/glimt.hpp"

using namespace std::chrono_literals;

namespace {

struct Box {
  std::string label;
  cv::Rect place;
};

std::string to_text(const std::vector<Box>& boxes) {
  std::ostringstream text;
  for (const auto& [label, r] : boxes) {
    text << label << ' ' << r.x << ' ' << r.y << ' ' << r.width << ' ' << r.height << '\n';
  }
  return text.str();
}

// Bytes from the network: what is no box ends the list, and a box outside of the picture is cut to it.
std::vector<Box> from_text(std::span<const uint8_t> metadata, const cv::Size& picture) {
  std::istringstream text(std::string(metadata.begin(), metadata.end()));
  std::vector<Box> boxes;
  for (Box box; text >> box.label >> box.place.x >> box.place.y >> box.place.width >> box.place.height;) {
    const bool sane = box.place.x >= 0 && box.place.x < picture.width && box.place.y >= 0 &&
                      box.place.y < picture.height && box.place.width <= picture.width &&
                      box.place.height <= picture.height;
    if (!sane) break;
    box.place &= cv::Rect({0, 0}, picture);
    boxes.push_back(box);
  }
  return boxes;
}

void send(const std::string& address, int frames) {
  glimt::Publisher out(address);
  for (int n = 0; n < frames; ++n) {
    cv::Mat picture(480, 640, CV_8UC3, cv::Scalar(40, 40, 40));
    const cv::Point center(100 + n * 2 % 440, 240);
    cv::circle(picture, center, 50, {255, 255, 255}, cv::FILLED);
    const std::string found = to_text({{"ball", cv::Rect(center.x - 60, center.y - 60, 120, 120)}});
    out.publish(picture, {.metadata = {reinterpret_cast<const uint8_t*>(found.data()), found.size()}})
        .value();
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
    for (const auto& [label, place] : from_text(frame.metadata(), picture.size())) {
      cv::rectangle(picture, place, {0, 255, 0}, 2);
      cv::putText(picture, label, place.tl() + cv::Point(4, 20), cv::FONT_HERSHEY_SIMPLEX, 0.6, {0, 255, 0});
      std::printf("frame %u: %s at %d, %d\n", frame.number(), label.c_str(), place.x, place.y);
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

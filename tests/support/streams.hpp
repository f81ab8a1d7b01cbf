// Streams for tests of the public API: addresses that are free, pictures that tell themselves apart,
// waiting with a deadline.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <thread>

#include "glimt/glimt.hpp"

namespace glimt::test {

using namespace std::chrono_literals;

inline constexpr auto kDeadline = 20s;  // what takes longer hangs

// True once `condition` holds; false where it does not within the deadline.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// Free at this moment for both UDP and TCP; 0 where none is.
inline uint16_t free_port() {
  for (int attempt = 0; attempt < 50; ++attempt) {
    const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    auto* address = reinterpret_cast<sockaddr*>(&a);
    const bool both = bind(udp, address, size) == 0 && getsockname(udp, address, &size) == 0 &&
                      bind(tcp, address, size) == 0;
    close(udp);
    close(tcp);
    if (both) return ntohs(a.sin_port);
  }
  return 0;
}

inline std::string free_path() {
  static std::atomic<int> count{0};
  const auto name = "glimt-test-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".sock";
  return (std::filesystem::temp_directory_path() / name).string();
}

// Where one end listens, and what the other connects to.
struct Link {
  std::string listening, connecting;
};

inline Link make_link(const std::string& scheme) {
  if (scheme == "unixstream") {  // what a test's name may have
    const std::string place = "unix://" + free_path() + "?socket=stream";
    return {place + "&listen", place + "&connect"};
  }
  const std::string place =
      scheme == "unix" ? "unix://" + free_path() : scheme + "://127.0.0.1:" + std::to_string(free_port());
  return {place + "?listen", place + "?connect"};
}

// A picture like no other: noise from a seed.
inline cv::Mat make_noise(int width, int height, int type, uint64_t seed) {
  cv::Mat mat(height, width, type);
  cv::RNG(seed + 1).fill(mat, cv::RNG::UNIFORM, 0, 256);
  return mat;
}

// Like a photograph: JPEG keeps it well.
inline cv::Mat make_smooth(int width, int height, int channels) {
  cv::Mat mat(height, width, CV_8UC(channels));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * channels; ++x) {
      mat.ptr(y)[x] = static_cast<uint8_t>(40 + (x / channels * (x % channels + 1) + y * 2) / 4 % 160);
    }
  }
  return mat;
}

inline bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

// Nothing is given up because this machine was busy for longer than the default: each picture is sent once, and waited for.
inline SubscriberOptions patient(SubscriberOptions options) {
  if (options.latency == SubscriberOptions{}.latency) options.latency = 5s;
  return options;
}

// A publisher and a subscriber that have met.
struct Stream {
  Publisher out;
  Subscriber in;

  static Stream open(const std::string& scheme, const PublisherOptions& sending = {.codec = Codec::raw},
                     const SubscriberOptions& receiving = {}) {
    const Link link = make_link(scheme);
    Stream s{Publisher::open(link.listening, sending).value(),
             Subscriber::open(link.connecting, patient(receiving)).value()};
    EXPECT_TRUE(s.connected());
    return s;
  }

  bool connected() {
    return eventually([&] { return receivers() > 0 && in.stats().connected; });
  }
  uint64_t receivers() {
    uint64_t sum = 0;
    for (const auto& d : out.stats().destinations) sum += d.receivers;
    return sum;
  }
  // Sends one and gives back what came of it.
  Frame pass(const cv::Mat& mat, std::span<const uint8_t> metadata = {}) {
    out.publish(mat, {.metadata = metadata}).value();
    return in.read(kDeadline).value();
  }
};

}  // namespace glimt::test

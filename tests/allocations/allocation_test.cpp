// Once warm, neither a packet nor a frame allocates: counted over the whole way, from publish() to read(), all threads.
// A program of its own, because it replaces operator new.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "pipeline/receiver.hpp"
#include "pipeline/sender.hpp"

namespace {

std::atomic<uint64_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* p = alignment > alignof(std::max_align_t)
                ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                : std::malloc(size);
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, 1); }
void* operator new[](std::size_t size) { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;

class Allocations : public testing::TestWithParam<std::tuple<const char*, Codec>> {
 protected:
  // One frame there before the next is sent: nothing depends on who is faster.
  void pass(Sender& sender, Receiver& receiver, int frames) {
    for (int i = 0; i < frames; ++i) {
      auto frame = media::make_frame(pool_, PixelFormat::bgr24, 640, 360);
      std::memset(frame.planes[0].data, i, 640 * 360 * 3);
      frame.stamps.captured_at = now();
      sender.publish(std::move(frame));
      ASSERT_TRUE(receiver.read(10s));
    }
  }
  media::BufferPool pool_;
};

TEST_P(Allocations, NoneForAFrameOnceWarm) {
  const auto [address, codec] = GetParam();
  PublisherOptions options;
  options.codec = codec;
  auto receiver = Receiver::open(*Url::parse(std::string(address) + "?mode=every&listen"), {});
  ASSERT_TRUE(receiver) << receiver.error().message;
  auto sender = Sender::open({*Url::parse(std::string(address) + "?connect")}, options);
  ASSERT_TRUE(sender) << sender.error().message;
  const std::atomic<bool> stop{false};
  ASSERT_TRUE((*sender)->wait_for_receiver(stop));
  pass(**sender, **receiver, 60);

  const uint64_t before = allocations;
  pass(**sender, **receiver, 60);
  const uint64_t during = allocations - before;
  // What runs once a second (clock probes, HELLO of an idle link) may format text; a frame or packet may not.
  EXPECT_LT(during, 10u);
}

INSTANTIATE_TEST_SUITE_P(Transports, Allocations,
                         testing::Combine(testing::Values("udp://127.0.0.1:23391", "tcp://127.0.0.1:23391",
                                                          "unix:///tmp/glimt-allocation-test.sock"),
                                          testing::Values(Codec::raw, Codec::jpeg)));

}  // namespace
}  // namespace glimt::pipeline

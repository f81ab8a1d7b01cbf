// A frame channel in hostile hands. The input is a row of messages, each behind a byte: its low six bits are the length,
// the upper two choose the descriptor that goes with it. What is parsed is serialized to the same and keeps to its
// ranges; a reader who takes what comes never sees a byte outside of its memory and never waits for long.
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "pipeline/shared_inlet.hpp"
#include "require.hpp"
#include "transport/descriptor_room.hpp"

namespace glimt {
namespace {

constexpr size_t kMemoryBytes = 64 * 1024;
constexpr size_t kMaxFrameBytes = 256 * 1024;

struct Memories {
  transport::SharedMemory sealed = transport::make_shared_memory(kMemoryBytes).value();
  UniqueFd unsealed{memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  UniqueFd null{open("/dev/null", O_RDWR | O_CLOEXEC)};
  int pick(uint8_t choice) const {
    return std::array{-1, sealed.fd.get(), unsealed.get(), null.get()}[choice % 4];
  }
};

void check_parse(Bytes bytes) {
  const auto message = wire::parse_shared(bytes);
  if (!message) return;
  std::array<uint8_t, wire::kSharedMessageBytes> again{};
  const size_t size = serialize(again, *message);
  GLIMT_REQUIRE(size > 0 && size <= bytes.size());
  const auto back = wire::parse_shared(Bytes(again).first(size));
  GLIMT_REQUIRE(back && back->index() == message->index());
  std::array<uint8_t, wire::kSharedMessageBytes> twice{};
  GLIMT_REQUIRE(serialize(twice, *back) == size && again == twice);
  if (const auto* f = std::get_if<wire::SharedFrame>(&*message)) {
    GLIMT_REQUIRE(f->slot < wire::kMaxSharedSlots && f->width > 0 && f->height > 0);
    GLIMT_REQUIRE(f->metadata_bytes <= media::kMaxMetadataBytes);
  }
}

// Every byte of it is there.
uint64_t look_at(const media::Frame& frame) {
  const Bytes pixels(frame.planes[0].data, media::packed_size(frame.format, frame.width, frame.height));
  GLIMT_REQUIRE(pixels.size() <= kMaxFrameBytes);
  return std::accumulate(pixels.begin(), pixels.end(), uint64_t{0}) + frame.metadata.size();
}

void run(Bytes input, Mode mode) {
  static const Memories memories;
  static volatile uint64_t seen = 0;
  auto pair = transport::FrameChannel::make_pair().value();
  const UniqueFd sender = std::move(pair.ours);
  pipeline::SharedInlet inlet({mode, kMaxFrameBytes});
  inlet.attach(std::move(pair.theirs), true);
  std::vector<media::Frame> kept;
  while (!input.empty()) {
    const uint8_t head = input[0];
    const Bytes message = input.subspan(1, std::min<size_t>(head % 64, input.size() - 1));
    input = input.subspan(1 + message.size());
    check_parse(message);
    iovec part{const_cast<uint8_t*>(message.data()), message.size()};
    msghdr header = transport::message_over(&part, 1);
    transport::DescriptorRoom room;
    if (const int fd = memories.pick(head >> 6); fd >= 0) room.put(header, fd);
    if (sendmsg(sender.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 && head % 3 != 0) continue;
    if (auto frame = inlet.read(Instant::min())) {
      seen = seen + look_at(*frame);
      if (kept.size() < 4) kept.push_back(std::move(*frame));
    }
  }
  while (auto frame = inlet.read(Instant::min())) seen = seen + look_at(*frame);
  for (const auto& frame : kept) seen = seen + look_at(frame);
}

}  // namespace
}  // namespace glimt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glimt;
  if (size == 0) return 0;
  check_parse(Bytes(data, size));
  run(Bytes(data, size).subspan(1), data[0] & 1 ? Mode::every : Mode::latest);
  return 0;
}

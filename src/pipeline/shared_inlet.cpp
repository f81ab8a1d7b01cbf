#include "pipeline/shared_inlet.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <bitset>

#include "base/log.hpp"
#include "base/ring.hpp"

namespace glimt::pipeline {
namespace {

constexpr uint32_t kMaxOnLoan = 2;                                 // then pictures are copied
constexpr size_t kMaxMemories = 10;                                // times max_frame_bytes
constexpr size_t kMetadataRoom = media::kMaxMetadataBytes + 4096;  // of each piece, behind the pixels
constexpr int kRounds = 8;  // then the reader has its turn, whatever else comes
constexpr size_t kMaxSlotsAtATime = 2 * wire::kMaxSharedSlots;  // without a picture
// The sender's network thread answers; the picture that is here already is not kept back for longer.
constexpr auto kNewerWithin = std::chrono::milliseconds(50);

}  // namespace

// Counts as mapped until nobody looks at it any more.
struct SharedInlet::Memory : Shared {
  Memory(transport::Mapping m, std::atomic<size_t>& sum) : mapping(std::move(m)), mapped(sum) {
    mapped += mapping.size();
  }
  ~Memory() override { mapped -= mapping.size(); }
  const transport::Mapping mapping;
  std::atomic<size_t>& mapped;
};

// A picture that came and was not read yet, and where it lies: the slot may be given other memory.
struct SharedInlet::Waiting {
  wire::SharedFrame frame;
  Ref<Memory> memory;
};

struct SharedInlet::Channel : std::enable_shared_from_this<Channel> {
  Channel(UniqueFd fd, bool same) : socket(std::move(fd)), same_clock(same) {}

  const transport::FrameChannel
      socket;  // as long as a picture is on loan: the sender sees when the last one is gone
  const bool same_clock;
  std::atomic<uint32_t> on_loan{0};
  std::atomic<size_t> mapped{0};

  // One reader at a time; it is let go while there is nothing. All below is guarded by it: whoever is given a Channel
  // holds it.
  Mutex reading;
  std::array<Ref<Memory>, wire::kMaxSharedSlots> memories;
  size_t slots_in_a_row = 0;
  Ring<Waiting> waiting{2 * transport::FrameChannel::kBatch};
  std::optional<Sequence> last;
  std::bitset<wire::kMaxSharedSlots> announced;
  bool newer_is_held = false;  // by the sender
  bool asked = false;          // for it
  bool ended = false;
};

class SharedInlet::Loan : public Shared {
 public:
  void begin(std::shared_ptr<Channel> channel, Ref<Memory> memory, Sequence number) {
    channel_ = std::move(channel);
    memory_ = std::move(memory);
    number_ = number;
    ++channel_->on_loan;
  }
  void on_idle() {
    --channel_->on_loan;
    channel_->socket.send(wire::SharedRelease{number_});
    memory_ = {};
    channel_.reset();
  }

 private:
  std::shared_ptr<Channel> channel_;
  Ref<Memory> memory_;
  Sequence number_;
};

SharedInlet::SharedInlet(const Options& options)
    : options_(options), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SharedInlet::~SharedInlet() = default;

void SharedInlet::attach(UniqueFd fd, bool same_clock) {
  auto channel = std::make_shared<Channel>(std::move(fd), same_clock);
  MutexLock lock(m_);
  if (channel_) channel_->socket.shut_down();
  channel_ = std::move(channel);
}

bool SharedInlet::attached() const { return current() != nullptr; }

std::shared_ptr<SharedInlet::Channel> SharedInlet::current() const {
  MutexLock lock(m_);
  return channel_;
}

SharedInlet::Counters SharedInlet::counters() const {
  MutexLock lock(m_);
  return counted_;
}

void SharedInlet::close() {
  closed_ = true;
  eventfd_write(wake_.get(), 1);  // never read: it stays awake
}

std::optional<media::Frame> SharedInlet::read(Instant deadline) {
  while (const auto channel = current()) {
    {
      MutexLock lock(channel->reading);
      if (auto frame = next(*channel)) return frame;
      if (channel->ended) {
        MutexLock also(m_);
        if (channel_ == channel) channel_.reset();
        return std::nullopt;
      }
    }
    if (closed_ || now() >= deadline) break;
    channel->socket.wait(deadline, wake_.get());
  }
  return std::nullopt;
}

std::optional<media::Frame> SharedInlet::next(Channel& channel) {
  auto& waiting = channel.waiting;
  if (waiting.empty() || options_.mode == Mode::latest) receive(channel);
  if (options_.mode == Mode::latest) {
    if (channel.newer_is_held && !channel.asked) ask_for_newer(channel);
    while (waiting.size() > 1) give_back_oldest(channel);
  }
  if (waiting.empty()) return std::nullopt;
  return borrow(channel, waiting.pop());
}

// The picture that is here is kept in hand until the newer one has come.
void SharedInlet::ask_for_newer(Channel& channel) {
  channel.asked = channel.socket.send(wire::SharedAsk{});
  const Instant deadline = now() + kNewerWithin;
  while (!channel.waiting.empty() && channel.newer_is_held && !channel.ended && now() < deadline) {
    channel.socket.wait(deadline, wake_.get());
    if (closed_) return;
    receive(channel);
  }
}

void SharedInlet::give_back_oldest(Channel& channel) {
  channel.socket.send(wire::SharedRelease{channel.waiting.pop().frame.number});
  MutexLock lock(m_);
  ++counted_.dropped;
}

void SharedInlet::receive(Channel& channel) {
  transport::FrameChannel::Batch batch;
  for (int round = 0; round < kRounds && !channel.ended; ++round) {
    bool hung_up = false;
    const size_t count = channel.socket.receive(batch, hung_up);
    for (size_t i = 0; i < count && !channel.ended; ++i) take_in(channel, batch[i]);
    if (hung_up) channel.ended = true;
    if (count < transport::FrameChannel::kBatch) return;
  }
}

void SharedInlet::take_in(Channel& channel, const transport::FrameChannel::Message& message) {
  const auto parsed = wire::parse_shared(Bytes(message.bytes).first(message.size));
  if (!parsed) {
    refuse(channel, "a message that breaks the format");
  } else if (const auto* slot = std::get_if<wire::SharedSlot>(&*parsed)) {
    add_memory(channel, *slot, message.fd);
  } else if (const auto* frame = std::get_if<wire::SharedFrame>(&*parsed)) {
    add_frame(channel, *frame);
  } else if (std::holds_alternative<wire::SharedHeld>(*parsed)) {
    channel.newer_is_held = true;
    channel.asked = false;
  } else {
    refuse(channel, "a message that only a receiver sends");
  }
}

void SharedInlet::add_memory(Channel& channel, const wire::SharedSlot& slot, const UniqueFd& fd) {
  auto& memory = channel.memories[slot.slot];
  memory = {};
  channel.announced.set(slot.slot);
  if (++channel.slots_in_a_row > kMaxSlotsAtATime)
    return refuse(channel, "memory without end, and no picture in it");
  // What is too large for this receiver stays unmapped, and so do its pictures.
  const size_t limit = kMaxMemories * (options_.max_frame_bytes + kMetadataRoom);
  if (slot.bytes > limit - std::min<size_t>(limit, channel.mapped)) return;
  auto mapping = transport::map_shared_memory(fd.get(), slot.bytes);
  if (!mapping) return refuse(channel, mapping.error().message);
  memory = Ref<Memory>(new Memory(std::move(*mapping), channel.mapped));
}

void SharedInlet::add_frame(Channel& channel, const wire::SharedFrame& frame) {
  if (!channel.announced.test(frame.slot))
    return refuse(channel, "a picture in memory that it was not given");
  const auto& memory = channel.memories[frame.slot];
  const auto size = media::check_size(frame.format, frame.width, frame.height, options_.max_frame_bytes);
  if (!size || !memory) {
    channel.last = frame.number;
    channel.socket.send(wire::SharedRelease{frame.number});
    return complain(size ? "more memory than ten times max_frame_bytes" : size.error().message);
  }
  const size_t bytes = media::packed_size(frame.format, frame.width, frame.height) + frame.metadata_bytes;
  if (bytes > memory->mapping.size()) return refuse(channel, "a picture outside of its memory");
  if (channel.waiting.full()) {
    if (options_.mode == Mode::every) return refuse(channel, "more pictures than it was given credit for");
    give_back_oldest(channel);
  }
  if (channel.last && frame.number - *channel.last > 1) {
    MutexLock lock(m_);
    counted_.skipped += static_cast<uint32_t>(frame.number - *channel.last) - 1;
  }
  channel.last = frame.number;
  channel.slots_in_a_row = 0;
  channel.newer_is_held = false;
  channel.waiting.push({frame, memory});
}

media::Frame SharedInlet::borrow(Channel& channel, const Waiting& waiting) {
  const auto& [from, memory] = waiting;
  uint8_t* pixels = memory->mapping.data();
  media::Frame frame = media::frame_over(memory, pixels, from.format, from.width, from.height);
  const uint8_t* metadata = pixels + media::packed_size(from.format, from.width, from.height);
  frame.metadata.assign(metadata, metadata + from.metadata_bytes);
  frame.number = from.number;
  frame.sender_captured_us = from.captured_us;
  if (channel.same_clock) {
    frame.stamps.captured_at = from_us(from.captured_us);
    frame.stamps.sent_at = from_us(from.sent_us);
  }
  if (channel.on_loan >= kMaxOnLoan) {
    frame = media::clone(copies_, frame);
    channel.socket.send(wire::SharedRelease{from.number});
  } else {
    auto loan = loans_.take();
    loan->begin(channel.shared_from_this(), memory, from.number);
    frame.owner = std::move(loan);
    frame.read_only = true;
  }
  frame.stamps.arrived_at = frame.stamps.whole_at = frame.stamps.decoded_at = now();
  return frame;
}

void SharedInlet::refuse(Channel& channel, const std::string& why) {
  channel.ended = true;
  channel.socket.shut_down();
  complain(why);
}

void SharedInlet::complain(const std::string& why) {
  MutexLock lock(m_);
  ++counted_.refused;
  if (why != last_complaint_)
    log::warning("shared frames of the sender are refused: {}", last_complaint_ = why);
}

}  // namespace glimt::pipeline

#include "glimt/subscriber.hpp"

#include <algorithm>

#include "hub/discovery.hpp"
#include "pipeline/receiver.hpp"

namespace glimt {

class Subscriber::Impl {
 public:
  explicit Impl(std::unique_ptr<pipeline::Receiver> r) : receiver(std::move(r)) {}

  // The encoded bytes as one row.
  media::Frame row_of(const media::AccessUnit& unit) {
    auto row = media::make_frame(bytes, PixelFormat::gray8, static_cast<int>(unit.size()), 1);
    uint8_t* to = row.planes[0].data;
    for (const auto& strip : unit.strips) to = std::copy(strip.bytes.begin(), strip.bytes.end(), to);
    row.stamps = unit.info.stamps;
    row.number = unit.info.number;
    row.sender_captured_us = unit.info.sender_captured_us;
    row.metadata = unit.info.metadata;
    return row;
  }

  std::unique_ptr<pipeline::Receiver> receiver;
  media::BufferPool bytes;
};

Subscriber::Subscriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Subscriber::Subscriber(std::string_view url, const SubscriberOptions& options)
    : Subscriber(open(url, options).value()) {}
Subscriber::~Subscriber() = default;
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;

Result<Subscriber> Subscriber::open(std::string_view text, const SubscriberOptions& options) {
  const auto url = Url::parse(text);
  if (!url) return url.error();
  const auto found = hub::resolve(*url);
  if (!found) return found.error();
  auto receiver = pipeline::Receiver::open(*found, {.subscriber = options});
  if (!receiver) return receiver.error();
  return Subscriber(std::make_unique<Impl>(std::move(*receiver)));
}

Result<Frame> Subscriber::read(std::chrono::nanoseconds timeout) {
  auto received = impl_->receiver->read(timeout);
  if (!received) return received.error();
  return Frame(received->unit ? impl_->row_of(*received->unit) : std::move(received->frame));
}

Result<void> Subscriber::record(std::string_view path, const RecordOptions& options) {
  return impl_->receiver->record({std::string(path), options.segment});
}

void Subscriber::stop_recording() { impl_->receiver->stop_recording(); }
SubscriberStats Subscriber::stats() { return impl_->receiver->stats(); }
void Subscriber::close() { impl_->receiver->close(); }

}  // namespace glimt

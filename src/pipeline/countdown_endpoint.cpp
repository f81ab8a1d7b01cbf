#include "pipeline/countdown_endpoint.hpp"

#include <algorithm>
#include <cstring>

namespace glimt::pipeline {
namespace {

using reassemble::CountdownReassembler;

constexpr auto kGoneAfter = std::chrono::seconds(3);
// How long a sender may pause within a picture: on this machine it may have to wait for its core.
constexpr Duration kNetworkGrants = std::chrono::milliseconds(2);
constexpr Duration kLoopbackGrants = std::chrono::milliseconds(10);

CountdownReassembler::Sender sender_of(const transport::Peer& peer) {
  CountdownReassembler::Sender sender{};
  std::copy(peer.ip.begin(), peer.ip.end(), sender.begin());
  std::memcpy(sender.data() + 16, &peer.port, sizeof peer.port);
  std::memcpy(sender.data() + 20, &peer.connection, sizeof peer.connection);
  return sender;
}

}  // namespace

CountdownEndpoint::CountdownEndpoint(transport::EventLoop& loop,
                                     std::unique_ptr<transport::Transport> transport, const Options& options,
                                     media::StripSink& sink, Reader& reader)
    : transport_(std::move(transport)),
      options_(options),
      reader_(reader),
      timer_(loop, [this] { look_whether_silent(); }),
      settle_(loop, [this] { show_settled(); }),
      reassembler_({options.max_frame_bytes}),
      inlet_(options.mode, sink, reader) {}

void CountdownEndpoint::on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) {
  const auto sender = sender_of(from);
  const auto picture =
      reassembler_.push({datagram, sender, arrived_at, transport_->counters().kernel_drops, granted(from)});
  if (reassembler_.followed() != sender) return;
  show_settled();
  ++datagrams_;
  bytes_ += datagram.size();
  if (reassembler_.last_heard() == arrived_at) note_followed(from);
  if (picture) show(*picture, arrived_at);
  settle_.set(reassembler_.next_settled());
}

void CountdownEndpoint::show_settled() {
  const Instant at = now();
  if (const auto picture = reassembler_.settled(at); picture && followed_) show(*picture, at);
}

Duration CountdownEndpoint::granted(const transport::Peer& from) const {
  if (options_.address.kind != transport::Kind::udp) return Duration::max();
  return transport::is_loopback(from) ? kLoopbackGrants : kNetworkGrants;
}

void CountdownEndpoint::note_followed(const transport::Peer& from) {
  if (followed_ == from) return;
  if (std::exchange(followed_, from))
    reader_.on_change(Change::lost, options_.address.text + ": another sender has come");
  ++sessions_;
  reader_.on_change(Change::connected, transport::to_string(from));
  timer_.set(now() + kGoneAfter);
}

void CountdownEndpoint::show(const CountdownReassembler::Picture& picture, Instant whole_at) {
  if (inlet_.full()) {
    ++dropped_;
    return;
  }
  const auto& layout = picture.layout;
  inlet_.put({Codec::jpeg, layout.components == 1 ? PixelFormat::gray8 : PixelFormat::bgr24, layout.width,
              layout.height, picture.buffer, picture.bytes(), picture.first_at, whole_at});
  if (inlet_.full()) transport_->hold(*followed_, held_ = true);
}

void CountdownEndpoint::on_taken() {
  if (held_ && !inlet_.full()) transport_->hold(*followed_, held_ = false);
}

void CountdownEndpoint::look_whether_silent() {
  const Instant at = now(), due = reassembler_.last_heard() + kGoneAfter;
  if (held_ || at < due) {
    timer_.set(std::max(due, at + std::chrono::milliseconds(100)));
    return;
  }
  followed_.reset();
  reader_.on_change(Change::lost, options_.address.text + ": the sender has been silent for 3 s");
}

void CountdownEndpoint::add_to(SubscriberStats& stats) const {
  const auto& c = reassembler_.counters();
  stats.address = options_.address.text;
  stats.connected = followed_.has_value();
  stats.sessions = sessions_;
  stats.dropped += dropped_;
  stats.lost = c.lost;
  stats.late = c.late;
  stats.repeated = c.repeated;
  stats.refused += c.refused;
  stats.stray = c.stray;
  stats.packets = datagrams_;
  stats.bytes = bytes_;
  stats.kernel_drops = transport_->counters().kernel_drops;
}

}  // namespace glimt::pipeline

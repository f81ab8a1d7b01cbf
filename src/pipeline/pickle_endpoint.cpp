#include "pipeline/pickle_endpoint.hpp"

#include "base/log.hpp"
#include "pipeline/pickled_pixels.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kSweepEvery = std::chrono::seconds(1);

}  // namespace

PickleEndpoint::PickleEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                               const Options& options, media::StripSink& sink, Reader& reader)
    : transport_(std::move(transport)),
      options_(options),
      reader_(reader),
      timer_(loop, [this] { sweep(); }),
      senders_(wire::max_pickle_bytes(options.max_frame_bytes)),
      inlet_(options.mode, sink, reader) {}

void PickleEndpoint::on_connected(const transport::Peer& peer) {
  senders_.connect(peer, now());
  if (transport_->traits().connects) note_sender(peer);
  if (senders_.is_crowded() && timer_.due() == Instant::max()) timer_.set(now() + kSweepEvery);
}

void PickleEndpoint::on_disconnected(const transport::Peer& peer, const Error& why) {
  const bool cut = senders_.is_followed(peer) && senders_.is_within_message();
  const bool was_sender = sender_ == peer;
  senders_.disconnect(peer);
  if (held_ == peer) held_.reset();
  if (!was_sender) return;
  note_gone(cut ? Change::lost : Change::ended, why.message + (cut ? " in the middle of a picture" : ""));
}

void PickleEndpoint::on_datagram(const transport::Peer& from, Bytes chunk, Instant arrived_at) {
  bytes_ += chunk.size();
  if (held_ == from) {
    unread_.insert(unread_.end(), chunk.begin(), chunk.end());
  } else {
    take(from, chunk, arrived_at);
  }
}

void PickleEndpoint::take(const transport::Peer& from, Bytes chunk, Instant now) {
  while (!chunk.empty()) {
    const auto message = senders_.push(from, chunk, now);
    if (!message) {
      break_off(from, message.error());
      return;
    }
    if (senders_.is_followed(from)) note_sender(from);
    if (!*message) continue;
    take_message(**message, now);
    if (inlet_.full() && senders_.is_followed(from)) {
      hold(from, chunk);
      return;
    }
  }
}

void PickleEndpoint::take_message(const PickleSenders::Message& message, Instant now) {
  ++messages_;
  const auto pickle = wire::parse_pickle(message.bytes, decoded_);
  if (pickle && pickle->kind == wire::Pickle::Kind::array) {
    show(*pickle, message, now);
  } else if (pickle && pickle->kind == wire::Pickle::Kind::bytes && as_text(pickle->bytes) == "end") {
    senders_.unfollow();
    note_gone(Change::ended, options_.address.text + ": the stream has ended");
  } else if (!pickle || pickle->kind != wire::Pickle::Kind::none) {
    complain(*senders_.followed(),
             pickle ? Error{ErrorKind::malformed, "pickled bytes that are no picture"} : pickle.error());
    senders_.unfollow();  // whoever brings a picture next is as good
  }
}

void PickleEndpoint::show(const wire::Pickle& pickle, const PickleSenders::Message& message, Instant now) {
  const auto pixels = pixels_of(pickle, message.bytes, message.buffer, buffers_);
  inlet_.put({Codec::raw, pixels.format, pickle.width, pickle.height, pixels.owner, pixels.bytes,
              message.first_at, now});
}

void PickleEndpoint::hold(const transport::Peer& peer, Bytes rest) {
  held_ = peer;
  unread_.assign(rest.begin(), rest.end());
  senders_.set_held(true, now());
  transport_->hold(peer, true);
}

void PickleEndpoint::on_taken() {
  if (!held_ || inlet_.full()) return;
  const transport::Peer peer = *std::exchange(held_, std::nullopt);
  spare_.swap(unread_);
  unread_.clear();
  senders_.set_held(false, now());
  take(peer, spare_, now());
  if (!held_) transport_->hold(peer, false);
}

void PickleEndpoint::note_sender(const transport::Peer& peer) {
  if (sender_ == peer) return;
  if (sender_) note_gone(Change::lost, options_.address.text + ": another sender has come");
  sender_ = peer;
  ++sessions_;
  reader_.on_change(Change::connected, transport::to_string(peer));
}

void PickleEndpoint::note_gone(Change change, const std::string& why) {
  if (std::exchange(sender_, std::nullopt)) reader_.on_change(change, why);
}

void PickleEndpoint::break_off(const transport::Peer& peer, const Error& why) {
  complain(peer, why);
  transport_->disconnect(peer);
  senders_.disconnect(peer);
  if (sender_ == peer) note_gone(Change::lost, options_.address.text + ": " + why.message);
}

void PickleEndpoint::complain(const transport::Peer& peer, const Error& why) {
  ++refused_;
  if (why.message == last_complaint_) return;
  last_complaint_ = why.message;
  log::warning("{}: {}: {}", options_.address.text, transport::to_string(peer), why.message);
}

void PickleEndpoint::sweep() {
  while (const auto peer = senders_.idle(now())) {
    transport_->disconnect(*peer);
    senders_.disconnect(*peer);
  }
  if (senders_.is_crowded()) timer_.set(now() + kSweepEvery);
}

void PickleEndpoint::add_to(SubscriberStats& stats) const {
  stats.address = options_.address.text;
  stats.connected = sender_.has_value();
  stats.sessions = sessions_;
  stats.refused += refused_;
  stats.stray = senders_.stray();
  stats.packets = messages_;
  stats.bytes = bytes_;
}

}  // namespace glimt::pipeline

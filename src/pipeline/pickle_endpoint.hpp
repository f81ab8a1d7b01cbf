// PickleEndpoint: an address that pickled arrays come to, each behind 8 bytes of length. Connects again and again, or
// listens: then one of those that have connected is followed, and none is held up by another.
//
//   latest   is read always: the newest picture wins
//   every    is not read while the reader is PictureInlet::kMaxWaiting pictures behind: the sender waits, nothing is lost
//
//   A pickle that is no picture is refused, counted and said once; what breaks the framing closes its connection.
//   None is no picture, and regular; b'end' ends the stream, as does closing the connection between two pictures.
//
//   threads  bound to the network thread, but for construction
//   memory   one message, PictureInlet's; in every mode what one turn of the loop has read
#pragma once

#include "pipeline/pickle_senders.hpp"
#include "pipeline/picture_inlet.hpp"
#include "wire/pickle.hpp"

namespace glimt::pipeline {

class PickleEndpoint final : public Endpoint {
 public:
  PickleEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                 const Options& options, media::StripSink& sink, Reader& reader);
  void start() override { transport_->start(*this); }
  void close() override { timer_.clear(); }
  void on_taken() override;
  void add_to(SubscriberStats& stats) const override;

 private:
  void on_datagram(const transport::Peer& from, Bytes chunk, Instant arrived_at) override;
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer&) override {}

  void take(const transport::Peer& from, Bytes chunk, Instant now);
  void take_message(const PickleSenders::Message& message, Instant now);
  void show(const wire::Pickle& pickle, const PickleSenders::Message& message, Instant now);
  void hold(const transport::Peer& peer, Bytes rest);
  void note_sender(const transport::Peer& peer);
  void note_gone(Change change, const std::string& why);
  void break_off(const transport::Peer& peer, const Error& why);
  void complain(const transport::Peer& peer, const Error& why);
  void sweep();

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  Reader& reader_;
  transport::EventLoop::Timer timer_;
  PickleSenders senders_;
  PictureInlet inlet_;
  std::optional<transport::Peer> sender_;  // as the reader was told
  std::optional<transport::Peer> held_;
  std::vector<uint8_t> unread_, spare_;  // of the held one: read from the socket, not looked at yet
  std::vector<uint8_t> decoded_;
  media::BufferPool buffers_{4};
  uint64_t sessions_ = 0, messages_ = 0, bytes_ = 0, refused_ = 0;
  std::string last_complaint_;
};

}  // namespace glimt::pipeline

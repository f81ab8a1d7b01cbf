// CountdownEndpoint: an address that countdown datagrams come to. The sender is followed, and told nothing: its wire has
// no way back.
//
//   every    over a Unix socket the sender waits for the reader; over UDP a picture that finds no room is dropped
//
//   threads  bound to the network thread, but for construction
//   memory   the reassembler's, and PictureInlet's
#pragma once

#include "pipeline/picture_inlet.hpp"
#include "reassemble/countdown_reassembler.hpp"

namespace glimt::pipeline {

class CountdownEndpoint final : public Endpoint {
 public:
  CountdownEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                    const Options& options, media::StripSink& sink, Reader& reader);
  void start() override { transport_->start(*this); }
  void close() override {
    timer_.clear();
    settle_.clear();
  }
  void on_taken() override;
  void add_to(SubscriberStats& stats) const override;

 private:
  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_connected(const transport::Peer&) override {}
  void on_disconnected(const transport::Peer&, const Error&) override {}
  void on_writable(const transport::Peer&) override {}

  void show_settled();
  Duration granted(const transport::Peer& from) const;
  void note_followed(const transport::Peer& from);
  void show(const reassemble::CountdownReassembler::Picture& picture, Instant whole_at);
  void look_whether_silent();

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  Reader& reader_;
  transport::EventLoop::Timer timer_;
  transport::EventLoop::Timer settle_;
  reassemble::CountdownReassembler reassembler_;
  PictureInlet inlet_;
  std::optional<transport::Peer> followed_;  // as the reader was told
  bool held_ = false;
  uint64_t sessions_ = 0, datagrams_ = 0, bytes_ = 0, dropped_ = 0;
};

}  // namespace glimt::pipeline

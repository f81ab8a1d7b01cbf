// ViewerConnection: a connection that is sent a stream's pictures as they come, until one of both ends.
//
//   live_connection       a WebSocket, as docs/websocket.md has it
//   multipart_connection  JPEG behind JPEG, as browsers' <img> and most players take it
//
//   errors   told to the peer where its protocol has a word for it, then the connection is closed
//   threads  bound to the server's thread; lives as long as something is under way on it
//   memory   UnitFeed, LiveViewer, and the head of one unit; the units are the stream's
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http.hpp>
#include <memory>

#include "web/beast_connection.hpp"
#include "web/live_viewer.hpp"
#include "web/unit_feed.hpp"

namespace glimt::web {

class ViewerConnection : public std::enable_shared_from_this<ViewerConnection> {
 public:
  ViewerConnection(Connections& all, std::unique_ptr<Seat> seat, Viewing viewing,
                   std::unique_ptr<UnitFeed> feed, size_t credit);
  virtual ~ViewerConnection();
  ViewerConnection(const ViewerConnection&) = delete;
  ViewerConnection& operator=(const ViewerConnection&) = delete;

  // The server ends.
  void go_away();

 protected:
  enum class End { server_ends, stream_ended };
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  // Units come in from here on.
  void start(boost::asio::any_io_executor executor);
  // Takes units in and sends what may be sent.
  void pump();
  std::optional<LiveViewer::Next> next_unit();
  virtual void send() = 0;
  virtual void end(End why) = 0;

  Connections& all_;
  LiveViewer viewer_;

 private:
  void wake_on(const boost::asio::any_io_executor& executor);
  void count();

  const std::unique_ptr<Seat> seat_;
  const Viewing viewing_;
  std::unique_ptr<UnitFeed> feed_;  // empty once it has ended
  boost::asio::any_io_executor executor_;
  uint64_t sent_ = 0, left_out_ = 0;  // that were counted
};

std::shared_ptr<ViewerConnection> open_live_connection(
    Connections& all, std::unique_ptr<Seat> seat, const Viewing& viewing, std::unique_ptr<UnitFeed> feed,
    PeerStream stream, const boost::beast::http::request<boost::beast::http::string_body>& request);
std::shared_ptr<ViewerConnection> open_multipart_connection(Connections& all, std::unique_ptr<Seat> seat,
                                                            const Viewing& viewing,
                                                            std::unique_ptr<UnitFeed> feed,
                                                            PeerStream stream);

// What waits in the kernel to be sent can no more be replaced by something newer: little is to wait there.
void keep_little_unsent(PeerStream& stream);

}  // namespace glimt::web

// PeerStream: the bytes of one peer, over TCP or over TLS on TCP; a stream as Asio and Beast want one.
//
//   errors   as Asio has them; a wait that takes longer than expires_after() ends as beast::error::timeout
//   threads  bound to the server's thread
//   memory   of TLS: its records, about 40 KB
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <memory>

namespace glimt::web {

class PeerStream {
 public:
  using Tcp = boost::beast::tcp_stream;
  using Failure = boost::beast::error_code;
  using executor_type = Tcp::executor_type;

  // `tls` outlives it; null: TCP alone.
  PeerStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : tcp_(std::make_unique<Tcp>(std::move(socket))),
        tls_(tls ? std::make_unique<Tls>(*tcp_, *tls) : nullptr) {}

  executor_type get_executor() noexcept { return tcp_->get_executor(); }
  boost::asio::ip::tcp::socket& socket() { return tcp_->socket(); }
  bool is_encrypted() const { return tls_ != nullptr; }
  // Plain from here on: the peer spoke no TLS, and is told so in words that it understands.
  void leave_tls() { tls_.reset(); }

  void expires_after(std::chrono::nanoseconds time) { tcp_->expires_after(time); }
  void expires_never() { tcp_->expires_never(); }
  void close() { tcp_->close(); }

  template <class Handler>
  void async_handshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  // Says good-bye as TLS does it, and waits for the peer's.
  template <class Handler>
  void async_shutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(Failure, size_t)>(
        [this](auto done, const Buffers& to) {
          tls_ ? tls_->async_read_some(to, std::move(done)) : tcp_->async_read_some(to, std::move(done));
        },
        handler, buffers);
  }
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(Failure, size_t)>(
        [this](auto done, const Buffers& from) {
          tls_ ? tls_->async_write_some(from, std::move(done))
               : tcp_->async_write_some(from, std::move(done));
        },
        handler, buffers);
  }

  // What Beast calls at the end of a WebSocket.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, PeerStream& stream, Handler&& handler) {
    using boost::beast::websocket::async_teardown;
    if (stream.tls_) return async_teardown(role, *stream.tls_, std::forward<Handler>(handler));
    async_teardown(role, *stream.tcp_, std::forward<Handler>(handler));
  }
  friend void beast_close_socket(PeerStream& stream) { stream.close(); }

 private:
  using Tls = boost::asio::ssl::stream<Tcp&>;

  std::unique_ptr<Tcp> tcp_;  // stays where it is, because tls_ knows it
  std::unique_ptr<Tls> tls_;
};

}  // namespace glimt::web

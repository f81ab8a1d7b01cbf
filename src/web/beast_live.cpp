// A stream in a WebSocket.
#include <boost/beast/websocket.hpp>

#include "web/beast_viewer.hpp"
#include "web/live_messages.hpp"

namespace glimt::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr websocket::close_code kStreamEnded{4404};
// Questions that wait for their answer; more than a viewer has a use for.
constexpr size_t kMostClocks = 16;

class LiveConnection final : public ViewerConnection {
 public:
  LiveConnection(Connections& all, std::unique_ptr<Seat> seat, const Viewing& viewing,
                 std::unique_ptr<UnitFeed> feed, PeerStream stream)
      : ViewerConnection(all, std::move(seat), viewing, std::move(feed), LiveViewer::kCredit),
        socket_(std::move(stream)) {}

  void accept(const Request& request) {
    socket_.next_layer().expires_never();  // the WebSocket has times of its own
    socket_.set_option(
        websocket::stream_base::timeout{all_.options.header_time, all_.options.idle_time, true});
    socket_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol,
                   beast::string_view(kLiveProtocol.data(), kLiveProtocol.size()));
    }));
    socket_.read_message_max(kMostViewerBytes);
    socket_.auto_fragment(false);
    socket_.binary(true);
    socket_.async_accept(request, [self = me()](beast::error_code failure) {
      if (failure) return;
      self->open_ = true;
      self->read();
      self->start(self->socket_.get_executor());
      if (self->ended_) self->close();
    });
  }

 private:
  std::shared_ptr<LiveConnection> me() {
    return std::static_pointer_cast<LiveConnection>(shared_from_this());
  }

  void read() {
    socket_.async_read(received_, [self = me()](beast::error_code failure, size_t) {
      if (failure) return self->gone();
      self->on_message();
    });
  }

  void on_message() {
    const Instant at = now();
    const auto data = received_.cdata();
    const auto message = socket_.got_binary()
                             ? parse_viewer_message({static_cast<const uint8_t*>(data.data()), data.size()})
                             : std::nullopt;
    received_.consume(received_.size());
    if (!message || !take(*message, at)) return refuse();
    pump();
    read();
  }

  bool take(const ViewerMessage& message, Instant at) {
    if (const auto* taken = std::get_if<Taken>(&message)) return viewer_.taken(taken->frame);
    auto clock = std::get<wire::Clock>(message);
    if (clock.is_answer) return true;  // nothing was asked
    clock.is_answer = true;
    clock.received_us = to_us(at);
    clocks_.push_back(clock);
    return clocks_.size() <= kMostClocks;
  }

  void send() override {
    if (writing_ || ended_ || !open_) return;
    gather_.clear();
    if (!clocks_.empty()) {
      clocks_.front().answered_us = to_us(now());
      write_clock(clocks_.front(), head_);
      clocks_.pop_front();
      unit_ = {};
    } else if (auto next = next_unit()) {
      unit_ = std::move(next->unit);
      write_unit_head(unit_->info, next->discontinuity, now(), head_);
    } else {
      return;
    }
    gather_.emplace_back(head_.data(), head_.size());
    if (unit_) {
      for (const auto& strip : unit_->strips) gather_.emplace_back(strip.bytes.data(), strip.bytes.size());
    }
    writing_ = true;
    socket_.async_write(gather_, [self = me()](beast::error_code failure, size_t) {
      self->writing_ = false;
      self->unit_ = {};
      if (failure) return self->gone();
      self->pump();
    });
  }

  void end(End why) override {
    if (ended_) return;
    code_ = why == End::server_ends || all_.site.closing() ? websocket::close_code::going_away : kStreamEnded;
    ended_ = true;
    if (open_) close();
  }
  void refuse() {
    if (ended_) return;
    code_ = websocket::close_code::policy_error;
    ended_ = true;
    close();
  }
  void gone() {
    ended_ = true;
    socket_.next_layer().close();
  }
  void close() {
    socket_.async_close(code_, [self = me()](beast::error_code) { self->gone(); });
  }

  websocket::stream<PeerStream> socket_;
  beast::flat_buffer received_{kMostViewerBytes * 2};
  std::vector<uint8_t> head_;
  std::vector<asio::const_buffer> gather_;
  Ref<media::AccessUnit> unit_;  // on its way
  std::deque<wire::Clock> clocks_;
  websocket::close_code code_ = websocket::close_code::normal;
  bool open_ = false, writing_ = false, ended_ = false;
};

}  // namespace

std::shared_ptr<ViewerConnection> open_live_connection(
    Connections& all, std::unique_ptr<Seat> seat, const Viewing& viewing, std::unique_ptr<UnitFeed> feed,
    PeerStream stream, const beast::http::request<beast::http::string_body>& request) {
  keep_little_unsent(stream);
  auto connection =
      std::make_shared<LiveConnection>(all, std::move(seat), viewing, std::move(feed), std::move(stream));
  connection->accept(request);
  return connection;
}

}  // namespace glimt::web

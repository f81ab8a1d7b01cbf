#include "web/beast_viewer.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

namespace glimt::web {
namespace {

constexpr int kMostUnsentBytes = 64 << 10;

}  // namespace

void keep_little_unsent(PeerStream& stream) {
  setsockopt(stream.socket().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMostUnsentBytes,
             sizeof kMostUnsentBytes);
}

ViewerConnection::ViewerConnection(Connections& all, std::unique_ptr<Seat> seat, Viewing viewing,
                                   std::unique_ptr<UnitFeed> feed, size_t credit)
    : all_(all),
      viewer_(credit),
      seat_(std::move(seat)),
      viewing_(std::move(viewing)),
      feed_(std::move(feed)) {
  all_.viewers.insert(this);
  all_.counters.viewers = all_.viewers.size();
}

ViewerConnection::~ViewerConnection() {
  feed_.reset();
  all_.viewers.erase(this);
  all_.counters.viewers = all_.viewers.size();
  if (all_.viewers.empty() && all_.on_last_viewer) all_.on_last_viewer();
}

void ViewerConnection::start(boost::asio::any_io_executor executor) {
  executor_ = std::move(executor);
  wake_on(executor_);
}

void ViewerConnection::wake_on(const boost::asio::any_io_executor& executor) {
  if (!feed_) return;
  feed_->start([executor, weak = weak_from_this()] {
    boost::asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->pump();
    });
  });
}

void ViewerConnection::pump() {
  while (feed_) {
    const auto unit = feed_->take();
    if (!unit) break;
    if (!*unit) {
      feed_.reset();
      return end(End::stream_ended);
    }
    if (viewing_.as == hub::WatchAs::jpeg && (*unit)->info.codec != Codec::jpeg) {
      // The stream is encoded otherwise from here on: its JPEGs come from elsewhere now, and are numbered anew. A WebSocket has no word for
      // that: whoever comes again is sent them.
      if (viewing_.websocket) return end(End::server_ends);
      auto other = UnitFeed::open(all_.options.hub, viewing_.name, viewing_.as);
      if (!other) return end(End::stream_ended);
      feed_ = std::move(*other);
      wake_on(executor_);
      continue;
    }
    viewer_.offer(*unit);
  }
  count();
  if (feed_ && viewer_.take_key_request(now())) feed_->request_key();
  send();
}

std::optional<LiveViewer::Next> ViewerConnection::next_unit() {
  auto next = viewer_.next();
  count();
  return next;
}

void ViewerConnection::count() {
  all_.counters.units += viewer_.sent() - std::exchange(sent_, viewer_.sent());
  all_.counters.left_out += viewer_.left_out() - std::exchange(left_out_, viewer_.left_out());
}

void ViewerConnection::go_away() {
  feed_.reset();
  end(End::server_ends);
}

}  // namespace glimt::web

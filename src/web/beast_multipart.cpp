// A stream as JPEG behind JPEG in one answer that does not end (multipart/x-mixed-replace).
#include <spdlog/fmt/fmt.h>

#include <boost/asio/write.hpp>

#include "web/beast_viewer.hpp"

namespace glimt::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::string_view kBoundary = "\r\n--glimt-next\r\n";
// What a peer says behind its request is thrown away; it has nothing to say.
constexpr size_t kMostStrayBytes = 64 << 10;

// Seconds since 1970, as MJPG-streamer has them.
std::string captured_text(Instant captured_at) {
  const auto at = std::chrono::system_clock::now() -
                  std::chrono::duration_cast<std::chrono::system_clock::duration>(now() - captured_at);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  return fmt::format("{}.{:06}", us / 1'000'000, us % 1'000'000);
}

class MultipartConnection final : public ViewerConnection {
 public:
  // One picture is on its way, and is taken once the kernel has it.
  MultipartConnection(Connections& all, std::unique_ptr<Seat> seat, const Viewing& viewing,
                      std::unique_ptr<UnitFeed> feed, PeerStream stream)
      : ViewerConnection(all, std::move(seat), viewing, std::move(feed), 1), stream_(std::move(stream)) {}

  void open() {
    stream_.expires_never();
    read();
    head_ =
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=glimt-next\r\nConnection: "
        "close\r\n";
    beast::http::fields guards;
    set_guards(guards);
    for (const auto& field : guards) {
      head_ +=
          fmt::format("{}: {}\r\n", std::string_view(field.name_string().data(), field.name_string().size()),
                      std::string_view(field.value().data(), field.value().size()));
    }
    head_ += kBoundary;
    gather_.assign(1, asio::buffer(head_));
    write();
    start(stream_.get_executor());
  }

 private:
  std::shared_ptr<MultipartConnection> me() {
    return std::static_pointer_cast<MultipartConnection>(shared_from_this());
  }

  // Only so that it is known when the peer leaves.
  void read() {
    stream_.async_read_some(asio::buffer(stray_), [self = me()](beast::error_code failure, size_t n) {
      self->stray_bytes_ += n;
      if (failure || self->stray_bytes_ > kMostStrayBytes) return self->leave();
      self->read();
    });
  }

  // Behind each picture its boundary goes at once: a browser shows a picture only when it sees where that ends.
  void send() override {
    if (writing_ || ended_) return;
    auto next = next_unit();
    if (!next) return;
    unit_ = std::move(next->unit);
    head_ = fmt::format("Content-Type: image/jpeg\r\nContent-Length: {}\r\nX-Timestamp: {}\r\n\r\n",
                        unit_->size(), captured_text(unit_->info.stamps.captured_at));
    gather_.assign(1, asio::buffer(head_));
    for (const auto& strip : unit_->strips) gather_.emplace_back(strip.bytes.data(), strip.bytes.size());
    gather_.emplace_back(kBoundary.data(), kBoundary.size());
    write();
  }

  void write() {
    writing_ = true;
    stream_.expires_after(all_.options.answer_time);  // of this write: a read is under way always
    asio::async_write(stream_, gather_, [self = me()](beast::error_code failure, size_t) {
      self->writing_ = false;
      if (failure) return self->leave();
      if (self->unit_) self->viewer_.taken(self->unit_->info.number);
      self->unit_ = {};
      self->pump();
    });
  }

  void end(End) override { leave(); }
  void leave() {
    ended_ = true;
    stream_.close();
  }

  PeerStream stream_;
  std::array<char, 512> stray_;
  size_t stray_bytes_ = 0;
  std::string head_;
  std::vector<asio::const_buffer> gather_;
  Ref<media::AccessUnit> unit_;  // on its way
  bool writing_ = false, ended_ = false;
};

}  // namespace

std::shared_ptr<ViewerConnection> open_multipart_connection(Connections& all, std::unique_ptr<Seat> seat,
                                                            const Viewing& viewing,
                                                            std::unique_ptr<UnitFeed> feed,
                                                            PeerStream stream) {
  keep_little_unsent(stream);
  auto connection = std::make_shared<MultipartConnection>(all, std::move(seat), viewing, std::move(feed),
                                                          std::move(stream));
  connection->open();
  return connection;
}

}  // namespace glimt::web

#include "web/beast_connection.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/post.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <ctime>

#include "base/log.hpp"
#include "web/beast_viewer.hpp"
#include "web/peer_user.hpp"
#include "web/steering.hpp"

namespace glimt::web {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

// Of all connections together: readers that do not read cost no more than this.
constexpr size_t kMostAnswerBytes = 64 << 20;
// After the last answer: for so long, and for so many bytes, what a peer still sends is read, because a socket that is closed with
// something unread takes the answer with it.
constexpr std::chrono::seconds kLinger{2};
constexpr size_t kMostDiscardedBytes = 1 << 20;

// The page's own scripts, styles and pictures, its streams, and nothing of anybody else.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src "
    "'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kNoBody = "a request has no body here, but what changes /streams: 64 KB at most";

Answer refusal(int status, std::string why) { return {.status = status, .body = std::move(why) + "\n"}; }

// As HTTP wants it: "Thu, 26 Nov 2026 21:07:19 GMT", in no locale.
std::string http_date() {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::time(nullptr);
  std::tm t{};
  gmtime_r(&seconds, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday, kMonths[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

bool has_body(const http::fields& header) {
  const auto length = header.find(http::field::content_length);
  return header.count(http::field::transfer_encoding) > 0 ||
         (length != header.end() && length->value() != "0");
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void set_guards(http::fields& fields) {
  fields.set(http::field::cache_control, "no-store");
  fields.set("X-Content-Type-Options", "nosniff");
  fields.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  fields.set("Cross-Origin-Resource-Policy", "same-origin");
  fields.set("Referrer-Policy", "no-referrer");
}

Connection::Connection(boost::asio::ip::tcp::socket socket, Connections& all)
    : all_(all), stream_(std::move(socket), all.tls) {}

Connection::~Connection() {
  release_answer();
  if (turned_away_) --all_.turning_away;
}

void Connection::serve() {
  seat_ = std::make_unique<Seat>(all_.counters);
  waiting_.emplace(all_, this);
  const auto user = user_of_peer(stream_.socket().native_handle());
  own_user_ = user && (*user == geteuid() || *user == 0);
  stream_.is_encrypted() ? shake_hands() : read();
}

void Connection::shake_hands() {
  stream_.expires_after(all_.options.header_time);
  stream_.async_handshake([self = shared_from_this()](Failure failure) {
    if (!failure) return self->read();
    if (!self->seat_ || failure.category() != boost::asio::error::get_ssl_category()) return;
    if (ERR_GET_REASON(static_cast<unsigned long>(failure.value())) != SSL_R_HTTP_REQUEST) return;
    self->stream_.leave_tls();
    self->write(refusal(400, "this port speaks TLS: ask https://"), 11, false, false);
  });
}

void Connection::turn_away() {
  turned_away_ = true;
  ++all_.turning_away;
  if (stream_.is_encrypted()) return;  // a handshake is no work for who has no time
  Answer busy = refusal(503, "too many connections; try again in a few seconds");
  busy.retry_after_s = 5;
  write(std::move(busy), 11, false, false);
}

void Connection::give_up_seat() {
  waiting_.reset();
  seat_.reset();
  ++all_.counters.made_room;
  stream_.close();
}

// A request may already stand in the buffer, behind the one before.
void Connection::wait() {
  if (buffer_.size() > 0) return read();
  stream_.expires_after(all_.options.idle_time);
  stream_.async_read_some(buffer_.prepare(kHeaderBytes),
                          [self = shared_from_this()](Failure failure, size_t n) {
                            if (failure) return;
                            self->buffer_.commit(n);
                            self->read();
                          });
}

// The time is of the whole header, however many reads it takes.
void Connection::read() {
  parser_.emplace();
  parser_->header_limit(kHeaderBytes);
  parser_->body_limit(kMaxSteeringBytes);
  stream_.expires_after(all_.options.header_time);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Failure failure, size_t) { self->on_header(failure); });
}

// What was read before the seat was given up is not looked at any more.
void Connection::on_header(Failure failure) {
  if (!seat_) return;
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow)
    return write(refusal(431, "a header has at most 8 KB here"), 11, false, false);
  if (failure == http::error::body_limit) return write(refusal(413, std::string(kNoBody)), 11, false, false);
  if (failure == http::error::end_of_stream || failure == http::error::partial_message) return;
  if (failure && failure.category() == make_error_code(http::error::bad_method).category())
    return write(refusal(400, "this is no HTTP/1.1 request"), 11, false, false);
  if (failure) return;
  const auto& header = parser_->get();
  if (has_body(header) && is_steering(view(header.method_string()))) return read_body();
  on_request(header.keep_alive() && !has_body(header));
}

void Connection::read_body() {
  stream_.expires_after(all_.options.header_time);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Failure failure, size_t) { self->on_body(failure); });
}

void Connection::on_body(Failure failure) {
  if (!seat_) return;
  if (failure == http::error::body_limit) return write(refusal(413, std::string(kNoBody)), 11, false, false);
  if (!failure) on_request(parser_->get().keep_alive());
}

void Connection::on_request(bool keep_alive) {
  waiting_.reset();
  const auto& header = parser_->get();
  is_steering(view(header.method_string())) ? steer(keep_alive) : respond(answer(header), keep_alive);
}

// A change may take its time: a stream is gone once its source is let go, however long that one has been opening. Meanwhile nothing is under
// way on this connection, and the request stays as it is.
void Connection::steer(bool keep_alive) {
  boost::asio::post(all_.steering, [self = shared_from_this(), keep_alive]() mutable {
    auto said = self->answer(self->parser_->get());
    const auto back = self->stream_.get_executor();
    boost::asio::post(back, [self = std::move(self), said = std::move(said), keep_alive]() mutable {
      self->respond(std::move(said), keep_alive);
    });
  });
}

void Connection::respond(Answer answer, bool keep_alive) {
  const auto& header = parser_->get();
  if (answer.status == 401 || answer.status == 403) refused(header, answer);
  if (answer.viewing) return show(*answer.viewing, parser_->release());
  if (all_.answer_bytes + answer.body.size() > kMostAnswerBytes) {
    answer = refusal(503, "too many answers are on their way; try again in a few seconds");
    answer.retry_after_s = 5;
  }
  write(std::move(answer), header.version(), keep_alive, header.method() == http::verb::head);
}

// From here on the socket is the viewer's; this connection ends without it.
void Connection::show(const Viewing& viewing, Parser::value_type header) {
  auto feed = UnitFeed::open(all_.options.hub, viewing.name, viewing.as);
  if (!feed || all_.closing) {
    const Error why = feed ? Error{ErrorKind::unavailable, "the hub is closing"} : feed.error();
    return write(answer_of(why), header.version(), false, false);
  }
  ++all_.counters.answers[viewing.websocket ? 101 : 200];
  if (viewing.websocket) {
    open_live_connection(all_, std::move(seat_), viewing, std::move(*feed), std::move(stream_), header);
  } else {
    open_multipart_connection(all_, std::move(seat_), viewing, std::move(*feed), std::move(stream_));
  }
}

Answer Connection::answer(const Parser::value_type& header) const {
  const bool steers = is_steering(view(header.method_string()));
  if (has_body(header) && !steers) return refusal(413, std::string(kNoBody));
  const auto hosts = header.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && header.version() == 11))
    return refusal(400, "a request names one host: there is to be one Host header");
  Request request{view(header.method_string()), view(header.target()), {}};
  if (hosts == 1) request.host = view(header[http::field::host]);
  if (header.count(http::field::origin) > 0) request.origin = view(header[http::field::origin]);
  request.upgrade = beast::websocket::is_upgrade(header);
  request.type = view(header[http::field::content_type]);
  if (steers) request.body = header.body();
  request.etag = view(header[http::field::if_none_match]);
  request.shown = {.own_user = own_user_,
                   .authorization = view(header[http::field::authorization]),
                   .cookies = view(header[http::field::cookie])};
  request.protocols = view(header[http::field::sec_websocket_protocol]);
  return all_.site.answer(request, all_.counters);
}

// The target stays out: a token may stand in it.
void Connection::refused(const Parser::value_type& header, const Answer& why) {
  Failure failure;
  const auto peer = stream_.socket().remote_endpoint(failure);
  const auto from = failure ? "a peer that has gone" : peer.address().to_string();
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(why.status)));
  const auto line = all_.refusals.add(now(), from, view(header.method_string()), view(reason));
  if (line) log::warning("{}", *line);
}

void Connection::write(Answer answer, unsigned version, bool keep_alive, bool head) {
  waiting_.reset();
  ++all_.counters.answers[answer.status];
  response_ = Response(http::int_to_status(static_cast<unsigned>(answer.status)), version);
  response_.set(http::field::date, http_date());
  response_.set(http::field::content_type, beast::string_view(answer.type.data(), answer.type.size()));
  set_guards(response_);
  if (!answer.etag.empty()) {
    response_.set(http::field::etag, answer.etag);
    response_.set(http::field::cache_control, "no-cache");
  }
  if (answer.is_page)
    response_.set("Content-Security-Policy", beast::string_view(kPagePolicy.data(), kPagePolicy.size()));
  if (!answer.allow.empty())
    response_.set(http::field::allow, beast::string_view(answer.allow.data(), answer.allow.size()));
  if (answer.status == 401) response_.set(http::field::www_authenticate, "Bearer realm=\"glimt\"");
  if (!answer.cookie.empty()) response_.set(http::field::set_cookie, answer.cookie);
  if (answer.retry_after_s > 0) response_.set(http::field::retry_after, std::to_string(answer.retry_after_s));
  response_.keep_alive(keep_alive);
  response_.content_length(answer.body.size());
  if (!head) response_.body() = std::move(answer.body);
  all_.answer_bytes += response_.body().size();
  stream_.expires_after(all_.options.answer_time);
  http::async_write(stream_, response_,
                    [self = shared_from_this()](Failure failure, size_t) { self->on_written(failure); });
}

void Connection::release_answer() {
  all_.answer_bytes -= response_.body().size();
  response_.body() = {};
}

void Connection::on_written(Failure failure) {
  const bool keep_alive = response_.keep_alive();
  release_answer();
  if (failure) return;
  if (seat_) waiting_.emplace(all_, this);
  if (keep_alive) return wait();
  if (stream_.is_encrypted()) {
    stream_.expires_after(kLinger);
    return stream_.async_shutdown([self = shared_from_this()](Failure) {});
  }
  Failure ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  stream_.expires_after(kLinger);
  linger();
}

void Connection::linger() {
  stream_.async_read_some(buffer_.prepare(kHeaderBytes),
                          [self = shared_from_this()](Failure failure, size_t n) {
                            self->discarded_ += n;
                            if (!failure && self->discarded_ < kMostDiscardedBytes) self->linger();
                          });
}

}  // namespace glimt::web

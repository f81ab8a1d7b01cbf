// Connection: one peer over HTTP/1.1: reads a header, has it answered, writes, and so on; one request at a time, whatever the peer
// has sent ahead.
//
//   errors   told to the peer where it can still be told, then the connection is closed
//   threads  bound to the server's thread; lives as long as something is under way on it
//   memory   a header of kHeaderBytes, a body of kMaxSteeringBytes where something is to be changed, and one answer
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <memory>
#include <optional>
#include <set>

#include "access/refusals.hpp"
#include "web/beast_stream.hpp"
#include "web/server.hpp"
#include "web/site.hpp"

namespace glimt::web {

class Connection;
class ViewerConnection;

// What the connections of a server share; bound to its thread.
struct Connections {
  ServerOptions options;
  boost::asio::ssl::context* tls = nullptr;  // null: plain
  Site site;
  boost::asio::any_io_executor steering;  // where the hub is changed: on no thread that serves anybody else
  WebCounters counters;
  access::Refusals refusals{"web"};
  size_t turning_away = 0;         // connections that are told that there are too many
  size_t answer_bytes = 0;         // of answers on their way
  std::list<Connection*> waiting;  // for a request to be whole; first who has waited longest
  std::set<ViewerConnection*> viewers;
  bool closing = false;                  // nobody may look on any more
  std::function<void()> on_last_viewer;  // has gone
};

// Counts a connection for as long as it lives.
class Seat {
 public:
  explicit Seat(WebCounters& counters) : counters_(counters) { ++counters_.connections; }
  ~Seat() { --counters_.connections; }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  WebCounters& counters_;
};

// A connection is among those that wait for as long as this lives.
class Waiting {
 public:
  Waiting(Connections& all, Connection* one) : all_(all.waiting), at_(all_.insert(all_.end(), one)) {}
  ~Waiting() { all_.erase(at_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::list<Connection*>& all_;
  const std::list<Connection*>::iterator at_;
};

// Nothing here may be guessed to be another type, kept, framed, or taken in by a page of another site.
void set_guards(boost::beast::http::fields& fields);

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  static constexpr size_t kHeaderBytes = 8 << 10;

  Connection(boost::asio::ip::tcp::socket socket, Connections& all);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void serve();
  // Tells that there are too many, and nothing else.
  void turn_away();
  // Of one that waits: ends without a word, and its seat is free when this returns.
  void give_up_seat();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;
  using Failure = boost::beast::error_code;

  void shake_hands();
  void wait();
  void read();
  void on_header(Failure failure);
  void read_body();
  void on_body(Failure failure);
  void on_request(bool keep_alive);
  void steer(bool keep_alive);
  void respond(Answer answer, bool keep_alive);
  void refused(const Parser::value_type& header, const Answer& why);
  Answer answer(const Parser::value_type& header) const;
  void show(const Viewing& viewing, Parser::value_type header);
  void write(Answer answer, unsigned version, bool keep_alive, bool head);
  void on_written(Failure failure);
  void linger();
  void release_answer();

  Connections& all_;
  PeerStream stream_;
  bool own_user_ = false;  // the peer is the hub's
  boost::beast::flat_buffer buffer_{kHeaderBytes};
  std::optional<Parser> parser_;  // one a request
  Response response_;
  size_t discarded_ = 0;
  std::unique_ptr<Seat> seat_;  // nobody's once it was given up
  std::optional<Waiting> waiting_;
  bool turned_away_ = false;
};

}  // namespace glimt::web

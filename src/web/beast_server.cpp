// The module `beast`: listens, and hands out connections.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "access/tokens.hpp"
#include "access/x509.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "web/beast_viewer.hpp"
#include "web/listen_address.hpp"

namespace glimt::web {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using Failure = boost::system::error_code;

// Connections beyond the limit that are told so at the same time; further ones are closed without a word.
constexpr size_t kMostTurnedAway = 32;
constexpr std::chrono::milliseconds kAfterFailedAccept{100}, kForGoodBye{300};
// A peer that is not there any more is noticed half a minute later, also where nothing is sent to it.
constexpr int kAliveAfterSeconds = 15, kAliveEverySeconds = 5, kAliveProbes = 3;

void close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

void keep_alive(int fd) {
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_KEEPIDLE, kAliveAfterSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kAliveEverySeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kAliveProbes);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

Result<tcp::acceptor> listen(asio::io_context& io, const transport::Address& address,
                             const transport::SocketAddress& where) {
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), where.get(), where.length);
  endpoint.resize(where.length);
  tcp::acceptor acceptor(io);
  Failure failure;
  const auto holds = [&failure] { return !failure; };
  acceptor.open(endpoint.protocol(), failure);
  if (holds()) close_on_exec(acceptor.native_handle());
  if (holds()) acceptor.set_option(asio::socket_base::reuse_address(true), failure);
  if (holds() && endpoint.address().is_v6() && endpoint.address().is_unspecified())
    acceptor.set_option(asio::ip::v6_only(false), failure);
  if (holds()) acceptor.bind(endpoint, failure);
  if (holds()) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  if (!holds()) return transport::socket_error(address, "listen", failure.value());
  return acceptor;
}

// What stands in files.
struct Secrets {
  std::unique_ptr<ssl::context> tls;  // empty: plain
  access::Tokens tokens;
};

Result<std::unique_ptr<ssl::context>> open_tls(const ServerOptions& options) {
  const auto pair = access::read_pair(options.certificate, options.key);
  if (!pair) return pair.error();
  auto tls = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_3_VERSION);
  Failure failure;
  tls->use_certificate_chain(asio::buffer(pair->certificate), failure);
  if (!failure) tls->use_private_key(asio::buffer(pair->key), ssl::context::pem, failure);
  if (failure)
    return Error{ErrorKind::invalid_argument,
                 "certificate " + options.certificate + ": " + failure.message()};
  return tls;
}

Result<Secrets> read_secrets(const ServerOptions& options) {
  Secrets secrets;
  if (options.certificate.empty() != options.key.empty())
    return Error{ErrorKind::invalid_argument, "TLS wants a certificate and its key, both"};
  if (!options.certificate.empty()) {
    auto tls = open_tls(options);
    if (!tls) return tls.error();
    secrets.tls = std::move(*tls);
  }
  const auto tokens = access::Tokens::open(options.view_token_file, options.steer_token_file);
  if (!tokens) return tokens.error();
  secrets.tokens = *tokens;
  return secrets;
}

Site::Options site_options(const ServerOptions& options, const tcp::endpoint& local, const Secrets& secrets) {
  Site::Options site{options.hub, options.more_metrics, local.address().is_loopback(), static_files(), {}};
  site.admission.port = local.port();
  site.admission.https = !options.certificate.empty();
  if (!secrets.tokens.empty()) {
    site.admission.role_of_token = [tokens = secrets.tokens](std::string_view token) {
      return tokens.role_of(token);
    };
  }
  return site;
}

class BeastServer final : public Server {
 public:
  BeastServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, Secrets secrets,
              const ServerOptions& options)
      : tls_(std::move(secrets.tls)),
        all_{options, tls_.get(), Site(site_options(options, acceptor.local_endpoint(), secrets)),
             steering_.get_executor()},
        io_(std::move(io)),
        acceptor_(std::move(acceptor)),
        again_(*io_),
        good_bye_(*io_),
        local_(acceptor_.local_endpoint()) {
    accept();
    steering_thread_ = Thread("glimt-web-steer", [this] { steering_.run(); });
    thread_ = Thread("glimt-web", [this] { io_->run(); });
  }
  ~BeastServer() override {
    asio::post(*io_, [this] { say_good_bye(); });
    thread_.join();
    steers_.reset();
    steering_thread_.join();  // what is being changed is answered to nobody
    all_.on_last_viewer = {};
  }

  std::string address() const override {
    const auto ip = local_.address();
    const std::string host = ip.is_unspecified() ? "0.0.0.0"  // which browsers understand better than [::]
                             : ip.is_v6()        ? "[" + ip.to_string() + "]"
                                                 : ip.to_string();
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(local_.port()) + "/";
  }

 private:
  // Viewers are told; who does not answer in time is left alone.
  void say_good_bye() {
    all_.closing = true;
    Failure ignored;
    acceptor_.close(ignored);
    again_.cancel();
    if (all_.viewers.empty()) return io_->stop();
    all_.on_last_viewer = [this] { io_->stop(); };
    good_bye_.expires_after(kForGoodBye);
    good_bye_.async_wait([this](const Failure&) { io_->stop(); });
    std::vector<std::shared_ptr<ViewerConnection>> told;  // none goes while they are told
    for (auto* viewer : all_.viewers) told.push_back(viewer->shared_from_this());
    for (const auto& viewer : told) viewer->go_away();
  }

  void accept() {
    acceptor_.async_accept([this](Failure failure, tcp::socket socket) {
      if (all_.closing) return;
      if (failure) return accept_later(failure);
      take(std::move(socket));
      accept();
    });
  }
  // Most often there are no descriptors left: what waits would fail again at once.
  void accept_later(const Failure& failure) {
    log::warning("web: cannot take a connection: {}", failure.message());
    again_.expires_after(kAfterFailedAccept);
    again_.async_wait([this](const Failure&) {
      if (!all_.closing) accept();
    });
  }

  void take(tcp::socket socket) {
    close_on_exec(socket.native_handle());
    Failure ignored;  // the peer may have gone
    socket.set_option(tcp::no_delay(true), ignored);
    keep_alive(socket.native_handle());
    const bool room = make_room();
    if (!room) ++all_.counters.turned_away;
    if (!room && all_.turning_away >= kMostTurnedAway) return;
    const auto connection = std::make_shared<Connection>(std::move(socket), all_);
    room ? connection->serve() : connection->turn_away();
  }

  // Where all seats are taken, whoever has gone longest without a whole request leaves: slow peers, however many, keep nobody out.
  bool make_room() {
    const auto full = [this] {
      return all_.counters.connections >= static_cast<size_t>(all_.options.connections);
    };
    if (full() && !all_.waiting.empty()) all_.waiting.front()->give_up_seat();
    return !full();
  }

  const std::unique_ptr<ssl::context> tls_;  // empty: plain
  asio::io_context steering_{1};
  asio::executor_work_guard<asio::io_context::executor_type> steers_{steering_.get_executor()};
  // Connections go with io_, whose waiting handlers hold them, and all_ outlives them.
  Connections all_;
  std::unique_ptr<asio::io_context> io_;
  tcp::acceptor acceptor_;
  asio::steady_timer again_, good_bye_;
  const tcp::endpoint local_;
  Thread steering_thread_, thread_;
};

Result<std::unique_ptr<Server>> open_beast_server(const ServerOptions& options) {
  if (options.connections < 1) return Error{ErrorKind::invalid_argument, "connections: at least 1"};
  const auto address = parse_listen_address(options.listen);
  if (!address) return address.error();
  const auto where = transport::resolve(*address);
  if (!where) return where.error();
  auto secrets = read_secrets(options);
  if (!secrets) return secrets.error();
  auto io = std::make_unique<asio::io_context>(1);
  auto acceptor = listen(*io, *address, *where);
  if (!acceptor) return acceptor.error();
  return std::unique_ptr<Server>(
      std::make_unique<BeastServer>(std::move(io), std::move(*acceptor), std::move(*secrets), options));
}

}  // namespace
}  // namespace glimt::web

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::web::open_server) glimt_open_server =
    &glimt::web::open_beast_server;
}

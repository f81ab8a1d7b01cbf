#include "control/grpc_connection.hpp"

#include <grpcpp/create_channel.h>

#include <charconv>

#include "access/secret_file.hpp"
#include "control/grpc_library.hpp"
#include "control/grpc_tls.hpp"

namespace glimt::control {
namespace {

constexpr int kLargestAnswer = 64 << 20;  // a snapshot
constexpr int kPingMs = 20'000, kPingAnswerMs = 10'000;

struct Target {
  std::string text;  // for people
  std::string name;  // for gRPC
  bool tcp = false;
};

Result<Target> parse_target(const std::string& address) {
  constexpr std::string_view kScheme = "unix://";
  if (address.empty()) {
    const auto path = hub::default_control_path();
    if (!path) return path.error();
    return Target{"unix://" + *path, unix_target(*path)};
  }
  const bool is_unix = address.starts_with(kScheme);
  if (is_unix || address.starts_with('/')) {
    const std::string path = is_unix ? address.substr(kScheme.size()) : address;
    return Target{"unix://" + path, unix_target(path)};
  }
  const auto colon = address.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : address.substr(colon + 1);
  uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (colon == 0 || read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0 ||
      address.find('/') != std::string::npos) {
    return Error{ErrorKind::invalid_argument,
                 "'" + address + "': a hub's control is at unix:///PATH or HOST:PORT, as in cam.local:5443"};
  }
  return Target{address, "dns:///" + address, true};
}

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // a hub is not the web
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // no client waits for another's back-off
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);    // a watch notices that the hub is gone
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs);
  return arguments;
}

}  // namespace

Result<Connection> connect(const ClientOptions& options) {
  auto target = parse_target(options.address);
  if (!target) return target.error();
  auto credentials = grpc::InsecureChannelCredentials();
  std::string token;
  if (target->tcp) {
    auto tls = client_credentials(options);
    if (!tls) return tls.error();
    credentials = *tls;
    if (!options.token_file.empty()) {
      auto read = access::read_token(options.token_file);
      if (!read) return read.error();
      token = std::move(*read);
    }
  }
  Connection connection{.address = target->text, .tcp = target->tcp, .token = std::move(token)};
  connection.channel = grpc::CreateCustomChannel(target->name, credentials, channel_arguments());
  return connection;
}

}  // namespace glimt::control

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include "base/machine.hpp"
#include "control/grpc_calls.hpp"
#include "control/grpc_library.hpp"
#include "control/grpc_tls.hpp"
#include "control/private_socket.hpp"
#include "control/self_signed.hpp"

namespace glimt::control {
namespace {

// For calls that run, and watchers that do not read, when the service is destroyed.
constexpr std::chrono::seconds kShutdownPatience{2};
// Of all connections together: beyond it gRPC lets go of idle ones and refuses calls.
constexpr size_t kMemory = size_t{64} << 20;
constexpr int kCallsPerConnection = 100;
constexpr int kHandshakeMs = 5'000;  // a connection that says nothing is closed
constexpr int kIdleMs = 300'000;  // a connection without calls is closed; callers connect anew by themselves
constexpr int kPingMs = 30'000;   // a caller that is gone without a word is noticed
constexpr int kPingAnswerMs = 10'000;
constexpr int kCallerPingMs = 10'000;  // callers may look after the hub as often

class GrpcService final : public Service {
 public:
  GrpcService(const ServiceOptions& options, Authorizer authorizer)
      : options_(options),
        gate_(std::move(authorizer), options.settings.calls_per_second),
        watchers_(options.hub, options.settings.watchers),
        calls_(options, gate_, watchers_) {}
  ~GrpcService() override;

  Result<void> start();
  Counters counters() const override { return calls_.counters(); }
  std::vector<std::string> addresses() const override { return addresses_; }

 private:
  Result<std::string> unix_path() const;
  void set_limits(grpc::ServerBuilder& builder) const;

  const ServiceOptions options_;
  Gate gate_;
  Watchers watchers_;
  Calls calls_;
  PrivateSocket socket_;
  std::vector<std::string> addresses_;
  std::unique_ptr<grpc::Server> server_;
};

GrpcService::~GrpcService() {
  if (!server_) return;
  if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
  watchers_.close();
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
  server_.reset();
}

Result<std::string> GrpcService::unix_path() const {
  if (!options_.settings.unix_path.empty()) return options_.settings.unix_path;
  return hub::default_control_path();
}

void GrpcService::set_limits(grpc::ServerBuilder& builder) const {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options_.settings.max_message_bytes));
  builder.SetResourceQuota(grpc::ResourceQuota("control").Resize(kMemory));
  // Two hubs on one port would each get some of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kCallerPingMs);
}

Result<void> GrpcService::start() {
  allow_descriptors();  // gRPC listens no more once it was given none
  grpc::ServerBuilder builder;
  set_limits(builder);
  builder.RegisterService(&calls_);

  const auto path = unix_path();
  if (!path) return path.error();
  auto socket = PrivateSocket::prepare(*path);
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  int unix_port = 0, tcp_port = 0;
  builder.AddListeningPort(unix_target(socket_.bind_path()), grpc::InsecureServerCredentials(), &unix_port);

  const std::string& tcp = options_.settings.tcp;
  if (!tcp.empty()) {
    if (auto enough = check_tcp(options_.settings); !enough) return enough;
    const auto credentials = server_credentials(options_.settings, gate_);
    if (!credentials) return credentials.error();
    builder.AddListeningPort(tcp.starts_with(':') ? "[::]" + tcp : tcp, *credentials, &tcp_port);
  }
  server_ = builder.BuildAndStart();
  if (!server_ && unix_port != 0 && !tcp.empty()) {
    return Error{
        ErrorKind::unavailable,
        "control cannot listen on " + tcp +
            ": the port is in use or no address of this machine; choose another for tcp, or find who "
            "has it with `ss -ltnp`"};
  }
  if (!server_) return Error{ErrorKind::unavailable, "control cannot listen on unix://" + *path};
  if (auto* health = server_->GetHealthCheckService())
    health->SetServingStatus(v1::Control::service_full_name(), true);
  if (auto published = socket_.publish(); !published) return published;
  addresses_.push_back("unix://" + *path);
  if (!tcp.empty()) addresses_.push_back(tcp.substr(0, tcp.rfind(':')) + ":" + std::to_string(tcp_port));
  return {};
}

Result<std::unique_ptr<Service>> open_grpc_service(const ServiceOptions& options) {
  set_up_grpc();
  const auto tokens =
      access::Tokens::open(options.settings.view_token_file, options.settings.steer_token_file);
  if (!tokens) return tokens.error();
  auto service = std::make_unique<GrpcService>(options, Authorizer(*tokens));
  Result<void> started;
  // gRPC's threads are born here and take after this one: signals stay with the main thread.
  Thread("glimt-control", [&] {
    ask_for_short_slices();  // gRPC's threads inherit it
    started = service->start();
  }).join();
  if (!started) return started.error();
  return std::unique_ptr<Service>(std::move(service));
}

}  // namespace
}  // namespace glimt::control

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::control::open_service) glimt_open_service =
    &glimt::control::open_grpc_service;
__attribute__((visibility("default"))) decltype(&glimt::control::make_certificate) glimt_make_certificate =
    &glimt::control::make_self_signed;
}

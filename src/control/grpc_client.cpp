#include <grpcpp/grpcpp.h>

#include "base/thread.hpp"
#include "control/grpc_connection.hpp"
#include "control/grpc_library.hpp"
#include "control/grpc_status.hpp"
#include "control/grpc_values.hpp"
#include "control/grpc_watch.hpp"
#include "glimt/control/v1/control.grpc.pb.h"

namespace glimt::control {
namespace {

using Stub = v1::Control::Stub;

constexpr std::chrono::seconds kPatience{10};

template <class T>
struct ValueOf {
  using type = T;
};
template <class T>
struct ValueOf<Result<T>> {
  using type = T;
};
// What a message is among the hub's values.
template <class Message>
using HubValue = typename ValueOf<decltype(from_proto(std::declval<Message>()))>::type;

class GrpcClient final : public Client {
 public:
  explicit GrpcClient(Connection connection)
      : connection_(std::move(connection)), stub_(v1::Control::NewStub(connection_.channel)) {}

  Result<std::vector<hub::StreamStatus>> streams() override {
    return ask(&Stub::ListStreams, v1::ListStreamsRequest());
  }
  Result<hub::StreamStatus> stream(const std::string& name) override {
    v1::GetStreamRequest request;
    request.set_name(name);
    return ask(&Stub::GetStream, request);
  }
  Result<hub::Snapshot> snapshot(const std::string& name) override {
    v1::TakeSnapshotRequest request;
    request.set_stream(name);
    return ask(&Stub::TakeSnapshot, request);
  }
  Result<HubInfo> info() override;
  Result<hub::StreamStatus> add_stream(const hub::StreamSettings& settings) override {
    v1::AddStreamRequest request;
    to_proto(settings, request.mutable_settings());
    return ask(&Stub::AddStream, request);
  }
  Result<hub::StreamStatus> update_stream(const hub::StreamSettings& settings,
                                          const std::vector<std::string>& mask) override {
    v1::UpdateStreamRequest request;
    to_proto(settings, request.mutable_settings());
    for (const auto& path : mask) request.mutable_mask()->add_paths(path);
    return ask(&Stub::UpdateStream, request);
  }
  Result<void> remove_stream(const std::string& name) override {
    v1::RemoveStreamRequest request;
    request.set_name(name);
    return done(call(&Stub::RemoveStream, request));
  }
  Result<hub::DestinationStatus> add_destination(const std::string& stream,
                                                 const hub::DestinationSettings& settings) override {
    v1::AddDestinationRequest request;
    request.set_stream(stream);
    to_proto(settings, request.mutable_settings());
    return ask(&Stub::AddDestination, request);
  }
  Result<void> remove_destination(const std::string& stream, const std::string& id) override {
    v1::RemoveDestinationRequest request;
    request.set_stream(stream);
    request.set_id(id);
    return done(call(&Stub::RemoveDestination, request));
  }
  Result<hub::Hub::Reload> reload() override { return ask(&Stub::Reload, v1::ReloadRequest()); }
  Result<void> watch_streams(std::chrono::milliseconds interval, const std::atomic<bool>& stop,
                             const std::function<void(const std::vector<hub::StreamStatus>&)>& show) override;
  Result<void> watch_events(uint64_t from, const std::atomic<bool>& stop,
                            const std::function<void(const hub::Event&, uint64_t missed)>& show) override;

 private:
  template <class Request, class Response>
  using MethodOf = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  void show_token(grpc::ClientContext& context) const {
    const auto& token = connection_.token;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  }

  template <class Request, class Response>
  Result<Response> call(MethodOf<Request, Response> method, const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    show_token(context);
    Response response;
    const auto status = (*stub_.*method)(&context, request, &response);
    if (!status.ok()) return error_of(status);
    return response;
  }
  template <class Request, class Response>
  Result<HubValue<Response>> ask(MethodOf<Request, Response> method, const Request& request) {
    const auto response = call(method, request);
    if (!response) return response.error();
    return from_proto(*response);
  }
  template <class Response>
  static Result<void> done(const Result<Response>& response) {
    if (!response) return response.error();
    return {};
  }

  Error error_of(const grpc::Status& status) const;

  const Connection connection_;
  const std::unique_ptr<Stub> stub_;
};

Result<Client::HubInfo> GrpcClient::info() {
  const auto response = call(&Stub::GetHub, v1::GetHubRequest());
  if (!response) return response.error();
  return HubInfo{.version = response->version(),
                 .uptime_s = response->uptime_s(),
                 .calls = response->calls(),
                 .refused_calls = response->refused_calls(),
                 .events_missed = response->events_missed(),
                 .watchers = response->watchers()};
}

// Where there is no connection, gRPC says unavailable by itself.
Error GrpcClient::error_of(const grpc::Status& status) const {
  const bool unreached = status.error_code() == grpc::StatusCode::UNAVAILABLE &&
                         connection_.channel->GetState(false) != GRPC_CHANNEL_READY;
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
    return {ErrorKind::unavailable, connection_.address + " gave no answer in 10 s; look at the hub's log"};
  if (!unreached) return to_error(status);
  return {ErrorKind::unavailable,
          "nobody answers at " + connection_.address + "; start `glimt hub`" +
              (connection_.tcp ? " there, and check that --ca is its certificate and still valid" : "") +
              " (" + status.error_message() + ")"};
}

Result<void> GrpcClient::watch_streams(
    std::chrono::milliseconds interval, const std::atomic<bool>& stop,
    const std::function<void(const std::vector<hub::StreamStatus>&)>& show) {
  v1::WatchStreamsRequest request;
  request.set_interval_ms(static_cast<uint32_t>(interval.count()));
  grpc::ClientContext context;
  show_token(context);
  Watch<v1::ListStreamsResponse> watch(context, stop);
  Result<void> shown;
  const auto status =
      watch.run([&](grpc::CompletionQueue* queue,
                    void* tag) { return stub_->AsyncWatchStreams(&context, request, queue, tag); },
                [&](const v1::ListStreamsResponse& message) {
                  const auto streams = from_proto(message);
                  if (!streams) shown = streams.error();
                  if (streams) show(*streams);
                  return streams.has_value();
                });
  if (!shown || stop || status.ok()) return shown;
  return error_of(status);
}

Result<void> GrpcClient::watch_events(uint64_t from, const std::atomic<bool>& stop,
                                      const std::function<void(const hub::Event&, uint64_t missed)>& show) {
  v1::WatchEventsRequest request;
  request.set_from(from);
  grpc::ClientContext context;
  show_token(context);
  Watch<v1::Event> watch(context, stop);
  uint64_t missed = 0;
  const auto status =
      watch.run([&](grpc::CompletionQueue* queue,
                    void* tag) { return stub_->AsyncWatchEvents(&context, request, queue, tag); },
                [&](const v1::Event& message) {
                  missed += message.missed();
                  if (message.kind() != v1::Event::MISSED)
                    show(from_proto(message), std::exchange(missed, 0));
                  return true;
                });
  if (stop || status.ok()) return {};
  return error_of(status);
}

Result<std::unique_ptr<Client>> open_grpc_client(const ClientOptions& options) {
  set_up_grpc();
  Result<Connection> connection = Error{};
  // gRPC's threads are born here and take after this one: signals stay with the main thread.
  Thread("glimt-control", [&] {
    ask_for_short_slices();  // gRPC's threads inherit it
    connection = connect(options);
  }).join();
  if (!connection) return connection.error();
  return std::unique_ptr<Client>(std::make_unique<GrpcClient>(std::move(*connection)));
}

}  // namespace
}  // namespace glimt::control

extern "C" {
__attribute__((visibility("default"))) decltype(&glimt::control::open_client) glimt_open_client =
    &glimt::control::open_grpc_client;
}

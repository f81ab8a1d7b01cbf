// Calls: the control service's methods, on a hub.
//
//   errors   as a status, with the cure
//   threads  thread-safe; on gRPC's threads, which the hub's short calls may hold up
#pragma once

#include "control/grpc_gate.hpp"
#include "control/grpc_watchers.hpp"
#include "control/service.hpp"
#include "glimt/control/v1/control.grpc.pb.h"

namespace glimt::control {

class Calls final : public v1::Control::CallbackService {
 public:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  // All of them outlive it.
  Calls(const ServiceOptions& options, Gate& gate, Watchers& watchers)
      : hub_(options.hub), reload_(options.reload), gate_(gate), watchers_(watchers) {}
  control::Service::Counters counters() const;

  Unary* ListStreams(Context*, const v1::ListStreamsRequest*, v1::ListStreamsResponse*) override;
  Unary* GetStream(Context*, const v1::GetStreamRequest*, v1::Stream*) override;
  Unary* TakeSnapshot(Context*, const v1::TakeSnapshotRequest*, v1::Snapshot*) override;
  Unary* GetHub(Context*, const v1::GetHubRequest*, v1::HubInfo*) override;
  Unary* AddStream(Context*, const v1::AddStreamRequest*, v1::Stream*) override;
  Unary* UpdateStream(Context*, const v1::UpdateStreamRequest*, v1::Stream*) override;
  Unary* RemoveStream(Context*, const v1::RemoveStreamRequest*, v1::RemoveStreamResponse*) override;
  Unary* AddDestination(Context*, const v1::AddDestinationRequest*, v1::Destination*) override;
  Unary* RemoveDestination(Context*, const v1::RemoveDestinationRequest*,
                           v1::RemoveDestinationResponse*) override;
  Unary* Reload(Context*, const v1::ReloadRequest*, v1::ReloadResponse*) override;
  grpc::ServerWriteReactor<v1::Event>* WatchEvents(Context*, const v1::WatchEventsRequest*) override;
  grpc::ServerWriteReactor<v1::ListStreamsResponse>* WatchStreams(Context*,
                                                                  const v1::WatchStreamsRequest*) override;

 private:
  template <class Body>
  Unary* answer(Method method, Context* context, const Body& body);
  template <class Message, class Begin>
  grpc::ServerWriteReactor<Message>* watch(Method method, Context* context, const Result<void>& checked,
                                           const Begin& begin);

  hub::Hub& hub_;
  const std::function<Result<hub::Hub::Reload>()> reload_;
  Gate& gate_;
  Watchers& watchers_;
  const Instant started_ = now();
};

}  // namespace glimt::control

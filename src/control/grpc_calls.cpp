#include "control/grpc_calls.hpp"

#include "control/field_mask.hpp"
#include "control/grpc_status.hpp"
#include "glimt/version.hpp"

namespace glimt::control {
namespace {

constexpr uint32_t kShortestIntervalMs = 100, kStockIntervalMs = 1000, kLongestIntervalMs = 60'000;

// What the hub says, as a message or an error.
template <class Value, class Message>
Result<void> put(const Result<Value>& value, Message* message) {
  if (!value) return value.error();
  to_proto(*value, message);
  return {};
}

Result<void> check_from(uint64_t from, uint64_t newest) {
  if (from <= newest + 1) return {};
  return Error{ErrorKind::invalid_argument, "from: the newest event is " + std::to_string(newest) +
                                                "; a hub that was restarted counts from 1 again: ask from 0"};
}

Result<void> check_interval(uint32_t ms) {
  if (ms == 0 || (ms >= kShortestIntervalMs && ms <= kLongestIntervalMs)) return {};
  return Error{ErrorKind::invalid_argument, "interval_ms: 100 to 60000, or 0 for 1000"};
}

}  // namespace

template <class Body>
Calls::Unary* Calls::answer(Method method, Context* context, const Body& body) {
  auto* reactor = context->DefaultReactor();
  grpc::Status status = gate_.admit(method, *context);
  if (status.ok()) {
    const Result<void> done = body();
    if (!done) status = to_status(done.error());
  }
  reactor->Finish(std::move(status));
  return reactor;
}

template <class Message, class Begin>
grpc::ServerWriteReactor<Message>* Calls::watch(Method method, Context* context, const Result<void>& checked,
                                                const Begin& begin) {
  if (auto status = gate_.admit(method, *context); !status.ok()) return end_watch<Message>(status);
  if (!checked) return end_watch<Message>(to_status(checked.error()));
  if (auto* call = begin()) return call;
  const Error full{ErrorKind::exhausted,
                   "as many watch as may; end another watch, or raise watchers in the hub's configuration"};
  return end_watch<Message>(gate_.refuse(method, *context, full));
}

control::Service::Counters Calls::counters() const {
  return {.calls = gate_.calls(),
          .refused_calls = gate_.refused(),
          .events_missed = watchers_.missed(),
          .watchers = watchers_.count()};
}

Calls::Unary* Calls::ListStreams(Context* context, const v1::ListStreamsRequest*,
                                 v1::ListStreamsResponse* response) {
  return answer(Method::list_streams, context, [&]() -> Result<void> {
    to_proto(hub_.streams(), response);
    return {};
  });
}

Calls::Unary* Calls::GetStream(Context* context, const v1::GetStreamRequest* request, v1::Stream* response) {
  return answer(Method::get_stream, context, [&] { return put(hub_.stream(request->name()), response); });
}

Calls::Unary* Calls::TakeSnapshot(Context* context, const v1::TakeSnapshotRequest* request,
                                  v1::Snapshot* response) {
  return answer(Method::take_snapshot, context,
                [&] { return put(hub_.snapshot(request->stream()), response); });
}

Calls::Unary* Calls::GetHub(Context* context, const v1::GetHubRequest*, v1::HubInfo* response) {
  return answer(Method::get_hub, context, [&]() -> Result<void> {
    const auto counted = counters();
    response->set_version(std::string(kVersion));
    response->set_uptime_s(std::chrono::duration<double>(now() - started_).count());
    response->set_calls(counted.calls);
    response->set_refused_calls(counted.refused_calls);
    response->set_watchers(static_cast<uint32_t>(counted.watchers));
    response->set_events_missed(counted.events_missed);
    return {};
  });
}

Calls::Unary* Calls::AddStream(Context* context, const v1::AddStreamRequest* request, v1::Stream* response) {
  return answer(Method::add_stream, context, [&]() -> Result<void> {
    auto settings = from_proto(request->settings());
    if (!settings) return settings.error();
    return put(hub_.add_stream(std::move(*settings)), response);
  });
}

Calls::Unary* Calls::UpdateStream(Context* context, const v1::UpdateStreamRequest* request,
                                  v1::Stream* response) {
  return answer(Method::update_stream, context, [&]() -> Result<void> {
    auto wanted = from_proto(request->settings());
    if (!wanted) return wanted.error();
    const std::string name = wanted->name;
    const auto& paths = request->mask().paths();
    const auto edit = edit_by_mask(std::move(*wanted), {paths.begin(), paths.end()});
    if (!edit) return edit.error();
    return put(hub_.update_stream(name, *edit), response);
  });
}

Calls::Unary* Calls::RemoveStream(Context* context, const v1::RemoveStreamRequest* request,
                                  v1::RemoveStreamResponse*) {
  return answer(Method::remove_stream, context, [&] { return hub_.remove_stream(request->name()); });
}

Calls::Unary* Calls::AddDestination(Context* context, const v1::AddDestinationRequest* request,
                                    v1::Destination* response) {
  return answer(Method::add_destination, context, [&] {
    return put(hub_.add_destination(request->stream(), from_proto(request->settings())), response);
  });
}

Calls::Unary* Calls::RemoveDestination(Context* context, const v1::RemoveDestinationRequest* request,
                                       v1::RemoveDestinationResponse*) {
  return answer(Method::remove_destination, context,
                [&] { return hub_.remove_destination(request->stream(), request->id()); });
}

Calls::Unary* Calls::Reload(Context* context, const v1::ReloadRequest*, v1::ReloadResponse* response) {
  return answer(Method::reload, context, [&]() -> Result<void> {
    if (reload_) return put(reload_(), response);
    return Error{ErrorKind::unsupported,
                 "there is no configuration file to read again; start with `glimt hub --config FILE`"};
  });
}

grpc::ServerWriteReactor<v1::Event>* Calls::WatchEvents(Context* context,
                                                        const v1::WatchEventsRequest* request) {
  auto& journal = hub_.journal();
  const uint64_t newest = journal.newest();
  return watch<v1::Event>(Method::watch_events, context, check_from(request->from(), newest), [&] {
    return watch_events(watchers_, journal, request->from() == 0 ? newest + 1 : request->from());
  });
}

grpc::ServerWriteReactor<v1::ListStreamsResponse>* Calls::WatchStreams(
    Context* context, const v1::WatchStreamsRequest* request) {
  const uint32_t ms = request->interval_ms() == 0 ? kStockIntervalMs : request->interval_ms();
  return watch<v1::ListStreamsResponse>(
      Method::watch_streams, context, check_interval(request->interval_ms()),
      [&] { return watch_streams(watchers_, std::chrono::milliseconds(ms), request->stream()); });
}

}  // namespace glimt::control

#include "control/grpc_values.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace glimt::control {
namespace {

using EventKind = hub::Event::Kind;

// Each enum of the hub beside the proto's.
constexpr std::array kStreamStates{
    std::pair{hub::StreamState::opening, v1::Stream::OPENING},
    std::pair{hub::StreamState::flowing, v1::Stream::FLOWING},
    std::pair{hub::StreamState::paused, v1::Stream::PAUSED},
    std::pair{hub::StreamState::trouble, v1::Stream::TROUBLE},
    std::pair{hub::StreamState::ended, v1::Stream::ENDED},
};
constexpr std::array kDestinationStates{
    std::pair{hub::DestinationState::connecting, v1::Destination::CONNECTING},
    std::pair{hub::DestinationState::flowing, v1::Destination::FLOWING},
    std::pair{hub::DestinationState::stalled, v1::Destination::STALLED},
    std::pair{hub::DestinationState::refused, v1::Destination::REFUSED},
};
constexpr std::array kEventKinds{
    std::pair{EventKind::stream_added, v1::Event::STREAM_ADDED},
    std::pair{EventKind::stream_changed, v1::Event::STREAM_CHANGED},
    std::pair{EventKind::stream_removed, v1::Event::STREAM_REMOVED},
    std::pair{EventKind::stream_state, v1::Event::STREAM_STATE},
    std::pair{EventKind::destination_added, v1::Event::DESTINATION_ADDED},
    std::pair{EventKind::destination_removed, v1::Event::DESTINATION_REMOVED},
    std::pair{EventKind::destination_state, v1::Event::DESTINATION_STATE},
    std::pair{EventKind::reloaded, v1::Event::RELOADED},
    std::pair{EventKind::closing, v1::Event::CLOSING},
};

template <class Ours, class Theirs, size_t n>
Theirs theirs(const std::array<std::pair<Ours, Theirs>, n>& table, Ours ours) {
  for (const auto& [a, b] : table)
    if (a == ours) return b;
  return Theirs{};
}

// A newer hub may say what this client does not know: the first, as where nothing is said.
template <class Ours, class Theirs, size_t n>
Ours ours(const std::array<std::pair<Ours, Theirs>, n>& table, int number) {
  for (const auto& [a, b] : table)
    if (b == number) return a;
  return table[0].first;
}

void to_proto(const PublisherStats& stats, v1::StreamStatistics* message) {
  message->set_frames(stats.frames);
  message->set_dropped(stats.dropped);
  message->set_unwatched(stats.unwatched);
  message->set_refused(stats.refused);
  message->set_captured_encoded_p50_ms(stats.captured_encoded_total.p50_ms);
  message->set_captured_encoded_p95_ms(stats.captured_encoded_total.p95_ms);
  message->set_captured_encoded_p99_ms(stats.captured_encoded_total.p99_ms);
}

PublisherStats from_proto(const v1::StreamStatistics& message) {
  PublisherStats stats;
  stats.frames = message.frames();
  stats.dropped = message.dropped();
  stats.unwatched = message.unwatched();
  stats.refused = message.refused();
  stats.captured_encoded_total.p50_ms = message.captured_encoded_p50_ms();
  stats.captured_encoded_total.p95_ms = message.captured_encoded_p95_ms();
  stats.captured_encoded_total.p99_ms = message.captured_encoded_p99_ms();
  return stats;
}

void to_proto(const DestinationStats& stats, v1::DestinationStatistics* message) {
  message->set_receivers(stats.receivers);
  message->set_receivers_gone(stats.receivers_gone);
  message->set_frames(stats.frames);
  message->set_dropped(stats.dropped);
  message->set_packets(stats.packets);
  message->set_bytes(stats.bytes);
  message->set_parity(stats.parity);
  message->set_repair(stats.repair);
  message->set_packets_lost(stats.packets_lost);
  message->set_rtt_ms(stats.rtt_ms);
  message->set_one_way(stats.one_way);
}

DestinationStats from_proto(const v1::DestinationStatistics& message) {
  DestinationStats stats;
  stats.receivers = message.receivers();
  stats.receivers_gone = message.receivers_gone();
  stats.frames = message.frames();
  stats.dropped = message.dropped();
  stats.packets = message.packets();
  stats.bytes = message.bytes();
  stats.parity = message.parity();
  stats.repair = message.repair();
  stats.packets_lost = message.packets_lost();
  stats.rtt_ms = message.rtt_ms();
  stats.one_way = message.one_way();
  return stats;
}

template <class Message>
std::vector<std::string> texts(const google::protobuf::RepeatedPtrField<Message>& field) {
  return {field.begin(), field.end()};
}

}  // namespace

std::string utf8(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
  if (ascii) return text;
  using Json = nlohmann::json;
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

void to_proto(const hub::StreamStatus& status, v1::Stream* message) {
  to_proto(status.settings, message->mutable_settings());
  message->set_state(theirs(kStreamStates, status.state));
  message->set_why(utf8(status.why));
  message->set_source_description(utf8(status.description));
  message->set_reopened(status.reopened);
  message->set_fps(status.fps);
  message->set_width(static_cast<uint32_t>(status.width));
  message->set_height(static_cast<uint32_t>(status.height));
  to_proto(status.stats, message->mutable_statistics());
  for (const auto& destination : status.destinations) to_proto(destination, message->add_destinations());
}

Result<hub::StreamStatus> from_proto(const v1::Stream& message) {
  auto settings = from_proto(message.settings());
  if (!settings) return settings.error();
  hub::StreamStatus status;
  status.settings = std::move(*settings);
  status.state = ours(kStreamStates, message.state());
  status.why = message.why();
  status.description = message.source_description();
  status.reopened = message.reopened();
  status.fps = message.fps();
  status.width = static_cast<int>(message.width());
  status.height = static_cast<int>(message.height());
  status.stats = from_proto(message.statistics());
  for (const auto& destination : message.destinations())
    status.destinations.push_back(from_proto(destination));
  return status;
}

void to_proto(const hub::DestinationStatus& status, v1::Destination* message) {
  to_proto(status.settings, message->mutable_settings());
  message->set_state(theirs(kDestinationStates, status.state));
  message->set_why(utf8(status.why));
  message->set_state_age_ms(status.state_age_ms);
  message->set_retry_in_ms(status.retry_in_ms);
  message->set_retries(status.retries);
  to_proto(status.stats, message->mutable_statistics());
}

hub::DestinationStatus from_proto(const v1::Destination& message) {
  hub::DestinationStatus status;
  status.settings = from_proto(message.settings());
  status.state = ours(kDestinationStates, message.state());
  status.why = message.why();
  status.state_age_ms = message.state_age_ms();
  status.retry_in_ms = message.retry_in_ms();
  status.retries = message.retries();
  status.stats = from_proto(message.statistics());
  status.stats.address = status.settings.url;
  return status;
}

void to_proto(const hub::Snapshot& snapshot, v1::Snapshot* message) {
  message->set_jpeg(snapshot.jpeg.data(), snapshot.jpeg.size());
  message->set_width(static_cast<uint32_t>(snapshot.width));
  message->set_height(static_cast<uint32_t>(snapshot.height));
  message->set_age_ms(snapshot.age_ms);
}

hub::Snapshot from_proto(const v1::Snapshot& message) {
  return {.jpeg = {message.jpeg().begin(), message.jpeg().end()},
          .width = static_cast<int>(message.width()),
          .height = static_cast<int>(message.height()),
          .age_ms = message.age_ms()};
}

void to_proto(const hub::Event& event, v1::Event* message) {
  message->set_number(event.number);
  message->set_unix_time_ms(event.time_ms);
  message->set_kind(theirs(kEventKinds, event.kind));
  message->set_stream(utf8(event.stream));
  message->set_destination(utf8(event.destination));
  message->set_text(utf8(event.text));
}

hub::Event from_proto(const v1::Event& message) {
  return {.number = message.number(),
          .time_ms = message.unix_time_ms(),
          .kind = ours(kEventKinds, message.kind()),
          .stream = message.stream(),
          .destination = message.destination(),
          .text = message.text()};
}

void to_proto(const hub::Hub::Reload& reload, v1::ReloadResponse* message) {
  for (const auto& name : reload.added) message->add_added(utf8(name));
  for (const auto& name : reload.changed) message->add_changed(utf8(name));
  for (const auto& name : reload.removed) message->add_removed(utf8(name));
}

hub::Hub::Reload from_proto(const v1::ReloadResponse& message) {
  return {texts(message.added()), texts(message.changed()), texts(message.removed())};
}

void to_proto(const std::vector<hub::StreamStatus>& streams, v1::ListStreamsResponse* message) {
  for (const auto& stream : streams) to_proto(stream, message->add_streams());
}

Result<std::vector<hub::StreamStatus>> from_proto(const v1::ListStreamsResponse& message) {
  std::vector<hub::StreamStatus> streams;
  for (const auto& one : message.streams()) {
    auto stream = from_proto(one);
    if (!stream) return stream.error();
    streams.push_back(std::move(*stream));
  }
  return streams;
}

}  // namespace glimt::control

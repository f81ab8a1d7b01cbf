#include "pipeline/receiver.hpp"

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kLookUp =
    std::chrono::milliseconds(20);  // how soon the end of a stream is noticed by a waiting reader

// As one of Codec::raw, for whoever takes encoded pictures.
Ref<media::AccessUnit> unit_over(media::Frame frame) {
  Ref<media::AccessUnit> unit(new media::AccessUnit);
  unit->info.codec = Codec::raw;
  unit->info.format = frame.format;
  unit->info.width = frame.width;
  unit->info.height = frame.height;
  unit->info.number = frame.number;
  unit->info.stamps = frame.stamps;
  unit->info.sender_captured_us = frame.sender_captured_us;
  unit->info.clock_known = frame.stamps.captured_at != Instant{};
  unit->info.metadata = std::move(frame.metadata);
  const Bytes bytes(frame.planes[0].data, media::packed_size(frame.format, frame.width, frame.height));
  unit->strips.push_back({std::move(frame.owner), bytes, 0});
  return unit;
}

DecodeStage::Options decode_options(const ReceiverOptions& o) {
  const auto& s = o.subscriber;
  return {s.mode, s.format, s.max_frame_bytes, s.encoded, s.workers, s.scale};
}

}  // namespace

Result<std::unique_ptr<Receiver>> Receiver::open(const Url& url, const ReceiverOptions& given) {
  const auto parsed = parse_receive_endpoint(url, given.subscriber);
  if (!parsed) return parsed.error();
  ReceiverOptions options = given;
  options.subscriber = parsed->options;
  auto network = NetworkThread::shared();
  if (!network) return network.error();
  auto transport = transport::open_transport((*network)->loop(), parsed->address);
  if (!transport) return transport.error();
  std::unique_ptr<Receiver> receiver(new Receiver(*network, parsed->address, options));
  if (options.recording) {
    if (auto recording = receiver->record(*options.recording); !recording) return recording.error();
  }
  const Endpoint::Options endpoint{parsed->address,
                                   options.subscriber.mode,
                                   options.subscriber.latency,
                                   options.subscriber.max_frame_bytes,
                                   options.subscriber.whole_only,
                                   options.subscriber.encoded || options.recording};
  Endpoint::Reader& reader = *receiver;
  media::StripSink& strips = *receiver;
  receiver->network_->loop().call([&] {
    receiver->endpoint_ =
        make_endpoint(receiver->network_->loop(), std::move(*transport), endpoint, strips, reader);
    receiver->endpoint_->start();
  });
  return receiver;
}

Receiver::Receiver(std::shared_ptr<NetworkThread> network, const transport::Address& address,
                   const ReceiverOptions& options)
    : network_(std::move(network)),
      address_(address),
      options_(options),
      taken_(network_->loop(),
             [this] {
               if (endpoint_) endpoint_->on_taken();
             }),
      decode_(decode_options(options), [this] { taken_.raise(); }),
      shared_({options.subscriber.mode, options.subscriber.max_frame_bytes}) {}

Receiver::~Receiver() { close(); }

void Receiver::close() {
  if (closed_.exchange(true)) return;
  network_->loop().call([&] {
    if (endpoint_) endpoint_->close();
    endpoint_.reset();
  });
  stop_recording();
  shared_.close();
  decode_.close();
}

Result<void> Receiver::record(const sink::RecorderOptions& options) {
  MutexLock one(changing_);
  auto recorder = sink::Recorder::open(options);
  if (!recorder) return recorder.error();
  RecordStage* begun = nullptr;
  {
    MutexLock lock(m_);
    if (record_) {
      return Error{
          ErrorKind::invalid_argument,
          address_.text + ": is recorded already; stop_recording() first, or start a second receiver"};
    }
    record_ = std::make_unique<RecordStage>(std::move(*recorder));
    begun = record_.get();
  }
  network_->loop().call([&] {
    recording_ = begun;
    recording_wants_key_ = dependent_;
    if (endpoint_) endpoint_->take_units(true);
    if (endpoint_ && dependent_) endpoint_->on_taken();
  });
  return {};
}

void Receiver::stop_recording() {
  MutexLock one(changing_);
  RecordStage* ended = nullptr;
  {
    MutexLock lock(m_);
    ended = record_.get();
  }
  if (!ended) return;
  network_->loop().call([&] {
    recording_ = nullptr;
    if (endpoint_) endpoint_->take_units(options_.subscriber.encoded);
  });
  ended->finish();
  MutexLock lock(m_);
  recorded_ += ended->counters();
  record_.reset();
}

// Each strip to the recording first: decoding takes a unit apart.
void Receiver::begin(const Ref<media::AccessUnit>& unit) {
  dependent_ = unit->info.codec == Codec::h264;
  if (unit->info.key) recording_wants_key_ = false;
  if (recording_) recording_->begin(unit);
  decode_.begin(unit);
}

void Receiver::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  if (recording_) recording_->strip(unit, strip);
  decode_.strip(unit, strip);
}

void Receiver::end(const Ref<media::AccessUnit>& unit) {
  if (recording_) unit->info.missing.any() ? recording_->abandon(unit) : recording_->end(unit);
  decode_.end(unit);
}

void Receiver::abandon(const Ref<media::AccessUnit>& unit) {
  if (recording_) recording_->abandon(unit);
  decode_.abandon(unit);
}

void Receiver::on_change(Endpoint::Change change, const std::string& why) {
  switch (change) {
    case Endpoint::Change::connected:
      log::info("{}: receiving from {}", address_.text, why);
      break;
    case Endpoint::Change::ended:
    case Endpoint::Change::lost:
      log::info("{}", why);
      break;
  }
  MutexLock lock(m_);
  connected_ = change == Endpoint::Change::connected;
  if (change == Endpoint::Change::ended) ended_ = true;
  if (!connected_) last_change_ = why;
}

void Receiver::on_frame_channel(UniqueFd fd, bool same_clock) {
  shared_.attach(std::move(fd), same_clock);
  decode_.wake_reader();
}

std::optional<Received> Receiver::read_shared(Instant deadline) {
  auto frame = shared_.read(deadline);
  if (!frame) return std::nullopt;
  decode_.note_received(*frame);
  if (decode_.hands_out_units()) return Received{{}, unit_over(std::move(*frame))};
  const auto format = options_.subscriber.format.value_or(frame->format);
  const int scale = options_.subscriber.scale;
  if (format == frame->format && scale == 1) return Received{std::move(*frame), {}};
  MutexLock lock(converting_);
  const int width = (frame->width + scale - 1) / scale, height = (frame->height + scale - 1) / scale;
  return Received{converter_.convert(scaler_.scale(std::move(*frame), width, height), format), {}};
}

bool Receiver::at_end() const {
  MutexLock lock(m_);
  return options_.subscriber.once && ended_ && !connected_;
}

Result<Received> Receiver::read(Duration timeout) {
  const Instant deadline = now() + timeout;
  while (true) {
    const bool end = at_end();  // asked before, so that what was decoded by then is still handed out
    const bool shared = shared_.attached();
    const bool busy = shared || decode_.busy();
    auto received = shared ? read_shared(deadline) : decode_.read(std::min(deadline, now() + kLookUp));
    if (received) {
      MutexLock lock(m_);
      last_frame_at_ = now();
      last_captured_at_ = received->stamps().captured_or_arrived();
      return std::move(*received);
    }
    if (closed_) return Error{ErrorKind::disconnected, address_.text + ": was closed by this program"};
    if (end && !busy) return Error{ErrorKind::disconnected, address_.text + ": the stream has ended"};
    if (now() >= deadline) return why_nothing(timeout);
  }
}

Error Receiver::why_nothing(Duration timeout) const {
  MutexLock lock(m_);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  std::string why = address_.text + ": no picture within " + std::to_string(ms) + " ms; ";
  if (connected_) {
    why += "a sender is there";
    if (last_frame_at_ != Instant{}) {
      why += ", its last picture came " +
             std::to_string(static_cast<int64_t>(to_ms(now() - last_frame_at_))) + " ms ago";
    }
  } else if (!last_change_.empty()) {
    why += "the sender has gone (" + last_change_ + ")";
  } else {
    why +=
        "no sender has answered yet; is `glimt send` running there, and does a firewall let the port "
        "through?";
  }
  return {ErrorKind::unavailable, why};
}

SubscriberStats Receiver::stats() {
  SubscriberStats stats;
  const auto counted = decode_.counters();
  stats.frames = counted.frames;
  stats.dropped = counted.dropped;
  stats.refused = counted.refused;
  stats.concealed = counted.concealed;
  stats.strip_map = counted.strip_map;
  const auto shared = shared_.counters();
  stats.dropped += shared.dropped;
  stats.refused += shared.refused;
  network_->loop().call([&] {
    if (endpoint_) endpoint_->add_to(stats);
  });
  stats.skipped += shared.skipped;
  decode_.stage_times(stats.interval, stats.total);
  MutexLock lock(m_);
  if (last_captured_at_ != Instant{}) stats.last_picture_age_ms = to_ms(now() - last_captured_at_);
  auto recording = recorded_;
  if (record_) recording += record_->counters();
  stats.recorded = recording.recorded;
  stats.not_recorded = recording.not_recorded;
  stats.recording = recording.file;
  return stats;
}

}  // namespace glimt::pipeline

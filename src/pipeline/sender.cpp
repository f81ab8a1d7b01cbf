#include "pipeline/sender.hpp"

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kDrain = std::chrono::seconds(2);
constexpr auto kLookUp = std::chrono::milliseconds(50);  // how soon a request to stop is noticed

const media::Stamps& stamps_of(const source::Picture& picture) {
  if (const auto* frame = std::get_if<media::Frame>(&picture)) return frame->stamps;
  return std::get<Ref<media::AccessUnit>>(picture)->info.stamps;
}

}  // namespace

Result<std::unique_ptr<Sender>> Sender::open(const std::vector<Url>& urls, PublisherOptions options,
                                             int strips) {
  const auto endpoints = parse_send_endpoints(urls, options);
  if (!endpoints) return endpoints.error();
  auto network = NetworkThread::shared();
  if (!network) return network.error();
  auto coder = make_coder(options, strips);
  if (!coder) return coder.error();
  std::unique_ptr<Sender> sender(new Sender(std::move(*network), options, strips, std::move(*coder)));
  for (const auto& endpoint : *endpoints) {
    if (auto id = sender->add(endpoint); !id) return id.error();
  }
  return sender;
}

Result<Sender::Coder> Sender::make_coder(const PublisherOptions& options, int strips) {
  const Codec codec = options.codec.value_or(Codec::jpeg);
  auto encoder = encode::make_encoder(codec, {.quality = options.quality,
                                              .chroma = options.chroma,
                                              .workers = options.workers,
                                              .strips = strips,
                                              .encoder = options.encoder,
                                              .bitrate_bps = options.bitrate_bps,
                                              .intra_refresh = options.intra_refresh});
  if (!encoder) return encoder.error();
  return Coder{std::move(*encoder), codec};
}

Sender::Sender(std::shared_ptr<NetworkThread> network, const PublisherOptions& options, int strips,
               Coder coder)
    : strips_(strips),
      max_frame_bytes_(options.max_frame_bytes),
      codec_(coder.codec),
      coder_(std::move(coder)),
      decoder_({std::nullopt, options.max_frame_bytes, options.workers}),
      stream_(
          std::move(network), options.slots,
          [this] {
            auto frame = stream_.shared().newest();
            frame.again = true;
            if (!frame.empty()) waiting_.put(std::move(frame));
          },
          [this] { send_again(); }),
      options_(options),
      thread_("glimt-encode", [this] { encode_loop(); }) {}

Sender::~Sender() { close(wire::CloseReason::leaving); }

Result<uint32_t> Sender::add(const Url& url) {
  const auto endpoint = parse_further_endpoint(url, options());
  return endpoint ? add(*endpoint) : endpoint.error();
}

Result<uint32_t> Sender::add(const SendEndpoint& endpoint) {
  if (endpoint.address.wire == wire::WireFormat::pickle_q) sends_arrays_ = true;
  (endpoint.shares ? shares_ : encodes_) = true;
  return stream_.add(
      {endpoint.address, endpoint.pace_bps, endpoint.mode, endpoint.shares, endpoint.parity_percent});
}

Result<void> Sender::set_options(const PublisherOptions& options) {
  const auto former = this->options();
  if (options.max_frame_bytes != former.max_frame_bytes || options.pace_bps != former.pace_bps ||
      options.slots != former.slots) {
    return Error{ErrorKind::invalid_argument,
                 "pace, slots and max_frame stay as the stream was opened with; open another one for others"};
  }
  auto coder = make_coder(options, strips_);
  if (!coder) return coder.error();
  MutexLock lock(m_);
  options_ = options;
  codec_ = coder->codec;
  std::swap(next_coder_, *coder);
  coder_changed_ = true;
  return {};
}

PublisherOptions Sender::options() const {
  MutexLock lock(m_);
  return options_;
}

bool Sender::remove(uint32_t id) { return stream_.remove(id); }

media::Frame Sender::borrow(PixelFormat format, int width, int height) {
  if (shares_) {
    if (auto frame = stream_.shared().borrow(format, width, height)) return std::move(*frame);
  }
  return media::make_frame(borrowed_, format, width, height);
}

void Sender::share(media::Frame& frame, bool watched) {
  const auto done = stream_.shared().publish(frame);
  MutexLock lock(m_);
  if (done) {
    ++(watched ? counted_.frames : counted_.unwatched);
  } else {
    ++counted_.dropped;
    if (done.error().message != last_complaint_) log::warning("{}", last_complaint_ = done.error().message);
  }
}

void Sender::publish(source::Picture picture) {
  if (auto* frame = std::get_if<media::Frame>(&picture); frame && shares_) {
    const auto demand = stream_.demand();
    share(*frame, demand.sharing > 0);
    if (!encodes_ && demand.units() == 0) return;
  }
  if (waiting_.put(std::move(picture)) != Queue<source::Picture>::Put::displaced_oldest) return;
  const bool watched = stream_.demand().receivers > 0;
  MutexLock lock(m_);
  ++(watched ? counted_.dropped : counted_.unwatched);
}

void Sender::publish_every(source::Picture picture, const std::atomic<bool>& stop) {
  if (wait_for_room(picture, stop)) publish(std::move(picture));
}

bool Sender::wait_for_room(const source::Picture& picture, const std::atomic<bool>& stop) {
  while (true) {
    const auto demand = stream_.demand();
    if (!demand.lone_every) return true;
    const bool shared = demand.sharing > 0 && std::holds_alternative<media::Frame>(picture);
    if (shared ? stream_.shared().wait_for_room(now() + kLookUp) : waiting_.wait_for_room(now() + kLookUp))
      return true;
    if (stop) return false;
  }
}

bool Sender::wait_for_receiver(const std::atomic<bool>& stop, const std::function<bool()>& or_else) {
  if (stream_.demand().receivers == 0) log::info("waiting for a receiver");
  while (!stop && !closing_) {
    if (stream_.demand().receivers > 0 || (or_else && or_else())) return true;
    stream_.wait(now() + kLookUp, [](const SendStream::Demand& d) { return d.receivers > 0; });
  }
  return false;
}

// A sender at its limit leaves a frame out before encoding it. Only the lone receiver of every
// frame is waited for. With nobody there the newest picture is kept for whoever comes.
bool Sender::wait_for_demand() {
  bool kept = false;
  while (true) {
    const auto demand = stream_.demand();
    if (kept && waiting_.size() > 0) return false;  // there is a newer one
    if (demand.units() == 0) {
      if (!std::exchange(kept, true)) {
        stream_.note_newer_picture();
        MutexLock lock(m_);
        if (demand.sharing == 0) ++counted_.unwatched;
      }
      if (closing_ || demand.sharing > 0) return false;
      stream_.wait(now() + kLookUp, [](const SendStream::Demand& d) { return d.receivers > 0; });
      continue;
    }
    if (demand.ready > 0) return true;
    if (!demand.lone_every) {
      MutexLock lock(m_);
      ++counted_.dropped;
      return false;
    }
    if (now() > close_by_.load()) return false;
    stream_.wait(now() + kLookUp, [](const SendStream::Demand& d) { return d.ready > 0 || !d.lone_every; });
  }
}

void Sender::encode_loop() {
  while (auto picture = waiting_.take()) {
    if (shares_) share_unit(*picture);
    // The newest is kept for whoever comes, be it a watcher; of shared memory the stream keeps it.
    if (encodes_ || !shares_ || stream_.demand().units() > 0) {
      if (wait_for_demand()) encode(*picture);
    }
  }
}

// An encoded picture is decoded for those that take pixels.
void Sender::share_unit(const source::Picture& picture) {
  const auto* unit = std::get_if<Ref<media::AccessUnit>>(&picture);
  if (!unit || stream_.demand().sharing == 0) return;
  auto frame = decoder_.decode(**unit);
  if (!frame) return;  // said where it is encoded or refused by a receiver
  while (stream_.demand().lone_every && !closing_ && !stream_.shared().wait_for_room(now() + kLookUp)) {
  }
  share(*frame, true);
}

void Sender::take_over_coder() {
  if (!coder_changed_) return;
  const Coder former = std::move(coder_);  // its threads are joined outside the lock
  MutexLock lock(m_);
  coder_changed_ = false;
  coder_ = std::exchange(next_coder_, {});
}

// What was put here for a receiver that has just come may have stood in the encoder already. With
// pictures that depend on each other it is a key frame that is wanted.
bool Sender::was_encoded(const source::Picture& picture) const {
  const auto* frame = std::get_if<media::Frame>(&picture);
  return frame && frame->again && frame->stamps.captured_at == encoded_;
}

void Sender::encode(source::Picture& picture) {
  const Instant captured_at = stamps_of(picture).captured_at;
  take_over_coder();
  if (was_encoded(picture)) return;
  encoded_ = coder_.codec == Codec::h264 ? Instant{} : captured_at;
  if (stream_.take_key_request()) coder_.encoder->force_key();
  const auto done = encode_any(picture);
  MutexLock lock(m_);
  if (coder_.codec != Codec::h264) newest_ = {};
  if (!done) {
    ++counted_.refused;
    if (done.error().message != last_complaint_) log::warning("{}", last_complaint_ = done.error().message);
    return;
  }
  if (stream_.demand().sharing == 0) ++counted_.frames;
  interval_.add(now() - captured_at);
  total_.add(now() - captured_at);
}

Result<void> Sender::encode_any(source::Picture& picture) {
  if (auto* frame = std::get_if<media::Frame>(&picture)) {
    // Units are kept for a while, the slots of shared memory are few.
    if (shares_ && coder_.codec == Codec::raw) *frame = media::clone(borrowed_, *frame);
    return encode_pixels(std::move(*frame));
  }
  const auto& unit = std::get<Ref<media::AccessUnit>>(picture);
  if (unit->info.codec == coder_.codec) return pass_on(unit);
  auto decoded = decoder_.decode(*unit);
  return decoded ? encode_pixels(std::move(*decoded)) : decoded.error();
}

Result<void> Sender::encode_pixels(media::Frame frame) {
  if (sends_arrays_ && frame.format == PixelFormat::i420)
    frame = converter_.convert(std::move(frame), PixelFormat::bgr24);
  auto done = coder_.encoder->encode(frame, stream_);
  if (done && coder_.codec == Codec::h264 && !shares_) {
    MutexLock lock(m_);
    newest_ = std::move(frame);
  }
  return done;
}

// On the network thread. A newer picture that waits is better. Shared memory keeps its newest picture by itself.
void Sender::send_again() {
  media::Frame newest;
  if (shares_) {
    newest = stream_.shared().newest();
  } else {
    MutexLock lock(m_);
    newest = newest_;
  }
  newest.again = true;
  if (!newest.empty()) waiting_.try_put(std::move(newest));
}

// A JPEG that has restart markers leaves in strips, its bytes as they are.
Result<void> Sender::pass_on(const Ref<media::AccessUnit>& unit) {
  const bool cut = unit->strips.size() == 1 && unit->info.codec == Codec::jpeg &&
                   cut_jpeg(unit->strips[0].bytes, unit->info);
  unit->info.strips = static_cast<int>(cut ? cutter_.strips().size() : unit->strips.size());
  stream_.begin(unit);
  for (int i = 0; cut && i < unit->info.strips; ++i)
    stream_.strip(unit, {unit->strips[0].owner, cutter_.strips()[static_cast<size_t>(i)], i});
  for (size_t i = 0; !cut && i < unit->strips.size(); ++i) stream_.strip(unit, unit->strips[i]);
  stream_.end(unit);
  return {};
}

bool Sender::cut_jpeg(Bytes jpeg, const media::UnitInfo& info) {
  const auto scan = media::scan_jpeg(jpeg);
  return scan.state == media::JpegScan::State::whole && scan.layout.restart_interval > 0 &&
         cutter_.cut(jpeg, scan.layout, media::strips_worth(info.width, info.height));
}

PublisherStats Sender::stats() {
  auto destinations = stream_.stats();
  MutexLock lock(m_);
  PublisherStats stats = counted_;
  stats.captured_encoded = interval_.percentiles();
  stats.captured_encoded_total = total_.percentiles();
  interval_.clear();
  stats.destinations = std::move(destinations);
  return stats;
}

void Sender::close(wire::CloseReason reason) {
  if (closing_.exchange(true)) return;
  close_by_ = now() + (reason == wire::CloseReason::end_of_stream ? Duration(kDrain) : Duration::zero());
  waiting_.close();
  thread_.join();
  stream_.close(reason, reason == wire::CloseReason::end_of_stream ? Duration(kDrain) : Duration::zero());
}

}  // namespace glimt::pipeline

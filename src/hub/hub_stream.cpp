#include "hub/hub_stream.hpp"

#include <algorithm>

#include "pipeline/endpoint_options.hpp"

namespace glimt::hub {
namespace {

constexpr auto kFpsOver = std::chrono::seconds(1);

// For people who are to start the other end.
std::string other_side(const std::string& url) {
  const auto parsed = Url::parse(url);
  if (!parsed) return url;
  const auto address = transport::Address::from_url(*parsed, true);
  return address ? pipeline::other_side(*address) : url;
}

bool same_source(const StreamSettings& a, const StreamSettings& b) {
  return a.source == b.source && a.format == b.format && a.filter == b.filter && a.loop == b.loop &&
         a.paused == b.paused;
}

}  // namespace

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::opening:
      return "opening";
    case StreamState::flowing:
      return "flowing";
    case StreamState::paused:
      return "paused";
    case StreamState::trouble:
      return "trouble";
    case StreamState::ended:
      return "ended";
  }
  return "unknown";
}

HubStream::HubStream(StreamSettings settings, MakeStreamEngine make_engine, Journal& journal, uint64_t seed,
                     Instant at)
    : make_engine_(std::move(make_engine)),
      journal_(journal),
      engine_back_off_(seed),
      seed_(seed),
      settings_(std::move(settings)),
      fps_since_(at) {}

Result<void> HubStream::open(Instant at) {
  const auto wanted = settings();
  auto made = make_engine_(wanted);
  if (!made) {
    MutexLock lock(m_);
    engine_why_ = made.error().message;
    engine_retry_at_ = at + engine_back_off_.next();
    return made.error();
  }
  {
    MutexLock lock(m_);
    engine_ = std::move(*made);
    engine_retry_at_ = Instant::max();
  }
  return {};
}

void HubStream::settle(Instant at) {
  const auto running = engine();
  const auto wanted = settings();
  if (!running || closed_ || settled_) return;
  settled_ = true;
  running->set_source(wanted);
  for (const auto& destination : wanted.destinations) add(destination, at);
}

Result<void> HubStream::prepare(const StreamSettings& to) {
  const auto running = engine();
  if (!running || settings().encoding == to.encoding) return {};
  return running->set_encoding(to);
}

void HubStream::change(const StreamSettings& to, Instant at) {
  const auto from = settings();
  const auto running = engine();
  remove_others(to);
  {
    MutexLock lock(m_);
    settings_ = to;
  }
  if (!running) {
    if (open(at)) settle(at);  // what is wrong is told in the status
    return;
  }
  if (!same_source(from, to)) running->set_source(to);
  for (const auto& destination : to.destinations) add(destination, at);
}

void HubStream::remove_others(const StreamSettings& to) {
  std::map<std::string_view, const DestinationSettings*> stay;
  for (const auto& destination : to.destinations) stay[destination.id] = &destination;
  std::vector<uint32_t> gone;
  {
    MutexLock lock(m_);
    std::erase_if(destinations_, [&](const auto& d) {
      const auto found = stay.find(d.first);
      if (found != stay.end() && *found->second == d.second.settings) return false;
      if (d.second.engine_id) gone.push_back(*d.second.engine_id);
      return true;
    });
  }
  for (const uint32_t id : gone) engine()->remove(id);
}

void HubStream::add(const DestinationSettings& settings, Instant at) {
  {
    MutexLock lock(m_);
    Destination destination{
        settings, DestinationWatch(other_side(settings.url), at), BackOff(++seed_), std::nullopt, {}, 0, {}};
    if (!destinations_.emplace(settings.id, std::move(destination)).second) return;
  }
  try_destination(settings.id, at);
}

void HubStream::try_destination(const std::string& id, Instant at) {
  std::string url;
  {
    MutexLock lock(m_);
    url = destinations_.at(id).settings.url;
  }
  const auto added = engine()->add(url);
  MutexLock lock(m_);
  auto& destination = destinations_.at(id);
  bool news = false;
  if (added) {
    destination.engine_id = *added;
    destination.back_off.reset();
    news = destination.watch.sample({}, 0, at);
  } else {
    destination.retry_at = at + destination.back_off.next();
    news = destination.watch.refused(added.error().message, at);
  }
  if (news) tell(settings_.name, destination);
}

void HubStream::retry(Instant at) {
  if (closed_) return;
  std::vector<std::string> due;
  bool whole = false;
  {
    MutexLock lock(m_);
    whole = !engine_ && engine_retry_at_ <= at;
    for (auto& [id, destination] : destinations_) {
      if (destination.engine_id || destination.retry_at > at || !engine_) continue;
      ++destination.retries;
      due.push_back(id);
    }
  }
  if (whole && open(at)) settle(at);
  for (const auto& id : due) try_destination(id, at);
}

void HubStream::close() {
  closed_ = true;
  if (const auto running = engine()) running->close();
}

Instant HubStream::next_attempt() const {
  MutexLock lock(m_);
  Instant next = engine_ ? Instant::max() : engine_retry_at_;
  for (const auto& [id, destination] : destinations_) {
    if (!destination.engine_id && engine_) next = std::min(next, destination.retry_at);
  }
  return next;
}

void HubStream::tell(const std::string& stream, const Destination& destination) {
  const auto& watch = destination.watch;
  const std::string why = watch.why().empty() ? "" : ": " + watch.why();
  journal_.write({.kind = Event::Kind::destination_state,
                  .stream = stream,
                  .destination = destination.settings.id,
                  .text = std::string(to_string(watch.state())) + why});
}

void HubStream::sample(Instant at) {
  sample_source();
  const auto running = engine();
  if (!running) return;
  auto stats = running->stats();
  MutexLock lock(m_);
  const uint64_t offered = stats.frames + stats.dropped;
  for (auto& [id, destination] : destinations_) {
    if (!destination.engine_id) continue;
    const auto found =
        std::lower_bound(stats.destinations.begin(), stats.destinations.end(), *destination.engine_id,
                         [](const auto& d, uint32_t engine_id) { return d.id < engine_id; });
    if (found == stats.destinations.end() || found->id != *destination.engine_id) continue;
    destination.stats = std::move(*found);
    if (destination.watch.sample(destination.stats, offered, at)) tell(settings_.name, destination);
  }
  stats.destinations.clear();
  stats_ = std::move(stats);
  if (at - fps_since_ >= kFpsOver) {
    fps_ = static_cast<double>(stats_.frames - fps_frames_) /
           std::chrono::duration<double>(at - fps_since_).count();
    fps_frames_ = stats_.frames;
    fps_since_ = at;
  }
}

void HubStream::sample_source() {
  const auto now_is = source();
  MutexLock lock(m_);
  if (told_ == std::pair(now_is.state, now_is.why)) return;
  told_ = {now_is.state, now_is.why};
  const std::string why = now_is.why.empty() ? "" : ": " + now_is.why;
  journal_.write({.kind = Event::Kind::stream_state,
                  .stream = settings_.name,
                  .destination = "",
                  .text = std::string(to_string(now_is.state)) + why});
}

std::shared_ptr<StreamEngine> HubStream::engine() const {
  MutexLock lock(m_);
  return engine_;
}

StreamEngine::SourceStatus HubStream::source() const {
  if (const auto running = engine()) return running->source();
  MutexLock lock(m_);
  return {StreamState::trouble, engine_why_, "", 0, 0, 0};
}

StreamSettings HubStream::settings() const {
  MutexLock lock(m_);
  return settings_;
}

size_t HubStream::destination_count() const {
  MutexLock lock(m_);
  return settings_.destinations.size();
}

StreamStatus HubStream::status(Instant at) const {
  const auto of_source = source();
  MutexLock lock(m_);
  StreamStatus status{settings_,
                      of_source.state,
                      of_source.why,
                      of_source.description,
                      of_source.reopened,
                      fps_,
                      of_source.width,
                      of_source.height,
                      stats_,
                      {}};
  for (const auto& wanted : settings_.destinations) {
    const auto found = destinations_.find(wanted.id);
    if (found != destinations_.end()) {
      status.destinations.push_back(status_of(found->second, at));
    } else {
      status.destinations.push_back({wanted, DestinationState::refused, engine_why_, 0, 0, 0, {}});
    }
  }
  return status;
}

Result<DestinationStatus> HubStream::destination(const std::string& id, Instant at) const {
  MutexLock lock(m_);
  const auto found = destinations_.find(id);
  if (found != destinations_.end()) return status_of(found->second, at);
  const auto wanted = std::find_if(settings_.destinations.begin(), settings_.destinations.end(),
                                   [&](const auto& d) { return d.id == id; });
  if (wanted != settings_.destinations.end())
    return DestinationStatus{*wanted, DestinationState::refused, engine_why_, 0, 0, 0, {}};
  return Error{ErrorKind::not_found, "stream '" + settings_.name + "' has no destination '" + id + "'"};
}

DestinationStatus HubStream::status_of(const Destination& destination, Instant at) {
  const bool refused = !destination.engine_id;
  return {destination.settings,
          destination.watch.state(),
          destination.watch.why(),
          to_ms(at - destination.watch.since()),
          refused ? std::max(0.0, to_ms(destination.retry_at - at)) : 0,
          destination.retries,
          destination.stats};
}

Result<std::shared_ptr<StreamEngine>> HubStream::running() const {
  MutexLock lock(m_);
  if (engine_) return engine_;
  return Error{ErrorKind::unavailable, "stream '" + settings_.name + "' cannot run: " + engine_why_};
}

Result<Snapshot> HubStream::snapshot() const {
  const auto engine = running();
  return engine ? (*engine)->snapshot() : engine.error();
}

Result<std::unique_ptr<UnitWatch>> HubStream::watch_units(WatchAs as, OnUnit on_unit) const {
  auto engine = running();
  if (!engine) return engine.error();
  return UnitWatch::open(std::move(*engine), as, std::move(on_unit));
}

}  // namespace glimt::hub

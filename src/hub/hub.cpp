#include "hub/hub.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"

namespace glimt::hub {
namespace {

constexpr auto kLookForRetriesEvery = std::chrono::milliseconds(50);

Error closing_error() { return {ErrorKind::unavailable, "the hub is closing; nothing was changed"}; }

Configured by_name(const std::vector<StreamSettings>& all) {
  Configured named;
  for (const auto& settings : all) named.insert_or_assign(settings.name, settings);
  return named;
}

// The first of d1, d2… that is free.
std::string free_id(const StreamSettings& settings) {
  const auto taken = [&](const std::string& id) {
    return std::any_of(settings.destinations.begin(), settings.destinations.end(),
                       [&](const auto& d) { return d.id == id; });
  };
  for (size_t i = 1;; ++i) {
    if (std::string id = "d" + std::to_string(i); !taken(id)) return id;
  }
}

}  // namespace

Hub::Hub(Options options)
    : options_(std::move(options)), next_seed_(options_.seed != 0 ? options_.seed : random_u64()) {}

Result<std::unique_ptr<Hub>> Hub::open(Options options, const std::vector<StreamSettings>& configured) {
  for (const auto& settings : configured) {
    if (auto good = check(settings); !good) return good.error();
  }
  std::unique_ptr<Hub> hub(new Hub(std::move(options)));
  if (auto done = hub->restore(configured); !done) return done.error();
  if (!hub->options_.manual_ticks) {
    hub->sampler_ = Thread("glimt-hub", [&self = *hub] { self.repeat(kSampleEvery, &Hub::sample); });
    hub->retrier_ =
        Thread("glimt-hub-retry", [&self = *hub] { self.repeat(kLookForRetriesEvery, &Hub::retry); });
  }
  return hub;
}

// What cannot run yet is told and tried again, as it would be if it had broken later.
Result<void> Hub::restore(const std::vector<StreamSettings>& configured) {
  Configured wanted;
  {
    MutexLock lock(kept_m_);
    configured_ = by_name(configured);
    if (!options_.state_path.empty()) {
      auto opened = StateFile::open(options_.state_path);
      if (!opened) return opened.error();
      state_file_ = std::move(opened->file);
      changes_ = std::move(opened->changes);
      if (!opened->complaint.empty()) log::warning("{}", opened->complaint);
      drop_outdated(changes_, configured_);
    }
    wanted = combine(changes_, configured_);
  }
  for (const auto& [name, settings] : wanted) {
    if (auto good = check(settings); !good) {
      log::warning("stream '{}' of the state file is left out: {}", name, good.error().message);
      continue;
    }
    auto stream = make(settings);
    {
      MutexLock lock(m_);
      streams_[name] = stream;
    }
    MutexLock changing(stream->changing);
    if (auto opened = stream->open(options_.clock()); !opened)
      log::warning("stream '{}': {}; tried again", name, opened.error().message);
    stream->settle(options_.clock());
  }
  return {};
}

Hub::~Hub() { close(); }

Hub::StreamRef Hub::make(const StreamSettings& settings) {
  MutexLock lock(m_);
  next_seed_ += 1'000'000;  // each destination takes one
  return std::make_shared<HubStream>(settings, options_.make_engine, journal_, next_seed_, options_.clock());
}

Result<StreamStatus> Hub::add_stream(StreamSettings settings) {
  for (auto& destination : settings.destinations) {
    if (destination.id.empty()) destination.id = free_id(settings);
  }
  if (auto good = check(settings); !good) return good.error();
  auto stream = insert(settings);
  if (!stream) return stream.error();
  MutexLock changing((*stream)->changing);
  (*stream)->settle(options_.clock());
  return (*stream)->status(options_.clock());
}

// The one that is there, where it is the same.
Result<Hub::StreamRef> Hub::insert(const StreamSettings& settings) {
  MutexLock adding(adding_);
  if (const auto there = find(settings.name)) {
    if ((*there)->settings() == settings) return *there;
    return Error{ErrorKind::already_exists,
                 "a stream '" + settings.name +
                     "' is there, with other settings; change it, remove it, or choose "
                     "another name"};
  }
  if (auto room = check_limits(settings); !room) return room.error();
  auto stream = make(settings);
  MutexLock changing(stream->changing);
  if (auto opened = stream->open(options_.clock()); !opened) return opened.error();
  if (auto kept = keep(settings.name, settings); !kept) return kept.error();
  {
    MutexLock lock(m_);
    streams_[settings.name] = stream;
  }
  note(Event::Kind::stream_added, settings.name, "", settings.source);
  note_destinations({}, settings);
  return stream;
}

Result<StreamStatus> Hub::update_stream(const std::string& name, const Edit& edit) {
  const auto stream = find(name);
  if (!stream) return stream.error();
  HubStream& s = **stream;
  MutexLock changing(s.changing);
  if (s.closed()) return find(name).error();
  auto to = s.settings();
  if (auto edited = edit(to); !edited) return edited.error();
  if (to.name != name)
    return Error{ErrorKind::invalid_argument, "a stream keeps its name; remove it and add another"};
  if (auto good = check(to); !good) return good.error();
  if (auto room = check_limits(to); !room) return room.error();
  if (auto done = change(s, to); !done) return done.error();
  return s.status(options_.clock());
}

// On the disk first: what is told to be so is so after a crash.
Result<void> Hub::change(HubStream& stream, const StreamSettings& to) {
  const auto from = stream.settings();
  if (from == to) return {};
  if (auto ready = stream.prepare(to); !ready) return ready;
  if (auto kept = keep(to.name, to); !kept) {
    (void)stream.prepare(from);  // it ran like that a moment ago
    return kept;
  }
  stream.change(to, options_.clock());
  auto rest = to;
  rest.destinations = from.destinations;
  if (rest != from) note(Event::Kind::stream_changed, to.name);
  note_destinations(from, to);
  return {};
}

Result<void> Hub::remove_stream(const std::string& name) {
  MutexLock adding(adding_);
  const auto stream = find(name);
  if (!stream) return stream.error();
  HubStream& s = **stream;
  MutexLock changing(s.changing);
  if (auto kept = keep(name, std::nullopt); !kept) return kept;
  {
    MutexLock lock(m_);
    streams_.erase(name);
  }
  s.close();
  note(Event::Kind::stream_removed, name);
  return {};
}

Result<DestinationStatus> Hub::add_destination(const std::string& stream, DestinationSettings settings) {
  const auto found = find(stream);
  if (!found) return found.error();
  HubStream& s = **found;
  MutexLock changing(s.changing);
  if (s.closed()) return find(stream).error();
  auto to = s.settings();
  if (settings.id.empty()) settings.id = free_id(to);
  const auto there = std::find_if(to.destinations.begin(), to.destinations.end(),
                                  [&](const auto& d) { return d.id == settings.id; });
  if (there != to.destinations.end()) {
    if (*there == settings) return s.destination(settings.id, options_.clock());
    return Error{ErrorKind::already_exists, "'" + settings.id + "' of stream '" + stream + "' goes to " +
                                                there->url + "; remove it, or choose another id"};
  }
  if (auto good = check(settings, to.encoding); !good) return good.error();
  to.destinations.push_back(settings);
  if (auto room = check_limits(to); !room) return room.error();
  if (auto done = change(s, to); !done) return done.error();
  return s.destination(settings.id, options_.clock());
}

Result<void> Hub::remove_destination(const std::string& stream, const std::string& id) {
  const auto found = find(stream);
  if (!found) return found.error();
  HubStream& s = **found;
  MutexLock changing(s.changing);
  if (s.closed()) return find(stream).error();
  auto to = s.settings();
  if (std::erase_if(to.destinations, [&](const auto& d) { return d.id == id; }) == 0)
    return s.destination(id, options_.clock()).error();
  return change(s, to);
}

void Hub::note(Event::Kind kind, const std::string& stream, const std::string& destination,
               const std::string& text) {
  journal_.write({.kind = kind, .stream = stream, .destination = destination, .text = text});
}

void Hub::note_destinations(const StreamSettings& from, const StreamSettings& to) {
  const std::string& name = to.name;
  std::map<std::string_view, std::string_view> before, after;
  for (const auto& d : from.destinations) before[d.id] = d.url;
  for (const auto& d : to.destinations) after[d.id] = d.url;
  for (const auto& [id, url] : before) {
    if (const auto now_is = after.find(id); now_is == after.end() || now_is->second != url)
      note(Event::Kind::destination_removed, name, std::string(id), std::string(url));
  }
  for (const auto& [id, url] : after) {
    if (const auto was = before.find(id); was == before.end() || was->second != url)
      note(Event::Kind::destination_added, name, std::string(id), std::string(url));
  }
}

Result<void> Hub::check_limits(const StreamSettings& to) const {
  const size_t others = destinations_but(to.name);
  MutexLock lock(m_);
  if (closing_) return closing_error();
  if (!streams_.contains(to.name) && streams_.size() >= options_.limits.streams) {
    return Error{ErrorKind::exhausted, "this hub has its limit of " +
                                           std::to_string(options_.limits.streams) +
                                           " streams; remove one, or raise [limits] streams"};
  }
  if (others + to.destinations.size() > options_.limits.destinations) {
    return Error{ErrorKind::exhausted, "this hub has its limit of " +
                                           std::to_string(options_.limits.destinations) +
                                           " destinations; remove one, or raise [limits] destinations"};
  }
  return {};
}

size_t Hub::destinations_but(const std::string& name) const {
  size_t n = 0;
  MutexLock lock(m_);
  for (const auto& [other, stream] : streams_) {
    if (other != name) n += stream->destination_count();
  }
  return n;
}

Result<void> Hub::keep(const std::string& name, const std::optional<StreamSettings>& settings) {
  MutexLock lock(kept_m_);
  Changes next = changes_;
  hub::note(next, configured_, name, settings);
  if (state_file_) {
    if (auto written = state_file_->write(next); !written) return written;
  }
  changes_ = std::move(next);
  return {};
}

Result<Hub::StreamRef> Hub::find(const std::string& name) const {
  MutexLock lock(m_);
  if (closing_) return closing_error();
  if (const auto found = streams_.find(name); found != streams_.end()) return found->second;
  std::string known;
  for (const auto& [other, stream] : streams_) known += (known.empty() ? "" : ", ") + other;
  return Error{ErrorKind::not_found, "no stream is called '" + name + "'; " +
                                         (known.empty() ? "there is none yet" : "there are: " + known)};
}

std::vector<Hub::StreamRef> Hub::all() const {
  MutexLock lock(m_);
  std::vector<StreamRef> streams;
  for (const auto& [name, stream] : streams_) streams.push_back(stream);
  return streams;
}

std::vector<StreamStatus> Hub::streams() const {
  std::vector<StreamStatus> states;
  for (const auto& stream : all()) states.push_back(stream->status(options_.clock()));
  return states;
}

Result<StreamStatus> Hub::stream(const std::string& name) const {
  const auto found = find(name);
  if (!found) return found.error();
  return (*found)->status(options_.clock());
}

Result<Snapshot> Hub::snapshot(const std::string& name) const {
  const auto found = find(name);
  if (!found) return found.error();
  return (*found)->snapshot();
}

Result<std::unique_ptr<UnitWatch>> Hub::watch_units(const std::string& name, WatchAs as,
                                                    OnUnit on_unit) const {
  const auto found = find(name);
  if (!found) return found.error();
  return (*found)->watch_units(as, std::move(on_unit));
}

void Hub::tick() {
  sample();
  retry();
}

void Hub::sample() {
  for (const auto& stream : all()) stream->sample(options_.clock());
}

void Hub::retry() {
  for (const auto& stream : all()) {
    if (stream->next_attempt() > options_.clock()) continue;
    MutexLock changing(stream->changing);
    stream->retry(options_.clock());
  }
}

void Hub::repeat(Duration every, void (Hub::*work)()) {
  while (true) {
    {
      MutexLock lock(m_);
      if (!closing_) woken_.wait_until(m_, now() + every);
      if (closing_) return;
    }
    (this->*work)();
  }
}

void Hub::close() {
  {
    MutexLock lock(m_);
    if (closing_) return;
    closing_ = true;
    woken_.notify_all();
  }
  note(Event::Kind::closing, "");
  sampler_.join();
  retrier_.join();
  MutexLock adding(adding_);
  for (const auto& stream : all()) {
    MutexLock changing(stream->changing);
    stream->close();
  }
}

}  // namespace glimt::hub

#include "pipeline/send_stream.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kDrainPoll = std::chrono::milliseconds(2);
// Key frames on request: however many receivers ask, and how often, the others get no more of them than this.
constexpr auto kKeysApart = std::chrono::milliseconds(250);
// Then the newest picture is sent again. A picture that is due comes before.
constexpr auto kShortestStill = std::chrono::milliseconds(20), kLongestStill = std::chrono::milliseconds(100);
constexpr auto kAskAnewAfter =
    std::chrono::seconds(1);  // the encoder took the request, and nothing came of it

}  // namespace

SendStream::SendStream(std::shared_ptr<NetworkThread> network, std::optional<size_t> slots,
                       std::function<void()> on_units_wanted, std::function<void()> send_again)
    : network_(std::move(network)),
      on_units_wanted_(std::move(on_units_wanted)),
      send_again_(std::move(send_again)),
      shared_(network_->loop(), slots),
      inlet_signal_(network_->loop(), [this] { drain_inlet(); }),
      key_timer_(network_->loop(), [this] { on_key_timer(); }) {}

SendStream::~SendStream() { close(wire::CloseReason::leaving, Duration::zero()); }

Result<uint32_t> SendStream::add(const Destination::Options& options) {
  auto transport = transport::open_transport(network_->loop(), options.address);
  if (!transport) return transport.error();
  uint32_t id = 0;
  Destination::Stream& self = *this;
  network_->loop().call([&] {
    id = next_id_++;
    auto destination = make_destination(network_->loop(), std::move(*transport), options, self);
    profile(destination->packetizer_options());
    destination->start();
    destinations_[id] = std::move(destination);
  });
  return id;
}

bool SendStream::remove(uint32_t id) {
  bool removed = false;
  network_->loop().call([&] {
    const auto found = destinations_.find(id);
    if (found == destinations_.end()) return;
    found->second->close(wire::CloseReason::leaving);
    destinations_.erase(found);
    removed = true;
    demand_changed();
  });
  return removed;
}

uint32_t SendStream::watch(UnitWatchers::OnUnit on_unit) {
  uint32_t id = 0;
  network_->loop().call([&] {
    id = next_id_++;
    watchers_.add(id, std::move(on_unit), !newer_picture_);
    demand_changed();
  });
  return id;
}

bool SendStream::unwatch(uint32_t id) {
  bool removed = false;
  network_->loop().call([&] {
    removed = watchers_.remove(id);
    if (removed) demand_changed();
  });
  return removed;
}

void SendStream::request_key() {
  network_->loop().call([&] {
    watchers_.want_key();
    demand_changed();
  });
}

std::vector<DestinationStats> SendStream::stats() {
  std::vector<DestinationStats> all;
  network_->loop().call([&] {
    for (const auto& [id, destination] : destinations_) {
      all.push_back(destination->stats());
      all.back().id = id;
    }
  });
  return all;
}

SendStream::Demand SendStream::demand() const {
  MutexLock lock(m_);
  return demand_;
}

void SendStream::close(wire::CloseReason reason, Duration drain) {
  const Instant deadline = now() + drain;
  bool drained = false;
  while (!drained && now() < deadline) {
    network_->loop().call([&] {
      drained = inlet_.size() == 0 && std::all_of(destinations_.begin(), destinations_.end(),
                                                  [](const auto& d) { return d.second->drained(); });
    });
    if (!drained) std::this_thread::sleep_for(kDrainPoll);
  }
  inlet_.close();
  network_->loop().call([&] {
    for (auto& [id, destination] : destinations_) destination->close(reason);
    destinations_.clear();
    profiles_.clear();
    watchers_.close();
    demand_changed();
  });
}

void SendStream::begin(const Ref<media::AccessUnit>& unit) {
  {
    // What stands in the inlet is in no queue yet: until it is, nobody knows of room for a second one.
    MutexLock lock(m_);
    ++begun_;
    if (demand_.lone_every) demand_.ready = 0;
  }
  put({Event::Kind::begin, unit, {}});
}
void SendStream::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  put({Event::Kind::strip, unit, strip});
}
void SendStream::end(const Ref<media::AccessUnit>& unit) { put({Event::Kind::end, unit, {}}); }
void SendStream::abandon(const Ref<media::AccessUnit>& unit) { put({Event::Kind::abandon, unit, {}}); }

void SendStream::put(Event event) {
  const bool wakes = event.kind != Event::Kind::begin;  // a begin alone is nothing to send
  if (inlet_.put_wait(std::move(event)) && wakes) inlet_signal_.raise();
}

void SendStream::drain_inlet() {
  bool any = false;
  while (auto event = inlet_.try_take()) {
    apply(*event);
    any = true;
  }
  if (!any) return;
  for (auto& [id, destination] : destinations_) destination->pump();
  demand_changed();
}

void SendStream::apply(const Event& event) {
  if (event.kind == Event::Kind::begin) {
    begin_unit(event);
    return;
  }
  if (event.kind == Event::Kind::strip) watchers_.strip(event.unit, event.strip);
  if (event.kind == Event::Kind::end) watchers_.end(event.unit);
  if (event.kind == Event::Kind::abandon) watchers_.abandon(event.unit);
  for (auto& [cut, p] : profiles_) {
    if (!p.current || p.current->unit != event.unit) continue;
    if (event.kind == Event::Kind::strip && !p.current->abandoned) {
      complain(p.packetizer->add(*p.current, event.strip));
    } else if (event.kind == Event::Kind::end) {
      complain(p.packetizer->end(*p.current));
    } else if (event.kind == Event::Kind::abandon) {
      p.current->abandoned = p.current->complete = true;
    }
  }
}

// Once, and again where it was something else in between.
void SendStream::complain(const Result<void>& done) {
  if (!done && done.error().message != last_complaint_)
    log::warning("{}", last_complaint_ = done.error().message);
}

void SendStream::begin_unit(const Event& event) {
  const Instant at = now();
  if (last_begin_ != Instant{})
    interval_ = interval_ == Duration{} ? at - last_begin_ : (interval_ * 7 + (at - last_begin_)) / 8;
  const bool first = last_begin_ == Instant{};
  last_begin_ = at;
  newer_picture_ = false;
  ++offered_;
  dependent_ = event.unit->info.codec == Codec::h264;
  if (event.unit->info.key) {
    key_begun_at_ = at;
    key_asked_at_ = {};
    key_requested_ = false;
  }
  event.unit->info.number = next_frame_;
  ++next_frame_;
  watchers_.begin(event.unit);
  for (auto& [cut, p] : profiles_) {
    p.current = p.packetizer->begin(event.unit, first);
    p.history.push(p.current);
  }
  for (auto& [id, destination] : destinations_)
    destination->offer(profile(destination->packetizer_options()).current);
}

SendStream::Profile& SendStream::profile(const Cut& cut) {
  const auto found = profiles_.find(cut);
  if (found != profiles_.end()) return found->second;
  return profiles_.emplace(cut, Profile{packetize::make_packetizer(cut)}).first->second;
}

Ref<packetize::SymbolUnit> SendStream::newest_key(const Cut& cut) {
  return newer_picture_ ? Ref<packetize::SymbolUnit>() : profile(cut).history.newest_key();
}

void SendStream::demand_changed() {
  Demand demand;
  size_t every = 0;
  for (const auto& [id, destination] : destinations_) {
    demand.receivers += destination->receivers();
    demand.sharing += destination->sharing_receivers();
    demand.ready += destination->ready_receivers();
    every += destination->every_receivers();
  }
  demand.receivers += watchers_.count();  // whoever of them is slow leaves units out by itself
  demand.ready += watchers_.count();
  demand.lone_every = demand.receivers == 1 && every == 1;
  consider_key();
  bool first = false;
  {
    MutexLock lock(m_);
    if (demand.lone_every && begun_ != offered_) demand.ready = 0;
    first = demand_.units() == 0 && demand.units() > 0;
    demand_ = demand;
  }
  demand_changed_.notify_all();
  if (first) on_units_wanted_();
}

void SendStream::consider_key() {
  const bool wanted = dependent_ && (watchers_.wants_key() ||
                                     std::any_of(destinations_.begin(), destinations_.end(),
                                                 [](const auto& d) { return d.second->wants_key(); }));
  const Instant at = now();
  if (!wanted) {
    key_timer_.clear();
  } else if (at < key_begun_at_ + kKeysApart) {
    key_timer_.set(key_begun_at_ + kKeysApart);
  } else if (at >= key_asked_at_ + kAskAnewAfter) {
    key_asked_at_ = at;
    key_requested_ = true;
    key_timer_.set(at + std::clamp<Duration>(interval_ * 3 / 2, kShortestStill, kLongestStill));
  }
}

void SendStream::on_key_timer() {
  if (key_asked_at_ == Instant{}) {
    demand_changed();
  } else if (key_requested_) {  // no picture has taken it up
    send_again_();
  }
}

bool SendStream::may_let_go() const {
  MutexLock lock(m_);
  return !demand_.lone_every;
}

}  // namespace glimt::pipeline

#include "pipeline/receive_session.hpp"

#include <algorithm>

namespace glimt::pipeline {
namespace {

constexpr auto kReportEvery = std::chrono::milliseconds(10);
constexpr auto kAskAgainEvery =
    std::chrono::microseconds(1500);  // what a frame lacks, should the report be lost
constexpr auto kAskForKeyEvery = std::chrono::milliseconds(50);
constexpr int kReportRepeats = 2;  // a report may be lost: its content is said three times
constexpr auto kHold = std::chrono::milliseconds(300);  // for a newer frame

}  // namespace

ReceiveSession::Counters& ReceiveSession::Counters::operator+=(const Counters& other) {
  frames += other.frames;
  packets += other.packets;
  packets_repeated += other.packets_repeated;
  packets_lost += other.packets_lost;
  bytes += other.bytes;
  refused += other.refused;
  unknown += other.unknown;
  key_requests += other.key_requests;
  old += other.old;
  return *this;
}

void ReceiveSession::Counters::add_to(SubscriberStats& stats) const {
  stats.dropped += old + frames.unusable;
  stats.key_requests += key_requests;
  stats.lost += frames.lost;
  stats.late += frames.late;
  stats.skipped += frames.skipped;
  stats.repeated += frames.repeated + packets_repeated;
  stats.refused += refused + frames.refused + frames.malformed;
  stats.packets += packets;
  stats.packets_lost += packets_lost;
  stats.recovered += frames.recovered;
  stats.asked += frames.asked;
  stats.packets_repeated += packets_repeated;
  stats.bytes += bytes;
}

ReceiveSession::ReceiveSession(const transport::Peer& from, Association a, const Options& options,
                               media::StripSink& sink)
    : association(std::move(a)), peer(from), options_(options), sink_(sink) {}

ReceiveSession::~ReceiveSession() { stop(); }

void ReceiveSession::start(uint64_t taken_units) {
  stop();
  reassemble::Reassembler::Options o;
  o.limits = {association.peer().symbol_bytes - wire::kPrefixBytes, options_.max_frame_bytes,
              options_.max_frame_bytes};
  o.mode = options_.mode;
  o.latency = options_.latency;
  o.reliable = options_.reliable;
  o.whole_only = options_.whole_only;
  o.repairs = !options_.one_way;
  reassembler_.emplace(o);
  arrivals_ = {};
  fates_.clear();
  asked_.clear();
  settled_.clear();
  units_popped_ = taken_units;
  report_ = 0;
  repeats_left_ = 0;
  dirty_ = fate_due_ = deficit_due_ = any_fate_ = false;
  key_wanted_after_.reset();
  ended_.reset();
}

void ReceiveSession::stop() {
  if (!reassembler_) return;
  reassembler_->abandon_all(*this);
  held_.clear();
  release_held_at_ = Instant::max();
  counters_.frames += reassembler_->counters();
  counters_.packets_lost += arrivals_.lost();
  reassembler_.reset();
}

Association::Event ReceiveSession::on_packet(const wire::Packet& packet, size_t datagram_bytes, Instant now,
                                             Outbox& out) {
  counters_.bytes += datagram_bytes;
  ++counters_.packets;
  const auto event = association.on_packet(packet, now, out);
  if (event == Association::Event::refused) ++counters_.refused;
  if (!started()) return event;
  if (!arrivals_.add(packet.header.number, now)) {
    ++counters_.packets_repeated;
    return event;
  }
  dirty_ = true;
  switch (packet.header.type) {
    case wire::Type::data:
      on_symbol(packet, wire::parse_data, now);
      break;
    case wire::Type::parity:
      on_symbol(packet, wire::parse_parity, now);
      break;
    case wire::Type::skip:
      if (const auto skip = wire::parse_skip(packet.body)) {
        reassembler_->skip(*skip, now, *this);
      } else {
        ++counters_.refused;
      }
      break;
    case wire::Type::hello:
    case wire::Type::clock:
    case wire::Type::close:
      break;
    default:
      ++counters_.unknown;
      break;
  }
  return event;
}

// Of the only stream that there is, and in good order: then it is the reassembler's.
template <class P>
void ReceiveSession::on_symbol(const wire::Packet& packet, wire::Parsed<P> (&parse)(const wire::Packet&),
                               Instant now) {
  if (packet.header.stream != 0) {
    ++counters_.unknown;
  } else if (const auto parsed = parse(packet); parsed.packet) {
    reassembler_->push(*parsed.packet, now, *this);
  } else {
    ++counters_.refused;
  }
}

void ReceiveSession::take_deficits() {
  while (const auto deficit = reassembler_->take_deficit()) {
    asked_.push_newest({*deficit, report_ + 1});
    deficit_due_ = true;
  }
}

// What is asked for is said until the answer comes: a burst of loss on the way back may take many reports.
void ReceiveSession::forget_what_is_answered() {
  while (!asked_.empty() && asked_.front().first_report + kReportRepeats < report_ + 1 &&
         !reassembler_->awaits(asked_.front().deficit)) {
    asked_.pop();
  }
}

// And sooner than the rest.
Duration ReceiveSession::report_interval() const { return asked_.empty() ? kReportEvery : kAskAgainEvery; }

void ReceiveSession::begin(const Ref<media::AccessUnit>& unit) {
  auto& info = unit->info;
  auto& s = info.stamps;
  const bool holds = options_.mode == Mode::latest && association.is_catching_up(s.arrived_at);
  if (options_.one_way) association.note_clock(info.clock_id);
  const auto& clock = association.clock();
  info.clock_known = clock.estimate().has_value();
  if (info.clock_known) {
    for (Instant* stamp : {&s.captured_at, &s.encoded_at, &s.sent_at}) {
      if (*stamp != Instant{}) *stamp = clock.to_ours(*stamp);
    }
  } else {
    // Until the first probe is back: as if the way here took no time.
    const Duration shift = s.arrived_at - s.sent_at;
    for (Instant* stamp : {&s.captured_at, &s.encoded_at, &s.sent_at}) {
      if (*stamp != Instant{}) *stamp += shift;
    }
  }
  if (holds) {
    release_held_at_ = std::min(release_held_at_, s.arrived_at + kHold);
    held_.push_back({unit, {}, false});
  } else {
    sink_.begin(unit);
  }
}

void ReceiveSession::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  if (Held* held = find_held(unit)) {
    held->strips.push_back(strip);
  } else {
    sink_.strip(unit, strip);
  }
}

void ReceiveSession::end(const Ref<media::AccessUnit>& unit) {
  ended_ = unit->info.number;
  drop_held_before(unit->info.number);
  if (Held* held = find_held(unit)) {
    held->whole = true;
  } else {
    sink_.end(unit);
  }
}

void ReceiveSession::abandon(const Ref<media::AccessUnit>& unit) {
  if (find_held(unit)) {
    std::erase_if(held_, [&](const Held& held) { return held.unit == unit; });
  } else {
    sink_.abandon(unit);
  }
}

ReceiveSession::Held* ReceiveSession::find_held(const Ref<media::AccessUnit>& unit) {
  const auto at =
      std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.unit == unit; });
  return at != held_.end() ? &*at : nullptr;
}

void ReceiveSession::drop_held_before(Sequence frame) {
  counters_.old +=
      std::erase_if(held_, [&](const Held& held) { return held.whole && frame > held.unit->info.number; });
}

// No newer one came: these are the newest.
void ReceiveSession::release_held() {
  for (const auto& held : std::exchange(held_, {})) {
    sink_.begin(held.unit);
    for (const auto& strip : held.strips) sink_.strip(held.unit, strip);
    if (held.whole) sink_.end(held.unit);
  }
  release_held_at_ = Instant::max();
}

void ReceiveSession::fate(const wire::FrameFate& fate) {
  if (!any_fate_) taken_ = fate.frame - 1;
  any_fate_ = true;
  fates_.push_newest({fate, report_ + 1});
  settled_.push_newest({fate.frame, ended_ == fate.frame});
  fate_due_ = true;
}

// The newest frame up to which everything was taken by the reader or given up.
Sequence ReceiveSession::taken(uint64_t taken_units) {
  while (!settled_.empty()) {
    const Settled& front = settled_.front();
    if (front.handed_on && units_popped_ >= taken_units) break;
    if (front.handed_on) ++units_popped_;
    const Sequence frame = settled_.pop().frame;
    if (frame > taken_) taken_ = frame;  // the fate of an overtaken frame comes after that of a newer one
  }
  return taken_;
}

void ReceiveSession::poll(Instant now, const ReaderState& reader, Outbox& out) {
  association.poll(now, out);
  if (!started() || !association.is_open()) return;
  if (const auto rtt = association.clock().rtt()) reassembler_->set_rtt(*rtt);
  reassembler_->expire(now, *this);
  if (now >= release_held_at_) release_held();
  if (options_.one_way) return;
  take_deficits();
  const bool asks = note_key_wanted(reader.wants_key);
  const Duration silent = now - last_report_;
  const bool due = (silent >= report_interval() && (dirty_ || repeats_left_ > 0 || !asked_.empty())) ||
                   (silent >= kAskForKeyEvery && key_wanted_after_);
  if (fate_due_ || deficit_due_ || asks || due) report(now, reader, out);
}

// True where a key frame is wanted from now on.
bool ReceiveSession::note_key_wanted(bool reader_wants) {
  const bool before = key_wanted_after_.has_value();
  key_wanted_after_ = reassembler_->key_wanted_after(reader_wants);
  if (before || !key_wanted_after_) return false;
  ++counters_.key_requests;
  return true;
}

void ReceiveSession::report(Instant now, const ReaderState& reader, Outbox& out) {
  repeats_left_ = dirty_ || fate_due_ || deficit_due_ ? kReportRepeats : std::max(0, repeats_left_ - 1);
  dirty_ = fate_due_ = deficit_due_ = false;
  last_report_ = now;
  wire::Feedback f;
  forget_what_is_answered();
  f.report = ++report_;
  f.sent_at_us = static_cast<uint32_t>(to_us(now));
  f.kernel_drops = reader.kernel_drops;
  f.taken = taken(reader.taken_units);
  const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(reader.oldest_wait).count() / 16;
  f.decode_queue_16us = static_cast<uint16_t>(std::clamp<int64_t>(wait, 0, UINT16_MAX));
  for (size_t i = 0; i < fates_.size(); ++i) {
    if (fates_[i].first_report + kReportRepeats >= report_) f.fates[f.fate_count++] = fates_[i].fate;
  }
  for (size_t i = 0; i < asked_.size(); ++i) f.deficits[f.deficit_count++] = asked_[i].deficit;
  f.key_wanted_after = key_wanted_after_;
  arrivals_.report(f, now, reassembler_->reorder_window(now), wire::Feedback::max_arrivals(f.deficit_count));
  if (options_.reliable) f.arrivals.count = 0;  // nothing is lost there
  std::array<uint8_t, wire::kMaxFeedbackBytes> body;
  const size_t size = serialize(body, f);
  std::array<uint8_t, wire::kMaxFeedbackBytes + wire::kMinPacketBytes> buffer;
  out.send(wire::seal_control(
      buffer, {wire::Type::feedback, 0, 0, association.peer_session(), association.next_number()},
      Bytes(body).first(size)));
}

Instant ReceiveSession::next_poll() const {
  Instant next = association.next_poll();
  if (!started()) return next;
  next = std::min({next, reassembler_->next_deadline(), release_held_at_});
  if (options_.one_way) return next;
  if (dirty_ || repeats_left_ > 0 || !asked_.empty()) next = std::min(next, last_report_ + report_interval());
  if (key_wanted_after_) next = std::min(next, last_report_ + kAskForKeyEvery);
  return next;
}

ReceiveSession::Counters ReceiveSession::counters() const {
  Counters c = counters_;
  if (!reassembler_) return c;
  c.frames += reassembler_->counters();
  c.packets_lost += arrivals_.lost();
  return c;
}

}  // namespace glimt::pipeline

#include "pipeline/decode_stage.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

constexpr size_t kReadyEvery = 2;
// Units that depend on each other and wait for the decoder, in latest mode: more is old already.
constexpr size_t kMaxDependent = 8;

bool is_dependent(const media::UnitInfo& info) { return info.codec == Codec::h264; }

}  // namespace

DecodeStage::DecodeStage(const Options& options, std::function<void()> on_taken)
    : options_(options),
      on_taken_(std::move(on_taken)),
      access_units_(options.access_units),
      ready_(options.mode == Mode::latest ? 1 : kReadyEvery),
      thread_("glimt-decode", [this] { decode_loop(); }) {}

DecodeStage::~DecodeStage() { close(); }

void DecodeStage::close() {
  {
    MutexLock lock(m_);
    closed_ = true;
  }
  changed_.notify_all();
  ready_.close();
  thread_.join();
}

DecodeStage::Entry* DecodeStage::find(const Ref<media::AccessUnit>& unit) {
  for (size_t i = units_.size(); i-- > 0;) {
    if (units_[i].unit == unit && !units_[i].abandoned) return &units_[i];
  }
  return nullptr;
}

void DecodeStage::begin(const Ref<media::AccessUnit>& unit) {
  uint64_t given_up = 0;
  {
    MutexLock lock(m_);
    if (units_.full()) {  // a sender that does not keep to its credit
      given_up = units_.front().whole ? 1 : 0;
      ++counters_.dropped;
      units_.pop();
    }
    units_.push({.unit = unit});
  }
  if (given_up > 0) count_taken(given_up);
}

void DecodeStage::strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) {
  {
    MutexLock lock(m_);
    if (!find(unit)) return;
    unit->strips.push_back(strip);
  }
  changed_.notify_one();
}

void DecodeStage::end(const Ref<media::AccessUnit>& unit) {
  if (unit->info.key) wants_key_ = false;
  bool behind = false;
  {
    MutexLock lock(m_);
    if (Entry* entry = find(unit)) entry->whole = true;
    drop_overtaken();  // here, so that no more wait than there is use for while the decoder is busy
    behind = drop_dependent();
  }
  if (behind) want_key();
  changed_.notify_one();
}

void DecodeStage::abandon(const Ref<media::AccessUnit>& unit) {
  {
    MutexLock lock(m_);
    if (Entry* entry = find(unit)) entry->abandoned = true;
  }
  changed_.notify_one();  // it may be the last that there is: then nothing is left to do
}

// latest: whatever stands before a whole key frame is old, unless its decoding has begun and it is whole too.
void DecodeStage::drop_overtaken() {
  if (options_.mode != Mode::latest) return;
  for (size_t i = units_.size(); i-- > 1;) {
    if (!units_[i].whole || units_[i].abandoned || !units_[i].unit->info.key) continue;
    while (i-- > 0) {
      Entry& front = units_.front();
      if (front.begun && front.whole && !front.abandoned) return;
      if (front.whole && !front.abandoned && !front.refused) ++counters_.dropped;
      units_.pop();
    }
    return;
  }
}

// latest: a decoder that has fallen behind goes on with the next key frame.
bool DecodeStage::drop_dependent() {
  if (options_.mode != Mode::latest || units_.size() <= kMaxDependent || units_.back().unit->info.key)
    return false;
  while (!units_.empty() && !units_.back().unit->info.key) {
    const Entry& front = units_.front();
    if (front.whole && !front.abandoned && !front.refused) ++counters_.dropped;
    units_.pop();
  }
  return true;
}

void DecodeStage::want_key() {
  wants_key_ = true;
  on_taken_();
}

bool DecodeStage::next_work(Work& work) {
  drop_overtaken();
  while (!units_.empty() && (units_.front().abandoned || (units_.front().refused && units_.front().whole)))
    units_.pop();
  if (units_.empty()) return false;
  Entry& entry = units_.front();
  if (entry.refused) return false;
  work = {};
  work.unit = entry.unit;
  if (entry.decoded < entry.unit->strips.size()) {
    work.has_strip = true;
    work.strip = entry.unit->strips[entry.decoded++];
    work.begins = !entry.begun;
    entry.begun = true;
  }
  work.ends = entry.whole && entry.decoded == entry.unit->strips.size();
  if (work.ends) units_.pop();
  return work.has_strip || work.ends;
}

void DecodeStage::decode_loop() {
  if (options_.workers != 1) ask_for_short_slices();  // it hands strips to others
  while (true) {
    Work work;
    {
      MutexLock lock(m_);
      decoding_ = false;
      while (!closed_ && !next_work(work)) changed_.wait(m_);
      if (closed_) return;
      decoding_ = true;
    }
    if (auto done = decode(work); !done) {
      refuse(work, done.error());
    } else if (work.ends) {
      finish(std::move(work));
    }
  }
}

Result<void> DecodeStage::decode(const Work& work) {
  const auto& info = work.unit->info;
  if (access_units_) {  // what is encoded is handed on whole or not at all
    const bool lacks = work.ends && info.missing.any();
    return lacks ? Error{ErrorKind::unavailable, "strips are missing"} : Result<void>();
  }
  if (work.begins) {
    if (auto chosen = choose_decoder(info.codec); !chosen) return chosen;
    if (auto begun = decoder_->begin(info); !begun) return begun;
  }
  if (work.has_strip) {
    if (auto done = decoder_->strip(work.strip); !done) return done;
  }
  if (!work.ends || info.missing.none()) return {};
  for (int i = 0; i < info.strips; ++i) {
    if (!info.missing[static_cast<size_t>(i)]) continue;
    if (auto done = decoder_->conceal(i); !done) return done;
  }
  return {};
}

Result<void> DecodeStage::choose_decoder(Codec codec) {
  if (codec_ == codec) return {};
  auto decoder = decode::make_decoder(
      codec, {options_.format, options_.max_frame_bytes, options_.workers, options_.scale});
  if (!decoder) return decoder.error();
  decoder_ = std::move(*decoder);
  codec_ = codec;
  return {};
}

void DecodeStage::finish(Work work) {
  const auto& info = work.unit->info;
  const bool as_unit = access_units_;
  Received received;
  if (as_unit) {
    work.unit->put_in_order();
    received.unit = work.unit;
  } else {
    auto frame = decoder_->end();
    if (!frame) {
      refuse(work, frame.error());
      return;
    }
    if (options_.scale > 1)
      *frame = scaler_.scale(std::move(*frame), scaled(info.width), scaled(info.height));
    received.frame =
        options_.format ? converter_.convert(std::move(*frame), *options_.format) : std::move(*frame);
    received.frame.stamps = info.stamps;
    received.frame.stamps.decoded_at = now();
    received.frame.number = info.number;
    received.frame.sender_captured_us = info.sender_captured_us;
    received.frame.metadata = info.metadata;
    received.frame.strips = info.strips;
    received.frame.missing = info.missing;
  }
  if ((is_dependent(info) || info.again) && !(as_unit ? follows(info) : is_shown(info))) {
    count_taken(1);
    return;
  }
  count(received, info);
  // From here on the picture is the reader's alone; the network thread may hold the unit a little longer.
  if (!as_unit) work.unit->strips.clear();
  work = {};
  deliver(std::move(received));
}

void DecodeStage::count(const Received& received, const media::UnitInfo& info) {
  MutexLock lock(m_);
  ++counters_.frames;
  interval_.add(received.stamps(), info.clock_known);
  total_.add(received.stamps(), info.clock_known);
  if (info.missing.none()) return;
  ++counters_.concealed;
  counters_.strip_map.clear();
  for (int i = 0; i < info.strips; ++i)
    counters_.strip_map += info.missing[static_cast<size_t>(i)] ? '0' : '1';
}

// Not where the reader has it already, nor where a newer one is whole.
bool DecodeStage::is_shown(const media::UnitInfo& info) {
  if (info.again && shown_captured_us_ == info.sender_captured_us) return false;
  MutexLock lock(m_);
  for (size_t i = 0; options_.mode == Mode::latest && i < units_.size(); ++i) {
    if (!units_[i].whole || units_[i].abandoned || units_[i].refused) continue;
    ++counters_.dropped;
    return false;
  }
  shown_captured_us_ = info.sender_captured_us;
  return true;
}

// Of encoded units the reader gets those that it can decode: in latest mode one that it was too slow for costs all up to
// the next key frame.
bool DecodeStage::follows(const media::UnitInfo& info) {
  const bool in_time = options_.mode == Mode::every || ready_.size() == 0;
  if (info.key || (in_time && handed_out_ && info.number == *handed_out_ + 1)) {
    handed_out_ = info.number;
    return true;
  }
  handed_out_.reset();
  {
    MutexLock lock(m_);
    ++counters_.dropped;
  }
  want_key();
  return false;
}

void DecodeStage::deliver(Received received) {
  if (options_.mode == Mode::every) {
    ready_.put_wait(std::move(received));
    return;
  }
  if (ready_.put(std::move(received)) == Queue<Received>::Put::displaced_oldest) {
    MutexLock lock(m_);
    ++counters_.dropped;
  }
}

void DecodeStage::refuse(const Work& work, const Error& why) {
  log::debug("frame {}: {}", work.unit->info.number.value(), why.message);
  {
    MutexLock lock(m_);
    ++(why.kind == ErrorKind::unavailable ? counters_.dropped : counters_.refused);
    if (Entry* entry = find(work.unit)) entry->refused = true;
  }
  count_taken(1);
  if (is_dependent(work.unit->info)) want_key();
}

void DecodeStage::count_taken(uint64_t units) {
  taken_units_ += units;
  if (options_.mode == Mode::every) on_taken_();
}

std::optional<Received> DecodeStage::read(Instant deadline) {
  auto received = ready_.take(deadline);
  if (received) count_taken(1);
  return received;
}

void DecodeStage::note_received(const media::Frame& frame) {
  const bool clock_known = frame.stamps.captured_at != Instant{};
  MutexLock lock(m_);
  ++counters_.frames;
  interval_.add(frame.stamps, clock_known);
  total_.add(frame.stamps, clock_known);
}

void DecodeStage::note_shown(const Received& shown, Instant at) {
  const Instant decoded_at = shown.stamps().decoded_at;
  if (decoded_at == Instant{}) return;
  MutexLock lock(m_);
  interval_.decoded_shown.add(at - decoded_at);
  total_.decoded_shown.add(at - decoded_at);
}

bool DecodeStage::busy() const {
  MutexLock lock(m_);
  return decoding_ || !units_.empty();
}

Duration DecodeStage::oldest_wait(Instant now) const {
  MutexLock lock(m_);
  if (units_.empty() || !units_[0].whole) return Duration::zero();
  return now - units_[0].unit->info.stamps.whole_at;
}

DecodeStage::Counters DecodeStage::counters() const {
  MutexLock lock(m_);
  return counters_;
}

void DecodeStage::Histograms::add(const media::Stamps& s, bool clock_known) {
  const auto between = [](Histogram& h, Instant from, Instant to) {
    if (from != Instant{} && to != Instant{}) h.add(to - from);
  };
  between(captured_encoded, s.captured_at, s.encoded_at);
  between(encoded_sent, s.encoded_at, s.sent_at);
  between(arrived_whole, s.arrived_at, s.whole_at);
  between(whole_decoded, s.whole_at, s.decoded_at);
  if (!clock_known) return;
  between(sent_arrived, s.sent_at, s.arrived_at);
  between(captured_decoded, s.captured_at, s.decoded_at);
}

StageTimes DecodeStage::Histograms::times() const {
  return {captured_encoded.percentiles(), encoded_sent.percentiles(),  sent_arrived.percentiles(),
          arrived_whole.percentiles(),    whole_decoded.percentiles(), captured_decoded.percentiles(),
          decoded_shown.percentiles()};
}

void DecodeStage::stage_times(StageTimes& interval, StageTimes& total) {
  MutexLock lock(m_);
  interval = interval_.times();
  total = total_.times();
  interval_ = {};
}

}  // namespace glimt::pipeline

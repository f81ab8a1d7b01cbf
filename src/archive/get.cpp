#include "archive/get.hpp"

#include "archive/picture_decoder.hpp"
#include "base/log.hpp"

namespace glimt::archive {
namespace {

constexpr auto kAgain = std::chrono::milliseconds(250);

// What a server says in a conversation, until it is over.
enum class Step { more, end };
using Take = std::function<Result<Step>(const wire::ArchiveMessage&, const Ref<media::Buffer>&)>;

Conversation::Options limits(const GetOptions& o) {
  return {.max_message_bytes = o.max_frame_bytes + wire::kMaxArchiveOverheadBytes};
}

bool is_break(const Error& why) {
  return why.kind == ErrorKind::disconnected || why.kind == ErrorKind::unavailable ||
         why.kind == ErrorKind::exhausted;
}

Error out_of_order(const GetOptions& o, const std::string& what) {
  return {ErrorKind::malformed, o.address.text + ": the server sends " + what + "; is it of this version?"};
}

// One conversation. Ends early, without an error, where nobody wants more.
Result<void> converse(const GetOptions& o, const wire::ArchiveMessage& request, const Take& take) {
  auto conversation = Conversation::open(o.address, wire::serialize(request), limits(o), o.keep_on);
  if (!conversation) return o.keep_on() ? conversation.error() : Result<void>();
  while (o.keep_on()) {
    auto message = conversation->next();
    if (!message) return message.error();
    if (!*message) continue;
    const auto parsed = wire::parse_archive_message((*message)->bytes);
    if (!parsed) return out_of_order(o, "a message that cannot be read");
    if (std::get_if<wire::ArchiveAlive>(&*parsed)) continue;
    if (const auto* failure = std::get_if<wire::ArchiveFailure>(&*parsed))
      return Error{failure->kind, o.address.text + ": " + failure->text};
    const auto step = take(*parsed, (*message)->owner);
    if (!step) return step.error();
    if (*step == Step::end) return {};
  }
  return {};
}

void pause(const GetOptions& o) {
  for (const Instant until = now() + kAgain; now() < until && o.keep_on();)
    std::this_thread::sleep_for(kWait);
}

// Once more and once more, as long as something comes in between. `make` gives the request of each try.
void persist(const GetOptions& o, Outcome& outcome, const std::function<wire::ArchiveMessage()>& make,
             const Take& take, const char* what) {
  bool said = false;
  for (Instant progress_at = now();;) {
    const uint64_t before = outcome.done;
    const auto conversed = converse(o, make(), take);
    if (conversed) return;
    if (outcome.done > before) {
      progress_at = now();
      said = false;
    }
    const Error& why = conversed.error();
    const bool again = outcome.begun && is_break(why) && now() - progress_at < kGiveUpAfter;
    if (!again) {
      outcome.error = why;
      return;
    }
    if (!said) log::warning("{}; trying again, to go on at {} {}", why.message, what, outcome.done);
    said = true;
    pause(o);
  }
}

}  // namespace

Result<std::vector<wire::ArchiveEntry>> get_list(const GetOptions& o) {
  std::vector<wire::ArchiveEntry> entries;
  bool whole = false;
  const auto listed = converse(o, wire::ArchiveList{}, [&](const auto& message, const auto&) -> Result<Step> {
    if (const auto* entry = std::get_if<wire::ArchiveEntry>(&message)) {
      entries.push_back(*entry);
      return Step::more;
    }
    whole = std::holds_alternative<wire::ArchiveEnd>(message);
    return whole ? Result<Step>(Step::end) : out_of_order(o, "something else than a list");
  });
  if (!listed) return listed.error();
  return entries;
}

Outcome watch(const GetOptions& o, const wire::ArchivePlay& asked, const WatchOptions& how,
              pipeline::SinkSet& sinks) {
  Outcome outcome;
  PictureDecoder decoder(how.format, how.encoded, o.max_frame_bytes);
  GetProgress progress{.name = asked.name};
  const auto make = [&] {
    wire::ArchivePlay request = asked;
    request.skip = outcome.done;
    return wire::ArchiveMessage(request);
  };
  const auto take_picture = [&](const wire::ArchivePicture& p,
                                const Ref<media::Buffer>& owner) -> Result<Step> {
    if (p.number != outcome.done) return out_of_order(o, "pictures out of their order");
    auto received = decoder.decode(p, owner);
    if (!received) return received.error();
    outcome.begun = true;
    sinks.feed(&*received);
    progress.done = ++outcome.done;
    progress.bytes += p.bytes.size();
    o.progress(progress);
    return sinks.ended() || sinks.idle() ? Step::end : Step::more;
  };
  persist(
      o, outcome, make,
      [&](const auto& message, const auto& owner) -> Result<Step> {
        if (const auto* picture = std::get_if<wire::ArchivePicture>(&message))
          return take_picture(*picture, owner);
        if (const auto* entry = std::get_if<wire::ArchiveEntry>(&message)) {
          progress.fps = entry->millihertz / 1000.0;
          const auto left_out =
              static_cast<uint64_t>(static_cast<double>(asked.from_us) / 1e6 * progress.fps);
          progress.size = entry->frames > left_out ? entry->frames - left_out : 0;
          return Step::more;
        }
        if (!std::holds_alternative<wire::ArchiveEnd>(message)) return out_of_order(o, "no pictures");
        return Step::end;
      },
      "picture");
  return outcome;
}

Outcome save(const GetOptions& o, const wire::ArchiveFetch& asked, PartFile& file) {
  Outcome outcome{.done = file.size(), .begun = false, .error = {}};
  GetProgress progress{.name = asked.name, .of_bytes = true};
  const auto make = [&] {
    wire::ArchiveFetch request = asked;
    request.offset = outcome.done = file.size();
    return wire::ArchiveMessage(request);
  };
  const auto take_head = [&](const wire::ArchiveFile& head) -> Result<Step> {
    progress.size = head.size;
    if (head.offset != 0 && file.is_of(head) && head.offset == file.size()) {
      log::info("{}: going on at byte {} of {}", asked.name, head.offset, head.size);
      return Step::more;
    }
    const bool anew = file.size() > 0;
    if (anew) log::warning("{}: has changed at the server since; beginning anew", asked.name);
    if (auto begun = file.begin(head); !begun) return begun.error();
    if (anew && head.offset != 0) return Error{ErrorKind::disconnected, asked.name + ": asked for anew"};
    return Step::more;
  };
  bool whole = false;
  persist(
      o, outcome, make,
      [&](const auto& message, const auto&) -> Result<Step> {
        outcome.begun = true;
        if (const auto* head = std::get_if<wire::ArchiveFile>(&message)) return take_head(*head);
        if (const auto* run = std::get_if<wire::ArchiveRun>(&message)) {
          if (run->offset != file.size() || run->offset + run->bytes.size() > progress.size)
            return out_of_order(o, "bytes out of their order");
          if (auto written = file.append(run->bytes); !written) {
            return Error{ErrorKind::internal, written.error().message};  // no trouble of the connection
          }
          progress.done = outcome.done = file.size();
          progress.bytes += run->bytes.size();
          o.progress(progress);
          return Step::more;
        }
        whole = std::holds_alternative<wire::ArchiveEnd>(message) && file.size() == progress.size;
        return whole ? Result<Step>(Step::end) : out_of_order(o, "an end before the end");
      },
      "byte");
  if (whole && !outcome.error) {
    if (auto finished = file.finish(); !finished) outcome.error = finished.error();
  }
  return outcome;
}

}  // namespace glimt::archive

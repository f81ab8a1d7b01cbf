// frame_harness: one sender that reads raw frames and one receiver that writes them, whoever made them, between two
// ends of pipes: what goes in is numbered, what comes out is recognised by its number.
//
//   frame_harness --send COMMAND --receive COMMAND --size 1280x720 --format i420 [--fps 30 | --fps 0] [--seconds 5]
//                 [--receiver-first] [--frames N]
//
//   output   one JSON line: latency from the return of the write of a frame's last byte to the return of the
//            read of its last byte; frames a second; CPU of both children; start of the receiver's process to
//            its first frame. With --frames each of N frames in a row is accounted for: whole, torn (some block of it is not
//            what was sent under that number) or missing two seconds after the last was written; latency is that of the whole
//   cost     its own: the clip lies in memory before it begins; of what is read only the number's blocks are
//            looked at, with --frames every pixel; printed as harness_cpu_ms a frame. Both pipes hold 1 MiB, so that a frame takes few
//            system calls.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "child.hpp"
#include "clip.hpp"
#include "glimt/url.hpp"
#include "measure.hpp"

namespace glimt::bench {
namespace {

constexpr uint32_t kMaxFrames = 1 << 16;
constexpr auto kSettle = std::chrono::milliseconds(1000);
constexpr auto kLast = std::chrono::seconds(2);  // what has not come by then is missing
constexpr uint32_t kBehind = 30;  // frames after the last that counts, so that its loss can be seen
constexpr double kTornDb = 26;    // a macroblock of garbage in a block costs more than that

struct Sent {
  std::array<std::atomic<int64_t>, kMaxFrames> written_ns{};  // 0: not yet
  std::atomic<uint32_t> frames{0};
  std::atomic<uint32_t> end{kMaxFrames};
  std::atomic<bool> stop{false};
};

void feed(int fd, Clip& clip, double fps, Sent& sent) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  fcntl(fd, F_SETPIPE_SZ, 1 << 20);
  Instant due = now();
  for (uint32_t number = 0; number < sent.end && !sent.stop; ++number) {
    if (fps > 0) std::this_thread::sleep_until(due = std::max(due + Duration(int64_t(1e9 / fps)), now()));
    Bytes rest = clip.take(number);
    while (!rest.empty() && !sent.stop) {
      pollfd room{fd, POLLOUT, 0};
      if (poll(&room, 1, 50) == 0) continue;
      const ssize_t n = write(fd, rest.data(), rest.size());
      if (n > 0) rest = rest.subspan(static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN) return;
    }
    sent.written_ns[number] = now().time_since_epoch().count();
    ++sent.frames;
  }
}

// Frames that are accounted for one by one.
struct Tally {
  uint32_t first = 0;
  std::vector<uint8_t> seen;  // by number from the first: 0 missing, 1 torn, 2 whole
  double worst_db = 99;       // of the worst block of a whole one
  uint32_t count(uint8_t kind) const {
    return static_cast<uint32_t>(std::count(seen.begin(), seen.end(), kind));
  }
};

struct Received {
  Samples latency;
  uint32_t frames = 0, unreadable = 0, backwards = 0;
  Instant first{};
  std::optional<Tally> tally;
};

class Reader {
 public:
  Reader(int fd, const Clip& clip, PixelFormat format, int width, int height)
      : fd_(fd),
        clip_(clip),
        format_(format),
        width_(width),
        height_(height),
        bytes_(media::packed_size(format, width, height)) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  // Until `end`, or for `frames`. False where the receiver has gone.
  bool read_until(Instant end, const Sent& sent, Received& received, uint32_t frames = UINT32_MAX) {
    while (now() < end && received.frames < frames) {
      pollfd some{fd_, POLLIN, 0};
      if (poll(&some, 1, 20) <= 0) continue;
      const ssize_t n = read(fd_, bytes_.data() + filled_, bytes_.size() - filled_);
      if (n == 0) return false;
      if (n < 0) continue;
      filled_ += static_cast<size_t>(n);
      if (filled_ == bytes_.size()) whole(sent, received);
    }
    return true;
  }
  Bytes last() const { return bytes_; }
  uint32_t last_number() const { return last_number_; }

 private:
  void whole(const Sent& sent, Received& received) {
    const Instant at = now();
    filled_ = 0;
    const auto code =
        media::try_read_time_code(media::frame_over({}, bytes_.data(), format_, width_, height_));
    if (!code || code->number >= kMaxFrames) {
      ++received.unreadable;
      return;
    }
    if (received.frames++ == 0) received.first = at;
    if (code->number < last_number_) ++received.backwards;
    last_number_ = code->number;
    if (received.tally && !is_whole(code->number, *received.tally)) return;
    const int64_t written = sent.written_ns[code->number];
    // A frame that is here before its writer was told so has taken no time that could be measured.
    received.latency.add(written == 0 ? Duration::zero() : at.time_since_epoch() - Duration(written));
  }

  // Of those that count, and for the first time.
  bool is_whole(uint32_t number, Tally& tally) {
    if (number - tally.first >= tally.seen.size()) return false;
    uint8_t& seen = tally.seen[number - tally.first];
    const double db = clip_.worst_block_db(number, bytes_);
    if (seen == 2 || db < kTornDb) {
      seen = std::max<uint8_t>(seen, 1);
      return false;
    }
    seen = 2;
    tally.worst_db = std::min(tally.worst_db, db);
    return true;
  }

  const int fd_;
  const Clip& clip_;
  const PixelFormat format_;
  const int width_, height_;
  std::vector<uint8_t> bytes_;
  size_t filled_ = 0;
  uint32_t last_number_ = 0;
};

struct Children {
  std::optional<Child> sender, receiver;
  Instant receiver_started{};
};

void start(Children& c, const Arguments& a, std::thread& feeder, Clip& clip, double fps, Sent& sent) {
  const bool receiver_first = a.has("--receiver-first");
  const auto start_receiver = [&] {
    c.receiver_started = now();
    c.receiver.emplace(a.get("--receive", ""), Child::Pipe::from_its_output);
  };
  if (receiver_first) start_receiver();
  if (receiver_first) std::this_thread::sleep_for(kSettle);
  c.sender.emplace(a.get("--send", ""), Child::Pipe::to_its_input);
  feeder = std::thread([fd = c.sender->fd(), &clip, fps, &sent] { feed(fd, clip, fps, sent); });
  if (receiver_first) return;
  std::this_thread::sleep_for(kSettle);
  start_receiver();
}

// So many frames from the next one on, and what comes of them.
void account_for(uint32_t frames, Duration at_most, Reader& reader, Sent& sent, Received& r) {
  r.tally = Tally{sent.frames + 1, std::vector<uint8_t>(frames)};
  sent.end = std::min(r.tally->first + frames + kBehind, kMaxFrames);
  for (const Instant give_up_at = now() + at_most; sent.frames < sent.end && now() < give_up_at;) {
    if (!reader.read_until(now() + std::chrono::milliseconds(100), sent, r)) return;
  }
  reader.read_until(now() + kLast, sent, r);
}

void print(const Arguments& a, Received& r, uint32_t sent, double seconds, Duration first) {
  std::printf(
      "{\"size\":\"%s\",\"format\":\"%s\",\"frames\":%u,\"sent\":%u,\"fps\":%.2f,\"latency\":%s,"
      "\"unreadable\":%u,\"backwards\":%u,\"first_frame_ms\":%.1f,",
      a.get("--size", "").c_str(), a.get("--format", "").c_str(), r.frames, sent, r.frames / seconds,
      r.latency.json().c_str(), r.unreadable, r.backwards, to_ms(first));
  if (!r.tally) return;
  std::printf("\"whole\":%u,\"torn\":%u,\"missing\":%u,\"worst_block_db\":%.1f,", r.tally->count(2),
              r.tally->count(1), r.tally->count(0), r.tally->worst_db);
}

int run(const Arguments& a) {
  const auto [width, height] = parse_size(a.get("--size", "1280x720")).value();
  const auto format = parse_pixel_format(a.get("--format", "i420")).value();
  const double fps = a.number("--fps", 30);
  Clip clip(format, width, height);
  static Sent sent;
  Children children;
  std::thread feeder;
  start(children, a, feeder, clip, fps, sent);
  Reader reader(children.receiver->fd(), clip, format, width, height);
  Received warm, r;
  bool alive = reader.read_until(now() + std::chrono::seconds(10), sent, warm, 1);
  alive = alive && warm.frames > 0 && reader.read_until(now() + kSettle, sent, warm);
  const double sender_cpu = children.sender->cpu_s(), receiver_cpu = children.receiver->cpu_s();
  const Cpu own = cpu_of(RUSAGE_SELF);
  const uint32_t sent_before = sent.frames;
  const Instant from = now();
  const auto counted = static_cast<uint32_t>(a.number("--frames", 0));
  const double length_s = counted > 0 ? 60 + 2 * counted / std::max(fps, 1.0) : a.number("--seconds", 5);
  const auto length = Duration(static_cast<int64_t>(length_s * 1e9));
  if (alive && counted > 0) account_for(counted, length, reader, sent, r);
  if (alive && counted == 0) reader.read_until(from + length, sent, r);
  const double seconds = std::chrono::duration<double>(now() - from).count();
  print(a, r, counted > 0 ? uint32_t{sent.frames} : sent.frames - sent_before, seconds,
        warm.first - children.receiver_started);
  const double n = std::max(1u, r.frames);
  const Cpu own_after = cpu_of(RUSAGE_SELF);
  std::printf(
      "\"sender_cpu_ms\":%.3f,\"receiver_cpu_ms\":%.3f,\"harness_cpu_ms\":%.3f,\"psnr_db\":%.2f,"
      "\"sender_peak_mib\":%.1f,\"receiver_peak_mib\":%.1f}\n",
      (children.sender->cpu_s() - sender_cpu) * 1e3 / n,
      (children.receiver->cpu_s() - receiver_cpu) * 1e3 / n,
      (own_after.user_s + own_after.system_s - own.user_s - own.system_s) * 1e3 / n,
      r.frames > 0 ? clip.psnr(reader.last_number(), reader.last()) : 0,
      double(children.sender->peak_kib()) / 1024, double(children.receiver->peak_kib()) / 1024);
  sent.stop = true;
  feeder.join();
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  return glimt::bench::run(glimt::bench::Arguments(argc, argv));
}

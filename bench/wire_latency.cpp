// wire_latency: one end of a stream that speaks an older program's wire, with pictures from memory. It keeps the
// same two end points as the scripts of tests/interop/ancestors/peers: a picture is handed over → it is decoded.
//
//   wire_latency send URL --clip FILE --size 640x480 [--fps 30 | --fps 0] [--frames 300]
//   wire_latency receive URL
//
//   input    FILE: raw bgr24 pictures, read again and again; each gets its number burnt in at head and foot
//   output   one line a picture, "number ns" of the steady clock, at its end or when asked to end; then "cost" and the
//            seconds of CPU a frame, without what burning in, reading and judging the numbers took
//   cost     a picture is copied once as it is handed over, as Publisher::publish() does with a Mat that is not
//            its own; fps 0 waits for room, as a file that is sent does
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "glimt/subscriber.hpp"
#include "measure.hpp"
#include "media/time_code.hpp"
#include "pipeline/sender.hpp"

namespace glimt::bench {
namespace {

constexpr uint32_t kWarm = 30;  // pictures before the CPU is counted
constexpr int kFoot = 64;

std::atomic<bool> stopped{false};

double cpu_now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

// Takes its own work out of the process's CPU time.
class Cost {
 public:
  void begin_own() { own_begin_ = cpu_now(CLOCK_THREAD_CPUTIME_ID); }
  void end_own() { own_ += cpu_now(CLOCK_THREAD_CPUTIME_ID) - own_begin_; }
  void count(uint32_t frames) {
    const double spent = cpu_now(CLOCK_PROCESS_CPUTIME_ID) - own_;
    if (frames == kWarm) warm_ = spent;
    last_ = spent;
    frames_ = frames;
  }
  double seconds_a_frame() const { return frames_ > kWarm ? (last_ - warm_) / (frames_ - kWarm) : 0; }

 private:
  double own_ = 0, own_begin_ = 0, warm_ = 0, last_ = 0;
  uint32_t frames_ = 0;
};

struct Line {
  uint32_t number;
  int64_t ns;
};

void print(const std::vector<Line>& lines, const Cost& cost) {
  for (const auto& line : lines) std::printf("%u %lld\n", line.number, static_cast<long long>(line.ns));
  std::printf("cost %.6f\n", cost.seconds_a_frame());
}

media::Frame foot_of(media::Frame frame) {
  const int top = (frame.height - kFoot) / 16 * 16;
  frame.planes[0].data += static_cast<size_t>(top) * frame.planes[0].stride;
  frame.height -= top;
  return frame;
}

class Clip {
 public:
  Clip(const std::string& path, int width, int height) : width_(width), height_(height) {
    std::ifstream file(path, std::ios::binary);
    pixels_.assign(std::istreambuf_iterator<char>(file), {});
    if (pixels_.size() < picture_bytes()) give_up("no picture in " + path);
  }
  // Good until the same one of the clip is taken again.
  media::Frame take(uint32_t number) {
    uint8_t* at = pixels_.data() + number % (pixels_.size() / picture_bytes()) * picture_bytes();
    auto frame = media::frame_over({}, at, PixelFormat::bgr24, width_, height_);
    const media::TimeCode code{number, now().time_since_epoch().count() / 1000};
    auto foot = foot_of(frame);
    media::burn_time_code(frame, code);
    media::burn_time_code(foot, code);
    return frame;
  }

 private:
  size_t picture_bytes() const { return media::packed_size(PixelFormat::bgr24, width_, height_); }

  const int width_, height_;
  std::vector<uint8_t> pixels_;
};

int send(const std::string& address, const Arguments& arguments) {
  const auto url = Url::parse(address);
  const auto size = parse_size(arguments.get("--size", "640x480"));
  if (!url || !size) give_up("URL or --size is wrong");
  auto opened = pipeline::Sender::open({*url}, {});
  if (!opened) give_up(opened.error().message);
  pipeline::Sender& sender = **opened;
  Clip clip(arguments.get("--clip", ""), size->first, size->second);
  const double fps = arguments.number("--fps", 30);
  const auto frames = static_cast<uint32_t>(arguments.number("--frames", 300));
  std::vector<Line> lines;
  media::BufferPool pool;
  Cost cost;
  if (!sender.wait_for_receiver(stopped)) return 1;
  for (Instant due = now(); lines.size() < frames && !stopped;) {
    if (fps > 0) std::this_thread::sleep_until(due = std::max(due + Duration(int64_t(1e9 / fps)), now()));
    cost.begin_own();
    const auto number = static_cast<uint32_t>(lines.size());
    const auto painted = clip.take(number);
    cost.end_own();
    lines.push_back({number, now().time_since_epoch().count()});
    auto frame = media::clone(pool, painted);
    frame.number = Sequence(number);
    frame.stamps.captured_at = now();
    fps > 0 ? sender.publish(std::move(frame)) : sender.publish_every(std::move(frame), stopped);
    cost.count(static_cast<uint32_t>(lines.size()));
  }
  sender.close(wire::CloseReason::end_of_stream);
  print(lines, cost);
  return 0;
}

// The number, where head and foot agree.
std::optional<uint32_t> number_of(const cv::Mat& mat) {
  auto frame = media::frame_over({}, mat.data, PixelFormat::bgr24, mat.cols, mat.rows);
  frame.planes[0].stride = mat.step;
  const auto head = media::try_read_time_code(frame), foot = media::try_read_time_code(foot_of(frame));
  return head && head == foot ? std::optional(head->number) : std::nullopt;
}

int receive(const std::string& address) {
  auto subscriber = Subscriber::open(address);
  if (!subscriber) give_up(subscriber.error().message);
  std::fprintf(stderr, "ready\n");
  std::vector<Line> lines;
  Cost cost;
  uint32_t shown = 0;
  while (!stopped) {
    const auto frame = subscriber->read(std::chrono::milliseconds(100));
    if (!frame) continue;
    const auto at = now().time_since_epoch().count();
    cost.begin_own();
    if (const auto number = number_of(frame->mat())) lines.push_back({*number, at});
    cost.end_own();
    cost.count(++shown);
  }
  print(lines, cost);
  return 0;
}

int run(int argc, char** argv) {
  if (argc < 3) give_up("usage: wire_latency send|receive URL [options]");
  const auto stop = [](int) { stopped = true; };
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  return std::string_view(argv[1]) == "send" ? send(argv[2], {argc, argv}) : receive(argv[2]);
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run(argc, argv); }

// handoff: a picture from one process to another on this machine, timed from just before it is published to just after it
// was read. The readers sleep until it comes.
//
//   handoff glimt --size 1920x1080 --rate 200 --frames 2000 [--readers 8] [--asleep] [--idle]
//   handoff futex --rate 200 --frames 2000     two processes, one page, FUTEX_WAKE and FUTEX_WAIT: nothing is less
//   handoff socket --rate 200 --frames 2000    two processes and a message of 64 bytes over SOCK_SEQPACKET
//   handoff copy --size 1920x1080 --frames 500 publish(const Mat&) against memcpy() of the same bytes into shared pages and the heap's
//   --realtime                                 SCHED_FIFO, where other programs use the same cores
//
//   output   one line of JSON: percentiles in us of all readers but the one that is put to sleep, CPU in us a picture
//            of all processes. --asleep: the last reader is stopped for 500 ms of every second. --idle: the same
//            sleeps of the sender, and no picture: what is to be taken off the CPU
//   threads  the sender on core 0, the readers on core 1
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "glimt/glimt.hpp"
#include "measure.hpp"

namespace glimt::bench {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kBegin = -2, kEnd = -1;  // in place of a time

int64_t ns_now() { return now().time_since_epoch().count(); }

double cpu_us() {
  const Cpu cpu = cpu_of(RUSAGE_SELF);
  return (cpu.user_s + cpu.system_s) * 1e6;
}

void settle_on(int core, bool realtime) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
  const sched_param priority{.sched_priority = 10};
  if (realtime && sched_setscheduler(0, SCHED_FIFO, &priority) != 0) give_up("--realtime needs root");
}

// What a reader tells the sender at its end.
struct Told {
  double cpu_us = 0;
  uint64_t count = 0;  // of the nanoseconds that follow
};

class Reader {
 public:
  template <class Read>
  void run(Read read) {
    while (true) {
      const int64_t sent = read();
      const int64_t came = ns_now();
      if (sent == kEnd) break;
      if (sent == kBegin) {
        begin_ = cpu_us();
        ns_.clear();
      } else {
        ns_.push_back(came - sent);
      }
    }
    cpu_ = cpu_us() - begin_;
  }
  void tell(int fd) const {
    const Told told{cpu_, ns_.size()};
    put(fd, &told, sizeof told);
    put(fd, ns_.data(), ns_.size() * sizeof ns_[0]);
  }

 private:
  static void put(int fd, const void* from, size_t size) {
    for (size_t done = 0; done < size;) {
      const auto n = write(fd, static_cast<const char*>(from) + done, size - done);
      if (n <= 0) give_up("a reader cannot tell");
      done += static_cast<size_t>(n);
    }
  }

  std::vector<int64_t> ns_ = [] {
    std::vector<int64_t> room;
    room.reserve(1 << 20);
    return room;
  }();
  double begin_ = 0, cpu_ = 0;
};

// A reader as a process of its own.
struct Child {
  pid_t pid = -1;
  int fd = -1;

  template <class Work>
  static Child start(bool realtime, Work work) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
    const pid_t pid = fork();
    if (pid == 0) {
      settle_on(1, realtime);
      Reader reader;
      work(reader);
      reader.tell(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    return {pid, ends[0]};
  }
  Told collect(Samples& into) const {
    Told told;
    get(&told, sizeof told);
    std::vector<int64_t> ns(told.count);
    get(ns.data(), ns.size() * sizeof ns[0]);
    for (const int64_t t : ns) into.add(Duration(t));
    close(fd);
    waitpid(pid, nullptr, 0);
    return told;
  }

 private:
  void get(void* to, size_t size) const {
    for (size_t done = 0; done < size;) {
      const auto n = read(fd, static_cast<char*>(to) + done, size - done);
      if (n <= 0) give_up("a reader has died");
      done += static_cast<size_t>(n);
    }
  }
};

struct Plan {
  int rows = 0, cols = 0;
  double rate = 200;
  int frames = 0, readers = 1;
  bool asleep = false, idle = false, realtime = false;
};

// Calls `send` with the time, `frames` times at the rate, between a beginning and an end. The CPU that it took.
template <class Send>
double pace(const Plan& plan, Send send) {
  send(kBegin);
  std::this_thread::sleep_for(50ms);
  const double before = cpu_us();
  Instant due = now();
  for (int i = 0; i < plan.frames; ++i) {
    std::this_thread::sleep_until(due += Duration(int64_t(1e9 / plan.rate)));
    if (!plan.idle) send(ns_now());
  }
  const double took = cpu_us() - before;
  std::this_thread::sleep_for(50ms);
  return took;
}

void report(const char* what, const Plan& plan, double sender_us, std::vector<Child> children) {
  Samples samples, sleepers;
  double cpu = sender_us;
  for (size_t i = 0; i < children.size(); ++i) {
    const bool sleeps = plan.asleep && i + 1 == children.size();
    cpu += children[i].collect(sleeps ? sleepers : samples).cpu_us;
  }
  std::printf(
      "{\"what\":\"%s\",\"size\":\"%dx%d\",\"rate\":%.0f,\"readers\":%d,\"n\":%zu,\"p50\":%.1f,\"p95\":%.1f,"
      "\"p99\":"
      "%.1f,\"max\":%.1f,\"cpu_us\":%.2f}\n",
      what, plan.cols, plan.rows, plan.rate, plan.readers, samples.size(), samples.percentile(50) * 1000,
      samples.percentile(95) * 1000, samples.percentile(99) * 1000, samples.percentile(100) * 1000,
      cpu / plan.frames);
}

void read_glimt(Reader& reader, const std::string& address) {
  Subscriber in(address);
  reader.run([&in] {
    while (true) {
      const auto frame = in.read(1s);
      if (!frame) continue;
      int64_t sent = 0;
      std::memcpy(&sent, frame->mat().data, sizeof sent);
      return sent;
    }
  });
}

// Stops a process for half of every second.
pid_t start_stopper(pid_t whom) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  while (true) {
    kill(whom, SIGSTOP);
    std::this_thread::sleep_for(500ms);
    kill(whom, SIGCONT);
    std::this_thread::sleep_for(500ms);
  }
}

// A slot gets its memory when it is first needed, and every reader maps it then; here that is over before the times are taken.
void map_all(Publisher& out, const Plan& plan, int slots) {
  std::vector<cv::Mat> mats;
  for (int i = 0; i < slots; ++i) mats.push_back(out.borrow(plan.rows, plan.cols, CV_8UC3).value());
  for (auto& mat : mats) {
    const int64_t time = ns_now();
    std::memcpy(mat.data, &time, sizeof time);
    out.publish(std::exchange(mat, {})).value();
    std::this_thread::sleep_for(20ms);
  }
}

void glimt_way(const Plan& plan) {
  const std::string address = "unix:///tmp/glimt-handoff-" + std::to_string(getpid()) + ".sock";
  std::vector<Child> children;
  for (int i = 0; i < plan.readers; ++i)
    children.push_back(Child::start(plan.realtime, [&](Reader& r) { read_glimt(r, address + "?connect"); }));
  settle_on(0, plan.realtime);
  const int slots = 3 * plan.readers + 3;
  Publisher out(address, {.max_frame_bytes = size_t{256} << 20, .slots = slots});
  while (out.stats().destinations[0].receivers < static_cast<uint64_t>(plan.readers))
    std::this_thread::sleep_for(10ms);
  const auto send = [&](int64_t time) {
    cv::Mat mat = out.borrow(plan.rows, plan.cols, CV_8UC3).value();
    if (time >= 0) time = ns_now();
    std::memcpy(mat.data, &time, sizeof time);
    out.publish(std::move(mat)).value();
  };
  for (int i = 0; i < 20; ++i) send(ns_now()), std::this_thread::sleep_for(5ms);
  map_all(out, plan, slots);
  const pid_t stopper = plan.asleep ? start_stopper(children.back().pid) : -1;
  const double sender_us = pace(plan, send);
  if (stopper > 0) {
    kill(stopper, SIGKILL);
    waitpid(stopper, nullptr, 0);
    kill(children.back().pid, SIGCONT);
  }
  send(kEnd);
  report("glimt", plan, sender_us, std::move(children));
}

struct Page {
  std::atomic<uint32_t> number{0};
  std::atomic<int64_t> time{0};
};

void futex_way(const Plan& plan) {
  void* at = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Page& page = *new (at) Page;
  const auto child = Child::start(plan.realtime, [&page](Reader& reader) {
    uint32_t seen = 0;
    reader.run([&] {
      while (page.number.load() == seen)
        syscall(SYS_futex, &page.number, FUTEX_WAIT, seen, nullptr, nullptr, 0);
      seen = page.number;
      return page.time.load();
    });
  });
  settle_on(0, plan.realtime);
  const auto send = [&page](int64_t time) {
    page.time = time >= 0 ? ns_now() : time;
    ++page.number;
    syscall(SYS_futex, &page.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  };
  std::this_thread::sleep_for(100ms);
  const double sender_us = pace(plan, send);
  send(kEnd);
  report("futex", plan, sender_us, {child});
}

// In turn; each copies into memory that was written before.
void socket_way(const Plan& plan) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) give_up("no socket");
  const auto child = Child::start(plan.realtime, [&](Reader& reader) {
    reader.run([&] {
      std::array<int64_t, 8> message{};
      pollfd readable{ends[1], POLLIN, 0};
      ppoll(&readable, 1, nullptr, nullptr);
      if (recv(ends[1], message.data(), sizeof message, MSG_DONTWAIT) <= 0) give_up("a message is missing");
      return message[0];
    });
  });
  settle_on(0, plan.realtime);
  const auto send_one = [&](int64_t time) {
    const std::array<int64_t, 8> message{time >= 0 ? ns_now() : time};
    send(ends[0], message.data(), sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
  };
  std::this_thread::sleep_for(100ms);
  const double sender_us = pace(plan, send_one);
  send_one(kEnd);
  report("socket", plan, sender_us, {child});
}

// Shared pages that were written before, or the heap's.
std::array<uint8_t*, 2> make_targets(size_t bytes, bool shared) {
  std::array<uint8_t*, 2> targets{};  // as many as the slots that a stream with one reader goes through
  for (auto*& target : targets) {
    target = static_cast<uint8_t*>(
        shared ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
               : std::malloc(bytes));
    std::memset(target, 1, bytes);
  }
  return targets;
}

void copy_way(const Plan& plan) {
  const std::string address = "unix:///tmp/glimt-handoff-" + std::to_string(getpid()) + ".sock";
  const auto child = Child::start(plan.realtime, [&](Reader& r) { read_glimt(r, address + "?connect"); });
  settle_on(0, plan.realtime);
  Publisher out(address, {.max_frame_bytes = size_t{256} << 20});
  while (out.stats().destinations[0].receivers == 0) std::this_thread::sleep_for(10ms);
  cv::Mat mat(plan.rows, plan.cols, CV_8UC3, cv::Scalar(1, 2, 3));
  const size_t bytes = mat.total() * mat.elemSize();
  const std::array targets{make_targets(bytes, true), make_targets(bytes, false)};
  Samples publishing;
  std::array<Samples, 2> copying;
  for (int i = -20; i < plan.frames; ++i) {
    const auto timed = [i](Samples& into, auto work) {
      std::this_thread::sleep_for(3ms);
      const Instant begin = now();
      work();
      const Instant end = now();
      if (i >= 0) into.add(end - begin);
    };
    const auto time = ns_now();
    std::memcpy(mat.data, &time, sizeof time);
    timed(publishing, [&] { out.publish(mat).value(); });
    for (size_t kind = 0; kind < targets.size(); ++kind)
      timed(copying[kind],
            [&] { std::memcpy(targets[kind][static_cast<size_t>(i + 20) % 2], mat.data, bytes); });
  }
  std::memcpy(mat.data, &kEnd, sizeof kEnd);
  out.publish(mat).value();
  Samples ignored;
  child.collect(ignored);
  const double us = publishing.percentile(50) * 1000, shared_us = copying[0].percentile(50) * 1000;
  std::printf(
      "{\"what\":\"copy\",\"size\":\"%dx%d\",\"n\":%zu,\"publish_us\":%.1f,\"memcpy_us\":%.1f,\"heap_us\":%."
      "1f,\"ratio\":"
      "%.3f}\n",
      plan.cols, plan.rows, publishing.size(), us, shared_us, copying[1].percentile(50) * 1000,
      us / shared_us);
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv);
  const auto size = parse_size(arguments.get("--size", "640x480"));
  if (argc < 2 || !size) give_up("usage: handoff glimt|futex|socket|copy [options]");
  const Plan plan{size->second,
                  size->first,
                  arguments.number("--rate", 200),
                  static_cast<int>(arguments.number("--frames", 1000)),
                  static_cast<int>(arguments.number("--readers", 1)),
                  arguments.has("--asleep"),
                  arguments.has("--idle"),
                  arguments.has("--realtime")};
  const std::string_view way = argv[1];
  if (way == "futex") {
    futex_way(plan);
  } else if (way == "socket") {
    socket_way(plan);
  } else if (way == "copy") {
    copy_way(plan);
  } else {
    glimt_way(plan);
  }
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run(argc, argv); }

// fake_camera: preloaded into a program, it makes the file named by GLIMT_FAKE_CAMERA a V4L2 camera.
//
//   input    LD_PRELOAD=fake_camera.so GLIMT_FAKE_CAMERA=/folder/video0; the node is an ordinary file, and
//            NODE.control says how the camera behaves (fake_control.hpp)
//   output   open, close, ioctl, mmap, munmap, poll and select answer for that node as the kernel would for a
//            USB camera; for every other file they are the C library's own
//   errors   errno, as from a driver
//   threads  thread-safe
//   memory   the camera's, freed when its last descriptor is closed
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "fake_device.hpp"

namespace fake_camera {
namespace {

constexpr int64_t kLookUp = 20'000'000;  // how soon a change of the control file is noticed

std::recursive_mutex m;
std::map<int, std::unique_ptr<Device>>&
devices() {  // guarded by m; never destroyed: others' destructors close files
  static auto* all = new std::map<int, std::unique_ptr<Device>>;
  return *all;
}
std::atomic<int> open_devices{0};

template <class F>
F* real(F*, const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

Device* find(int fd) {
  if (open_devices == 0) return nullptr;
  const auto found = devices().find(fd);
  return found == devices().end() ? nullptr : found->second.get();
}

int open_file(const char* path, int flags, mode_t mode) {
  static auto* const next = real(static_cast<int (*)(const char*, int, ...)>(nullptr), "open64");
  const int fd = next(path, flags, mode);
  const char* node = getenv("GLIMT_FAKE_CAMERA");
  if (fd < 0 || !node || std::strcmp(path, node) != 0) return fd;
  const std::lock_guard lock(m);
  devices()[fd] = std::make_unique<Device>(node, fd);
  ++open_devices;
  return fd;
}

bool has_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

int answer(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

void pause_ns(int64_t ns) {
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  nanosleep(&t, nullptr);
}

bool is_camera(int fd) {
  if (open_devices == 0) return false;
  const std::lock_guard lock(m);
  return find(fd) != nullptr;
}

// Until the device is ready or gone, or `timeout_ns` have passed (negative: never).
short wait_for(int fd, int64_t timeout_ns) {
  const int64_t end = timeout_ns < 0 ? INT64_MAX : monotonic_ns() + timeout_ns;
  while (true) {
    int64_t wait = kLookUp;
    {
      const std::lock_guard lock(m);
      Device* device = find(fd);
      if (!device || device->gone()) return POLLERR | POLLHUP;
      const int64_t ready_in = device->until_ready();
      if (ready_in == 0) return POLLIN | POLLRDNORM;
      if (ready_in > 0) wait = std::min(wait, ready_in);
    }
    const int64_t left = end - monotonic_ns();
    if (left <= 0) return 0;
    pause_ns(std::min(wait, left));
  }
}

}  // namespace
}  // namespace fake_camera

using namespace fake_camera;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = has_mode(flags) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = has_mode(flags) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}

int __open_2(const char* path, int flags) { return open_file(path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_file(path, flags, 0); }

int close(int fd) {
  static auto* const next = real(&close, "close");
  if (open_devices > 0) {
    const std::lock_guard lock(m);
    if (devices().erase(fd) > 0) --open_devices;
  }
  return next(fd);
}

int ioctl(int fd, unsigned long code, ...) {
  static auto* const next = real(static_cast<int (*)(int, unsigned long, ...)>(nullptr), "ioctl");
  va_list more;
  va_start(more, code);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (open_devices > 0) {
    const std::lock_guard lock(m);
    if (Device* device = find(fd)) return answer(device->request(code, argument));
  }
  return next(fd, code, argument);
}

void* mmap(void* at, size_t length, int protection, int flags, int fd, off_t offset) {
  static auto* const next = real(&mmap, "mmap");
  if (fd >= 0 && open_devices > 0) {
    const std::lock_guard lock(m);
    if (Device* device = find(fd)) {
      void* memory = device->map(length, offset);
      errno = EINVAL;
      return memory ? memory : MAP_FAILED;
    }
  }
  return next(at, length, protection, flags, fd, offset);
}

int munmap(void* at, size_t length) {
  static auto* const next = real(&munmap, "munmap");
  if (open_devices > 0) {
    const std::lock_guard lock(m);
    for (const auto& [fd, device] : devices()) {
      if (device->owns(at)) return 0;
    }
  }
  return next(at, length);
}

int poll(pollfd* files, nfds_t count, int timeout_ms) {
  static auto* const next = real(&poll, "poll");
  if (count != 1 || !is_camera(files->fd)) return next(files, count, timeout_ms);
  files->revents = wait_for(files->fd, int64_t{timeout_ms} * 1'000'000);
  return files->revents != 0 ? 1 : 0;
}

int __poll_chk(pollfd* files, nfds_t count, int timeout_ms, size_t) { return poll(files, count, timeout_ms); }

int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  static auto* const next = real(&select, "select");
  const int fd = count - 1;
  if (!read || fd < 0 || !is_camera(fd) || !FD_ISSET(fd, read))
    return next(count, read, write, except, timeout);
  const int64_t ns = timeout ? timeout->tv_sec * 1'000'000'000 + timeout->tv_usec * 1000 : -1;
  const bool ready = wait_for(fd, ns) != 0;
  if (!ready) FD_CLR(fd, read);
  return ready ? 1 : 0;
}

}  // extern "C"

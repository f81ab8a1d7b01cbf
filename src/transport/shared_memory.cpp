#include "transport/shared_memory.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace glimt::transport {
namespace {

#ifndef F_SEAL_FUTURE_WRITE  // since Linux 5.1
constexpr int F_SEAL_FUTURE_WRITE = 0x0010;
#endif
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;

Error exhausted(const char* what, size_t bytes) {
  return {ErrorKind::exhausted, std::string("shared memory of ") + std::to_string(bytes) + " bytes: " + what +
                                    ": " + std::strerror(errno) +
                                    "; free memory or raise the container's limit, or send smaller pictures"};
}

Error malformed(const std::string& what) {
  return {ErrorKind::malformed, "the sender's shared memory is refused: " + what};
}

}  // namespace

Mapping::~Mapping() {
  if (at_) munmap(at_, size_);
}

Result<SharedMemory> make_shared_memory(size_t bytes) {
  SharedMemory memory;
  memory.fd = UniqueFd(memfd_create("glimt", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.fd) return exhausted("memfd_create", bytes);
  // Pages are taken here, where it is an error, and not at the first write, where it would be a signal.
  if (const int error = posix_fallocate(memory.fd.get(), 0, static_cast<off_t>(bytes)); error != 0) {
    errno = error;
    return exhausted("allocate", bytes);
  }
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory.fd.get(), 0);
  if (at == MAP_FAILED) return exhausted("mmap", bytes);
  memory.mapping = Mapping(at, bytes);
  if (fcntl(memory.fd.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) return exhausted("seal", bytes);
  return memory;
}

Result<Mapping> map_shared_memory(int fd, uint64_t bytes) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & (kSeals | F_SEAL_SEAL)) != (kSeals | F_SEAL_SEAL))
    return malformed("it is not sealed, and could be cut off while it is looked at");
  struct statfs lies {};
  if (fstatfs(fd, &lies) != 0 || lies.f_type != TMPFS_MAGIC)
    return malformed("it is not of ordinary pages");  // of huge ones whole ones only can be unmapped
  struct stat status {};
  if (fstat(fd, &status) != 0 || status.st_size < 0 || static_cast<uint64_t>(status.st_size) < bytes)
    return malformed("it is smaller than it was said to be");
  void* at = mmap(nullptr, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (at == MAP_FAILED) return exhausted("mmap", bytes);
  return Mapping(at, bytes);
}

}  // namespace glimt::transport

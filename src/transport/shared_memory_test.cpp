#include "transport/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "support/descriptors.hpp"

namespace glimt::transport {
namespace {

using test::open_descriptors;

constexpr size_t kBytes = 64 * 1024;

UniqueFd make_memfd(size_t bytes, int seals) {
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
  EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
  return fd;
}

ErrorKind refusal(int fd, uint64_t bytes = kBytes) {
  const auto mapped = map_shared_memory(fd, bytes);
  EXPECT_FALSE(mapped);
  return mapped ? ErrorKind::internal : mapped.error().kind;
}

TEST(SharedMemoryTest, AReaderSeesWhatTheWriterWrites) {
  const auto memory = make_shared_memory(kBytes).value();
  const auto reader = map_shared_memory(memory.fd.get(), kBytes).value();
  EXPECT_EQ(reader.size(), kBytes);
  std::memset(memory.mapping.data(), 7, kBytes);
  EXPECT_EQ(reader.data()[0], 7);
  EXPECT_EQ(reader.data()[kBytes - 1], 7);
}

TEST(SharedMemoryTest, AReadersMappingOutlivesTheWriter) {
  Mapping reader;
  {
    const auto memory = make_shared_memory(kBytes).value();
    memory.mapping.data()[5] = 9;
    reader = map_shared_memory(memory.fd.get(), kBytes).value();
  }
  EXPECT_EQ(reader.data()[5], 9);
}

TEST(SharedMemoryTest, WhoGetsTheDescriptorCannotWriteCutOffOrUnseal) {
  const auto memory = make_shared_memory(kBytes).value();
  const int fd = memory.fd.get();
  EXPECT_EQ(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  EXPECT_EQ(ftruncate(fd, 1), -1);
  EXPECT_EQ(ftruncate(fd, 2 * kBytes), -1);
  EXPECT_EQ(pwrite(fd, "x", 1, 0), -1);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
}

TEST(SharedMemoryTest, AReadersMappingCannotBeMadeWritable) {
  const auto memory = make_shared_memory(kBytes).value();
  const auto reader = map_shared_memory(memory.fd.get(), kBytes).value();
  EXPECT_EQ(mprotect(reader.data(), kBytes, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
}

TEST(SharedMemoryTest, RefusesWhatIsNotSealedInFull) {
  constexpr int kFutureWrite = 0x0010;
  for (const int seals :
       {0, F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW | kFutureWrite,
        F_SEAL_GROW | kFutureWrite | F_SEAL_SEAL, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL}) {
    EXPECT_EQ(refusal(make_memfd(kBytes, seals).get()), ErrorKind::malformed) << seals;
  }
}

TEST(SharedMemoryTest, RefusesWhatIsSmallerThanSaid) {
  const auto memory = make_shared_memory(kBytes).value();
  EXPECT_EQ(refusal(memory.fd.get(), kBytes + 1), ErrorKind::malformed);
  EXPECT_EQ(refusal(memory.fd.get(), UINT64_MAX), ErrorKind::malformed);
}

TEST(SharedMemoryTest, RefusesWhatIsNoMemory) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(pipe_ends[0]), in(pipe_ends[1]), file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)),
      null(open("/dev/zero", O_RDWR | O_CLOEXEC));
  for (const int fd : {-1, out.get(), file.get(), null.get()}) EXPECT_EQ(refusal(fd), ErrorKind::malformed);
}

TEST(SharedMemoryTest, SaysWhereTheSystemHasNoDescriptorLeft) {
  const test::NoDescriptors none;
  const auto memory = make_shared_memory(kBytes);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().kind, ErrorKind::exhausted);
}

TEST(SharedMemoryTest, LeavesNoDescriptorBehind) {
  const size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    const auto memory = make_shared_memory(kBytes).value();
    const auto reader = map_shared_memory(memory.fd.get(), kBytes).value();
    refusal(memory.fd.get(), kBytes + 1);
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace glimt::transport

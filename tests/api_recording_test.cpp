// Subscriber::record: what its header promises. What stands in the files is read by tests/interop/recording_test.py.
#include <gmock/gmock.h>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;
namespace fs = std::filesystem;

class ApiRecordingTest : public testing::Test {
 protected:
  ApiRecordingTest() { fs::create_directory(folder_); }
  ~ApiRecordingTest() override {
    stream_.in.close();  // a recording may still be making its file
    fs::remove_all(folder_);
  }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  void pass(int pictures) {
    for (int i = 0; i < pictures; ++i) stream_.pass(make_smooth(64, 48, 3));
  }

  const fs::path folder_ = free_path();
  Stream stream_ = Stream::open("unix", {.codec = Codec::jpeg}, {.mode = Mode::every});
};

TEST_F(ApiRecordingTest, EachPictureStandsInTheFileWhenTheRecordingWasStopped) {
  stream_.in.record(path("out.mkv")).value();
  pass(5);
  stream_.in.stop_recording();
  const auto stats = stream_.in.stats();
  EXPECT_EQ(stats.recorded, 5u);
  EXPECT_EQ(stats.not_recorded, 0u);
  EXPECT_EQ(stats.recording, path("out.mkv"));
  EXPECT_GT(fs::file_size(path("out.mkv")), 5 * 500u);
}

TEST_F(ApiRecordingTest, IsCountedWhileItRunsAlsoWhenNoFurtherPictureComes) {
  stream_.in.record(path("out.mp4"), {.segment = 10min}).value();
  pass(3);
  EXPECT_TRUE(eventually([&] { return stream_.in.stats().recorded == 3; }));
  EXPECT_THAT(stream_.in.stats().recording, testing::MatchesRegex(".*/out-[0-9]{8}-[0-9]{6}\\.mp4"));
}

TEST_F(ApiRecordingTest, OneAfterTheOtherButNotTwoAtATime) {
  stream_.in.record(path("first.mkv")).value();
  pass(2);
  const auto second = stream_.in.record(path("second.mkv"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::invalid_argument);
  stream_.in.stop_recording();
  pass(1);
  stream_.in.record(path("second.mkv")).value();
  pass(2);
  stream_.in.close();
  EXPECT_EQ(stream_.in.stats().recorded, 4u);
  EXPECT_EQ(stream_.in.stats().recording, path("second.mkv"));
}

TEST_F(ApiRecordingTest, SaysAtOnceWhatCanNeverBeRecorded) {
  for (const auto& [name, cure] :
       {std::pair{"none/out.mkv", "create the folder"}, {"out.avi", ".mkv or .mp4"}}) {
    const auto recording = stream_.in.record(path(name));
    ASSERT_FALSE(recording) << name;
    EXPECT_THAT(recording.error().message, HasSubstr(cure));
  }
  stream_.in.stop_recording();  // nothing to stop: no harm
  pass(1);
}

TEST_F(ApiRecordingTest, APictureThatIsRecordedCanBeWrittenInto) {
  stream_.in.record(path("out.mkv")).value();
  auto frame = stream_.pass(make_smooth(64, 48, 3));
  EXPECT_EQ(frame.writable().data, frame.mat().data) << "decoded pixels are nobody else's";
}

TEST(ApiRecordingOfSharedMemoryTest, TheSenderIsAskedForWhatIsEncodedAndForPixelsAgain) {
  const fs::path file = free_path() + ".mkv";
  auto stream = Stream::open("unix", {}, {.mode = Mode::every});
  const auto sent = make_smooth(64, 48, 3);
  EXPECT_TRUE(same_pixels(stream.pass(sent).mat(), sent)) << "in shared memory";
  stream.in.record(file.string()).value();
  ASSERT_TRUE(stream.connected());
  EXPECT_FALSE(same_pixels(stream.pass(sent).mat(), sent)) << "as JPEG";
  stream.in.stop_recording();
  EXPECT_GE(stream.in.stats().recorded, 1u) << "the picture before it may be the first";
  ASSERT_TRUE(stream.connected());
  EXPECT_TRUE(eventually([&] { return same_pixels(stream.pass(sent).mat(), sent); }))
      << "after what was encoded";
  fs::remove(file);
}

}  // namespace
}  // namespace glimt

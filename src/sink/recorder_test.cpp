#include "sink/recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace glimt::sink {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
namespace fs = std::filesystem;

// Writes the time of each picture in milliseconds, so that a file says what it holds.
class TextMuxer final : public Muxer {
 public:
  TextMuxer(int fd, const bool& broken) : fd_(fd), broken_(broken) {}
  Result<void> write(Bytes, Duration at, bool key) override {
    text_ += (key ? "" : "+") + std::to_string(at / 1ms) + " ";
    return {};
  }
  Result<void> flush() override { return put(std::exchange(text_, "")); }
  Result<void> finish() override { return put(std::exchange(text_, "") + "end"); }

 private:
  Result<void> put(const std::string& text) {
    if (broken_) return Error{ErrorKind::unavailable, file_trouble(ENOSPC)};
    return ::write(fd_, text.data(), text.size()) < 0 ? Error{ErrorKind::internal, "write"} : Result<void>();
  }
  const int fd_;
  const bool& broken_;
  std::string text_;
};

// A grey JPEG of that size, as far as its markers say.
std::vector<uint8_t> make_jpeg(int width, int height) {
  const auto high = [](int n) { return static_cast<uint8_t>(n >> 8); };
  const auto low = [](int n) { return static_cast<uint8_t>(n); };
  return {0xFF,        0xD8,        0xFF,       0xC0, 0, 11,   8, high(height),
          low(height), high(width), low(width), 1,    1, 0x11, 0, 0xFF,
          0xDA,        0,           8,          1,    1, 0,    0, 63,
          0,           0x55,        0xFF,       0xD9};
}

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() : folder_(fs::temp_directory_path() / ("glimt-recorder-" + std::to_string(getpid()))) {
    fs::create_directory(folder_);
  }
  ~RecorderTest() override { fs::remove_all(folder_); }

  void open(std::optional<Duration> segment = {}) {
    recorder_ =
        Recorder::open({(folder_ / "out.mkv").string(), segment}, [this](int fd, const MuxerOptions& muxer) {
          parameter_sets_ = muxer.parameter_sets;
          return std::unique_ptr<Muxer>(std::make_unique<TextMuxer>(fd, broken_));
        }).value();
  }
  // A picture that is captured as it comes.
  void put(int width = 64, int height = 48, Codec codec = Codec::jpeg) {
    put_captured_at(now_, width, height, codec);
  }
  void put_captured_at(Instant captured, int width = 64, int height = 48, Codec codec = Codec::jpeg) {
    media::AccessUnit unit;
    unit.info.codec = codec;
    unit.info.width = width;
    unit.info.height = height;
    unit.info.stamps.captured_at = captured;
    Ref<Held<std::vector<uint8_t>>> bytes(new Held<std::vector<uint8_t>>(make_jpeg(width, height)));
    unit.strips.push_back({bytes, bytes->value, 0});
    recorder_->put(unit, now_);
  }
  void put_h264(uint32_t number, bool key, size_t strips = 1) {
    media::AccessUnit unit;
    unit.info.codec = Codec::h264;
    unit.info.width = 64;
    unit.info.height = 48;
    unit.info.key = key;
    unit.info.number = Sequence(number);
    unit.info.stamps.captured_at = now_;
    const std::vector<uint8_t> head{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2}, slice{0, 0, 1, 0x65, 3};
    for (size_t i = 0; i < strips; ++i) {
      Ref<Held<std::vector<uint8_t>>> bytes(new Held<std::vector<uint8_t>>(i == 0 ? head : slice));
      unit.strips.insert(unit.strips.begin(), {bytes, bytes->value, static_cast<int>(i)});
    }
    recorder_->put(unit, now_);
    now_ += 40ms;
  }
  void wait(Duration d) {
    now_ += d;
    recorder_->tend(now_);
  }
  // Name -> text.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& file : fs::directory_iterator(folder_)) {
      std::ostringstream text;
      text << std::ifstream(file.path()).rdbuf();
      found[file.path().filename().string()] = text.str();
    }
    return found;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& [name, text] : files()) all.push_back(text);
    return all;
  }
  uint64_t recorded() const { return recorder_->counters().recorded; }
  uint64_t not_recorded() const { return recorder_->counters().not_recorded; }

  const fs::path folder_;
  bool broken_ = false;
  std::vector<uint8_t> parameter_sets_;
  Instant now_ = now();
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, KeepsCaptureTimesAndTheNameAsGiven) {
  open();
  for (const auto pause : {33ms, 40ms, 33ms}) {
    put();
    wait(pause);
  }
  recorder_->finish();
  EXPECT_EQ(files(), (std::map<std::string, std::string>{{"out.mkv", "0 33 73 end"}}));
  EXPECT_EQ(recorded(), 3u);
  EXPECT_EQ(recorder_->counters().file, (folder_ / "out.mkv").string());
}

TEST_F(RecorderTest, WhatWasPutIsInTheKernelHalfASecondLaterAlsoWhenNoPictureFollows) {
  open();
  put();
  wait(499ms);
  EXPECT_THAT(texts(), ElementsAre(""));
  wait(1ms);
  EXPECT_THAT(texts(), ElementsAre("0 "));
  EXPECT_EQ(recorded(), 1u);
}

TEST_F(RecorderTest, OverwritesNothing) {
  std::ofstream(folder_ / "out.mkv") << "precious";
  open();
  put();
  recorder_->finish();
  const auto all = files();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at("out.mkv"), "precious");
  EXPECT_THAT(all.begin()->first, MatchesRegex("out-[0-9]{8}-[0-9]{6}\\.mkv"));
}

TEST_F(RecorderTest, SegmentsHoldAllPicturesAndHaveTheirTimeInTheirNames) {
  open(1s);
  for (int i = 0; i < 6; ++i) {
    put();
    wait(400ms);
  }
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 400 800 end", "0 400 800 end"));
  for (const auto& [name, text] : files())
    EXPECT_THAT(name, MatchesRegex("out-[0-9]{8}-[0-9]{6}(-2)?\\.mkv"));
  EXPECT_EQ(recorded(), 6u);
}

TEST_F(RecorderTest, AnotherSizeBeginsAnotherFileButNoSoonerThanHalfASecondAfterTheLast) {
  open();
  put(64, 48);
  put(32, 24);  // changes at once: left out
  wait(500ms);
  put(32, 24);
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 end", "0 end"));
  EXPECT_EQ(recorded(), 2u);
  EXPECT_EQ(not_recorded(), 1u);
}

TEST_F(RecorderTest, APauseOfAnHourBeginsAnotherFile) {
  open();
  put();
  wait(59min);
  put();
  wait(1h);
  put();
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 end", "0 3540000 end"));
}

TEST_F(RecorderTest, AFullDiskCostsWhatWasNotFlushedAndIsTriedAgain) {
  open();
  put();
  wait(500ms);
  broken_ = true;
  put();
  wait(500ms);  // the flush fails
  EXPECT_EQ(recorded(), 1u);
  EXPECT_EQ(not_recorded(), 1u);
  broken_ = false;
  wait(2999ms);
  put();
  EXPECT_EQ(not_recorded(), 2u);
  wait(1ms);
  put();
  recorder_->finish();
  EXPECT_EQ(recorded(), 2u);
  EXPECT_THAT(texts(), ElementsAre("0 end", "0 "));
}

TEST_F(RecorderTest, AFileThatNeverTookAPictureIsRemoved) {
  open();
  put();
  broken_ = true;
  wait(500ms);
  EXPECT_THAT(texts(), ElementsAre());
}

TEST_F(RecorderTest, ARemovedFileIsNoticedAndAnotherBegun) {
  open();
  put();
  fs::remove(folder_ / "out.mkv");
  wait(500ms);
  put();
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 end"));
}

TEST_F(RecorderTest, ARenamedFileIsWholeAndAnotherBegun) {
  open();
  put();
  fs::rename(folder_ / "out.mkv", folder_ / "kept.mkv");
  wait(500ms);
  put();
  recorder_->finish();
  ASSERT_EQ(files().size(), 2u);
  EXPECT_EQ(files().at("kept.mkv"), "0 end");
}

TEST_F(RecorderTest, ARemovedFolderIsWaitedFor) {
  open();
  put();
  fs::remove_all(folder_);
  wait(500ms);
  put();
  EXPECT_EQ(not_recorded(), 1u);
  fs::create_directory(folder_);
  wait(3s);
  put();
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 end"));
}

TEST_F(RecorderTest, WhatCannotStandInAFileIsCountedAndTheStreamGoesOn) {
  open();
  put(64, 48, Codec::raw);
  media::AccessUnit noise;
  recorder_->put(noise, now_);
  EXPECT_EQ(not_recorded(), 2u);
  put();
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 end"));
}

TEST_F(RecorderTest, H264BeginsWithAKeyFrame) {
  open();
  put_h264(5, false);
  put_h264(6, true, 3);
  put_h264(7, false);
  EXPECT_EQ(parameter_sets_, (std::vector<uint8_t>{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2}));
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 +40 end"));
  EXPECT_EQ(not_recorded(), 1u);
}

TEST_F(RecorderTest, H264ThatDependsOnWhatIsNotInTheFileIsLeftOut) {
  open();
  for (const uint32_t number : {1, 2, 4, 5}) put_h264(number, number == 1);
  put_h264(6, true);
  put_h264(7, false);
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 +40 160 +200 end"));
  EXPECT_EQ(not_recorded(), 2u);
}

TEST_F(RecorderTest, H264SegmentsBeginWithKeyFrames) {
  open(1s);
  for (uint32_t i = 0; i < 30; ++i) put_h264(i, i % 28 == 0);
  recorder_->finish();
  EXPECT_EQ(texts().size(), 2u);
  for (const auto& text : texts()) EXPECT_EQ(text.substr(0, 2), "0 ");
}

TEST_F(RecorderTest, CaptureTimesFarFromTheArrivalAreNotBelieved) {
  open();
  put_captured_at(now_ - 1h);
  put_captured_at(now_ + 1h);
  put_captured_at(now_ - 30s);
  recorder_->finish();
  EXPECT_THAT(texts(), ElementsAre("0 60000 60000 end"));
}

TEST_F(RecorderTest, RefusesAtTheStartWhatCanNeverBeWritten) {
  const auto no_muxer = [](int, const MuxerOptions&) -> Result<std::unique_ptr<Muxer>> {
    return Error{ErrorKind::internal, "not asked for"};
  };
  const auto error_of = [&](const fs::path& path, std::optional<Duration> segment = {}) {
    const auto opened = Recorder::open({path.string(), segment}, no_muxer);
    return opened ? "" : opened.error().message;
  };
  EXPECT_THAT(error_of(folder_ / "none/out.mkv"), HasSubstr("create the folder"));
  EXPECT_THAT(error_of(folder_ / "out.avi"), HasSubstr(".mkv or .mp4"));
  EXPECT_THAT(error_of(folder_), HasSubstr(".mkv or .mp4"));
  EXPECT_THAT(error_of(folder_ / "out.mkv", 999ms), HasSubstr("at least 1s"));
}

TEST(RecordingAddressTest, SaysContainerAndSegment) {
  const auto parse = [](const char* text) { return parse_recording(Url::parse(text).value()); };
  EXPECT_EQ(parse("record:a/out.mkv?segment=10m")->segment, 10min);
  EXPECT_EQ(parse("out.mp4")->path, "out.mp4");
  EXPECT_EQ(parse("out.mp4")->segment, std::nullopt);
  for (const char* wrong : {"out.mkv?segment=10", "out.mkv?segment=often", "out.mkv?every=1s"})
    EXPECT_FALSE(parse(wrong)) << wrong;
  EXPECT_TRUE(is_recording(Url::parse("out.mkv").value()));
  EXPECT_FALSE(is_recording(Url::parse("now.png").value()));
  EXPECT_FALSE(is_recording(Url::parse("udp://out.mkv:5000").value()));
}

TEST(RecordingNameTest, HasTheLocalTimeAndACopysNumber) {
  std::tm t{};
  t.tm_year = 126;
  t.tm_mon = 10;
  t.tm_mday = 21;
  t.tm_hour = 13;
  t.tm_min = 24;
  t.tm_sec = 51;
  EXPECT_EQ(name_by_time("a/out.mkv", t, 1), "a/out-20261121-132451.mkv");
  EXPECT_EQ(name_by_time("out.mp4", t, 3), "out-20261121-132451-3.mp4");
}

}  // namespace
}  // namespace glimt::sink

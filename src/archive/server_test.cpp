// A server and those who ask it, in one process: what the sanitizers watch.
#include "archive/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "archive/get.hpp"
#include "encode/encoder.hpp"

namespace glimt::archive {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Counts what comes, and keeps the last encoded one.
class Keeper final : public sink::FrameSink {
 public:
  Result<Next> put(const media::Frame& frame) override {
    width = frame.width;
    return Next::more;
  }
  Result<Next> put_unit(const media::AccessUnit& unit) override {
    const Bytes bytes = unit.strips.at(0).bytes;
    encoded.assign(bytes.begin(), bytes.end());
    return Next::more;
  }
  int width = 0;
  std::vector<uint8_t> encoded;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : folder_(fs::temp_directory_path() / ("glimt-server-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "clip.mkv") << std::string(1'000'000, 'x') << "end";
    options_.keep_on = [] { return true; };
  }
  ~ServerTest() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  void write_jpeg(const std::string& name, const std::vector<uint8_t>& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  std::string text(const fs::path& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }
  // On the first port that is free.
  void serve() {
    for (int port = 20'000 + getpid() % 20'000; !server_ && port < 60'000; ++port) {
      const std::string address = "tcp://127.0.0.1:" + std::to_string(port);
      auto server = Server::open(folder_.string(), {*Url::parse(address)}, {});
      if (!server) continue;
      server_ = std::move(*server);
      options_.address = *transport::Address::from_url(*Url::parse(address), false);
    }
    ASSERT_TRUE(server_);
  }

  const fs::path folder_;
  std::unique_ptr<Server> server_;
  GetOptions options_;
};

TEST_F(ServerTest, AJpegComesAsItWasStored) {
  class Collect final : public media::StripSink {
   public:
    void begin(const Ref<media::AccessUnit>&) override {}
    void strip(const Ref<media::AccessUnit>&, const media::Strip& s) override {
      bytes.assign(s.bytes.begin(), s.bytes.end());
    }
    void end(const Ref<media::AccessUnit>&) override {}
    void abandon(const Ref<media::AccessUnit>&) override {}
    std::vector<uint8_t> bytes;
  } jpeg;
  media::BufferPool buffers;
  auto frame = media::make_frame(buffers, PixelFormat::gray8, 64, 48);
  std::fill_n(frame.planes[0].data, 64 * 48, uint8_t{90});
  ASSERT_TRUE((*encode::make_encoder(Codec::jpeg, {}))->encode(frame, jpeg));
  write_jpeg("still.jpg", jpeg.bytes);
  serve();
  for (const bool encoded : {true, false}) {
    std::vector<std::unique_ptr<sink::FrameSink>> sinks;
    sinks.push_back(std::make_unique<Keeper>());
    const auto& keeper = static_cast<Keeper&>(*sinks[0]);
    pipeline::SinkSet set(sinks, false);
    const auto outcome =
        watch(options_, {.kind = wire::ArchiveKind::still, .name = "still.jpg"}, {.encoded = encoded}, set);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.done, 1u);
    EXPECT_EQ(keeper.encoded, encoded ? jpeg.bytes : std::vector<uint8_t>());
    EXPECT_EQ(keeper.width, encoded ? 0 : 64);
  }
  const auto entries = get_list(options_);
  ASSERT_TRUE(entries);
  ASSERT_FALSE(entries->empty());
  EXPECT_EQ(entries->back().name, "still.jpg");
  EXPECT_EQ(entries->back().width, 64u);
  EXPECT_EQ(server_->counters().answered, 3u);
}

TEST_F(ServerTest, ManyAtOnceGetTheStoredFile) {
  serve();
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Outcome> outcomes(8);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    threads.push_back(std::make_unique<Thread>("asker", [&, i] {
      auto file = PartFile::open((folder_ / ("out" + std::to_string(i))).string());
      if (file) outcomes[i] = save(options_, {.name = "clip.mkv"}, *file);
    }));
  }
  threads.clear();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_FALSE(outcomes[i].error);
    EXPECT_EQ(text(folder_ / ("out" + std::to_string(i))), text(folder_ / "clip.mkv")) << i;
  }
}

TEST_F(ServerTest, GoesOnWhereItWasStopped) {
  serve();
  const std::string out = (folder_ / "out.mkv").string();
  {
    auto file = PartFile::open(out);
    auto stopped = options_;
    stopped.keep_on = [&] { return file->size() == 0; };
    save(stopped, {.name = "clip.mkv"}, *file);
    EXPECT_GT(file->size(), 0u);
    EXPECT_LT(file->size(), 1'000'003u);
  }
  auto file = PartFile::open(out);
  uint64_t came = 0;
  options_.progress = [&](const GetProgress& p) { came = p.bytes; };
  const uint64_t before = file->size();
  EXPECT_FALSE(save(options_, {.name = "clip.mkv"}, *file).error);
  EXPECT_EQ(before + came, 1'000'003u);
  EXPECT_EQ(text(out), text(folder_ / "clip.mkv"));
}

TEST_F(ServerTest, IsStoppedWhileOthersReadAndTheyAreTold) {
  serve();
  auto file = PartFile::open((folder_ / "out.mkv").string());
  options_.progress = [&](const GetProgress&) { server_.reset(); };
  bool stop = false;
  options_.keep_on = [&] {
    stop |= !server_ && file->size() > 0;
    return !stop;
  };
  const auto outcome = save(options_, {.name = "clip.mkv"}, *file);
  EXPECT_FALSE(outcome.error);
  EXPECT_GT(file->size(), 0u);
}

TEST_F(ServerTest, SaysWhatIsNotThere) {
  serve();
  std::vector<std::unique_ptr<sink::FrameSink>> none;
  pipeline::SinkSet set(none, false);
  const auto outcome = watch(options_, {.name = "clap.mkv"}, {}, set);
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.begun);
  EXPECT_THAT(outcome.error->message, HasSubstr("near to it: clip.mkv"));
}

}  // namespace
}  // namespace glimt::archive

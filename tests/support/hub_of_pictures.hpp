// A hub whose streams are what the test says: no source, no socket, no thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/hub.hpp"

namespace glimt::test {

struct StreamInTest {
  hub::StreamState state = hub::StreamState::flowing;
  std::vector<uint8_t> jpeg;  // empty: no picture yet
};

// Owned by the test, read by whatever thread asks the hub: not changed while one does.
using StreamsInTest = std::map<std::string, StreamInTest>;

class PictureEngine final : public hub::StreamEngine {
 public:
  explicit PictureEngine(const StreamInTest& stream) : stream_(stream) {}

  void set_source(const hub::StreamSettings&) override {}
  Result<void> set_encoding(const hub::StreamSettings&) override { return {}; }
  Result<uint32_t> add(const std::string&) override { return ++newest_; }
  bool remove(uint32_t) override { return true; }
  SourceStatus source() const override {
    SourceStatus status;
    status.state = stream_.state;
    return status;
  }
  PublisherStats stats() override { return {}; }
  Result<hub::Snapshot> snapshot() override {
    if (stream_.jpeg.empty()) return Error{ErrorKind::unavailable, "there is no picture yet; ask again"};
    return hub::Snapshot{stream_.jpeg, 16, 16, 0};
  }
  void close() override {}

 private:
  const StreamInTest& stream_;
  uint32_t newest_ = 0;
};

// `streams` outlives the hub.
inline std::unique_ptr<hub::Hub> open_hub_of_pictures(const StreamsInTest& streams) {
  hub::Hub::Options options;
  options.manual_ticks = true;
  options.make_engine =
      [&streams](const hub::StreamSettings& settings) -> Result<std::unique_ptr<hub::StreamEngine>> {
    return std::unique_ptr<hub::StreamEngine>(new PictureEngine(streams.at(settings.name)));
  };
  std::vector<hub::StreamSettings> configured;
  for (const auto& [name, stream] : streams) {
    configured.emplace_back().name = name;
    configured.back().source = "test:";
  }
  auto hub = hub::Hub::open(std::move(options), configured).value();
  hub->tick();
  return hub;
}

}  // namespace glimt::test

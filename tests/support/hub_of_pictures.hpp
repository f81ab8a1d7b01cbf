// A hub whose streams are what the test says: no source, no socket, no thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/hub.hpp"

namespace glimt::test {

// Whoever watches a stream's units; the test hands them over, on its own thread.
class UnitsInTest {
 public:
  void send(const Ref<media::AccessUnit>& unit) {
    MutexLock lock(m_);
    for (const auto& [id, on_unit] : watchers_) on_unit(unit);
  }
  size_t watchers() const {
    MutexLock lock(m_);
    return watchers_.size();
  }
  uint32_t add(hub::OnUnit on_unit) {
    MutexLock lock(m_);
    watchers_[++newest_] = std::move(on_unit);
    return newest_;
  }
  void remove(uint32_t id) {
    MutexLock lock(m_);
    watchers_.erase(id);
  }
  std::atomic<int> keys_asked{0};

 private:
  mutable Mutex m_;
  std::map<uint32_t, hub::OnUnit> watchers_ GLIMT_GUARDED_BY(m_);
  uint32_t newest_ GLIMT_GUARDED_BY(m_) = 0;
};

struct StreamInTest {
  hub::StreamState state = hub::StreamState::flowing;
  std::vector<uint8_t> jpeg;  // empty: no picture yet
  std::shared_ptr<UnitsInTest> units = std::make_shared<UnitsInTest>();
  std::function<void()> on_close = {};
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
  Result<uint32_t> watch(hub::WatchAs, hub::OnUnit on_unit) override {
    return stream_.units->add(std::move(on_unit));
  }
  void unwatch(uint32_t id) override { stream_.units->remove(id); }
  void request_key() override { ++stream_.units->keys_asked; }
  void close() override {
    if (stream_.on_close) stream_.on_close();
  }

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

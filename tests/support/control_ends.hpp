// A hub whose streams have no pictures, its control service and clients of it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "control/certificate.hpp"
#include "control/client.hpp"
#include "control/service.hpp"

namespace glimt::test {

constexpr std::chrono::seconds kControlDeadline{20};

template <class Condition>
bool poll_until(const Condition& condition) {
  const auto deadline = now() + kControlDeadline;
  while (!condition()) {
    if (now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// Takes all that it is told; says of its source what the test wants.
class IdleEngine final : public hub::StreamEngine {
 public:
  explicit IdleEngine(std::string why) : why_(std::move(why)) {}
  void set_source(const hub::StreamSettings&) override {}
  Result<void> set_encoding(const hub::StreamSettings&) override { return {}; }
  Result<uint32_t> add(const std::string&) override { return ++newest_; }
  bool remove(uint32_t) override { return true; }
  SourceStatus source() const override {
    SourceStatus status;
    if (!why_.empty()) status = {.state = hub::StreamState::trouble, .why = why_};
    return status;
  }
  PublisherStats stats() override { return {}; }
  Result<hub::Snapshot> snapshot() override { return hub::Snapshot{{0xff, 0xd8, 0, 1}, 1280, 720, 12.5}; }
  Result<uint32_t> watch(hub::WatchAs, hub::OnUnit) override { return ++newest_; }
  void unwatch(uint32_t) override {}
  void request_key() override {}
  void close() override {}

 private:
  const std::string why_;
  std::atomic<uint32_t> newest_{0};
};

inline hub::StreamSettings test_stream(const std::string& name) {
  hub::StreamSettings settings;
  settings.name = name;
  settings.source = "test:";
  return settings;
}

class ControlEnds {
 public:
  ControlEnds() {
    std::string name = "/tmp/glimt-control-XXXXXX";
    folder = mkdtemp(name.data());
    settings.unix_path = folder / "control.sock";
    hub::Hub::Options options;
    options.limits.streams = 3;
    options.manual_ticks = true;
    options.make_engine = [this](const hub::StreamSettings&) -> Result<std::unique_ptr<hub::StreamEngine>> {
      return std::unique_ptr<hub::StreamEngine>(std::make_unique<IdleEngine>(trouble));
    };
    hub = std::move(hub::Hub::open(std::move(options), {}).value());
  }
  ~ControlEnds() {
    service.reset();
    hub.reset();
    std::filesystem::remove_all(folder);
  }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder / name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }

  // On TCP too, with a certificate of its own and a token for each role.
  void use_tls(const control::CertificateOptions& options = {}) {
    auto made = options;
    made.folder = folder / "certificate";
    const auto files = control::make_certificate(made).value();
    settings.tcp = "127.0.0.1:0";
    settings.certificate = files.certificate;
    settings.key = files.key;
    settings.view_token_file = write("view.token", "view-token-0123456789\n");
    settings.steer_token_file = write("steer.token", "steer-token-0123456789\n");
  }

  void start() { service = std::move(control::open_service({*hub, settings, reload}).value()); }

  std::unique_ptr<control::Client> unix_client() const {
    return std::move(control::open_client({.address = "unix://" + settings.unix_path}).value());
  }
  std::string tcp_address() const { return service->addresses().at(1); }
  std::unique_ptr<control::Client> tls_client(const std::string& token_file) const {
    return std::move(
        control::open_client({.address = tcp_address(), .ca = settings.certificate, .token_file = token_file})
            .value());
  }

  std::filesystem::path folder;
  std::string trouble;  // of the streams that are added from now on
  hub::ControlSettings settings;
  std::function<Result<hub::Hub::Reload>()> reload;
  std::unique_ptr<hub::Hub> hub;
  std::unique_ptr<control::Service> service;
};

// Watches events on a thread of its own.
class EventWatch {
 public:
  EventWatch(std::unique_ptr<control::Client> client, uint64_t from = 0) : client_(std::move(client)) {
    thread_ = std::thread([this, from] {
      auto watched = client_->watch_events(from, stop_, [this](const hub::Event& event, uint64_t missed) {
        while (held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        MutexLock lock(m_);
        events_.push_back(event);
        missed_.push_back(missed);
      });
      MutexLock lock(m_);
      ended_ = watched ? Error{ErrorKind::internal, "stopped"} : watched.error();
    });
  }
  ~EventWatch() { stop(); }

  void stop() {
    held = false;
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<hub::Event> events() const {
    MutexLock lock(m_);
    return events_;
  }
  uint64_t newest() const {
    MutexLock lock(m_);
    return events_.empty() ? 0 : events_.back().number;
  }
  std::vector<uint64_t> missed() const {
    MutexLock lock(m_);
    return missed_;
  }
  // How it ended, once it has.
  std::optional<Error> ended() const {
    MutexLock lock(m_);
    return ended_;
  }

  std::atomic<bool> held{false};  // reads nothing

 private:
  std::unique_ptr<control::Client> client_;
  std::atomic<bool> stop_{false};
  mutable Mutex m_;
  std::vector<hub::Event> events_ GLIMT_GUARDED_BY(m_);
  std::vector<uint64_t> missed_ GLIMT_GUARDED_BY(m_);
  std::optional<Error> ended_ GLIMT_GUARDED_BY(m_);
  std::thread thread_;
};

}  // namespace glimt::test

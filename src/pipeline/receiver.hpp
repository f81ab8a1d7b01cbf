// Receiver: a stream in, pictures out. Owns the decode thread.
//
//   output   read(): the newest picture (latest) or the next one (every), or why there is none; each whole access
//            unit into a recording, where one was begun
//   errors   open: with the cure. read: unavailable (nothing came in time; says who was or was not there),
//            disconnected (ended and once, or closed). record: with the cure
//   threads  thread-safe; read() blocks until its deadline at most
//   memory   the decode stage's and the session's
#pragma once

#include "pipeline/decode_stage.hpp"
#include "pipeline/endpoint.hpp"
#include "pipeline/endpoint_options.hpp"
#include "pipeline/network_thread.hpp"
#include "pipeline/record_stage.hpp"
#include "pipeline/shared_inlet.hpp"

namespace glimt::pipeline {

struct ReceiverOptions {
  SubscriberOptions subscriber;
  std::optional<sink::RecorderOptions> recording;  // from the first picture on
};

class Receiver final : private Endpoint::Reader, private media::StripSink {
 public:
  static Result<std::unique_ptr<Receiver>> open(const Url& url, const ReceiverOptions& options);
  ~Receiver() override;

  Result<Received> read(Duration timeout);
  // What read() says where nothing came within `timeout`.
  Error why_nothing(Duration timeout) const;
  void note_shown(const Received& shown) { decode_.note_shown(shown, now()); }
  // Pictures are no longer wanted: from here on read() gives encoded units.
  void stop_decoding() { decode_.stop_decoding(); }
  // One recording at a time. It goes on until stop_recording() or close().
  Result<void> record(const sink::RecorderOptions& options);
  void stop_recording();
  SubscriberStats stats();
  const transport::Address& address() const { return address_; }
  // Readers come back at once; after it returns nothing is received.
  void close();

 private:
  Receiver(std::shared_ptr<NetworkThread> network, const transport::Address& address,
           const ReceiverOptions& options);
  uint64_t taken_units() const override { return decode_.taken_units(); }
  Duration oldest_wait(Instant now) const override { return decode_.oldest_wait(now); }
  bool wants_key() const override { return decode_.wants_key() || recording_wants_key_; }
  void on_change(Endpoint::Change change, const std::string& why) override;
  void on_frame_channel(UniqueFd fd, bool same_clock) override;
  std::optional<Received> read_shared(Instant deadline);
  void begin(const Ref<media::AccessUnit>& unit) override;
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override;
  void end(const Ref<media::AccessUnit>& unit) override;
  void abandon(const Ref<media::AccessUnit>& unit) override;
  bool at_end() const;

  const std::shared_ptr<NetworkThread> network_;
  const transport::Address address_;
  const ReceiverOptions options_;
  transport::EventLoop::Signal taken_;
  DecodeStage decode_;
  SharedInlet shared_;
  std::unique_ptr<Endpoint> endpoint_;     // bound to the network thread
  media::StripSink* recording_ = nullptr;  // bound to the network thread
  bool recording_wants_key_ = false;       // likewise: a recording begins with one
  bool dependent_ = false;                 // likewise: not each frame is one
  std::atomic<bool> closed_{false};

  Mutex converting_;
  filter::Converter converter_ GLIMT_GUARDED_BY(converting_);  // of pictures in shared memory
  filter::Scaler scaler_ GLIMT_GUARDED_BY(converting_);
  Mutex changing_;  // one record() or stop_recording() at a time
  mutable Mutex m_;
  bool connected_ GLIMT_GUARDED_BY(m_) = false;
  bool ended_ GLIMT_GUARDED_BY(m_) = false;
  std::string last_change_ GLIMT_GUARDED_BY(m_);
  Instant last_frame_at_ GLIMT_GUARDED_BY(m_){};
  Instant last_captured_at_ GLIMT_GUARDED_BY(m_){};
  std::unique_ptr<RecordStage> record_ GLIMT_GUARDED_BY(m_);
  sink::RecordingCounters recorded_ GLIMT_GUARDED_BY(m_);  // by recordings that were stopped
};

}  // namespace glimt::pipeline

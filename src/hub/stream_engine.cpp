#include "hub/stream_engine.hpp"

#include "hub/jpeg_branch.hpp"
#include "hub/picture_snapshot.hpp"
#include "hub/source_feed.hpp"

namespace glimt::hub {
namespace {

// What of it the sender's encoder goes by.
Encoding of_encoder(Encoding encoding) {
  encoding.size.reset();
  encoding.fps.reset();
  return encoding;
}

class SenderEngine final : public StreamEngine {
 public:
  SenderEngine(std::string name, std::unique_ptr<pipeline::Sender> sender, const Encoding& encoding)
      : name_(std::move(name)), encoding_(encoding), sender_(std::move(sender)), feed_(*sender_, encoding) {}
  ~SenderEngine() override { SenderEngine::close(); }

  void set_source(const StreamSettings& s) override {
    feed_.set({s.source, s.format, s.filter, s.loop}, s.paused);
  }
  Result<void> set_encoding(const StreamSettings& settings) override {
    // An encoder that is as it should be goes on: of H.264 a new one would begin with a key frame.
    if (of_encoder(settings.encoding) != of_encoder(encoding_)) {
      auto done = sender_->set_options(publisher_options(settings.encoding));
      if (!done) return done;
    }
    encoding_ = settings.encoding;
    feed_.set_encoding(encoding_);
    return {};
  }
  Result<uint32_t> add(const std::string& text) override {
    const auto url = Url::parse(text);
    return url ? sender_->add(*url) : url.error();
  }
  bool remove(uint32_t id) override { return sender_->remove(id); }

  SourceStatus source() const override { return feed_.status(); }
  PublisherStats stats() override { return sender_->stats(); }
  Result<Snapshot> snapshot() override {
    const auto picture = feed_.newest();
    if (picture) return make_snapshot(*picture, now());
    return Error{ErrorKind::unavailable,
                 "stream '" + name_ +
                     "' has no picture yet; try again once its source gives one, or see "
                     "its state for why it does not"};
  }
  Result<uint32_t> watch(WatchAs as, OnUnit on_unit) override {
    if (as == WatchAs::stream || sender_->codec() == Codec::jpeg) return sender_->watch(std::move(on_unit));
    return jpeg_.watch(std::move(on_unit));
  }
  void unwatch(uint32_t id) override {
    if (!jpeg_.unwatch(id)) sender_->unwatch(id);
  }
  void request_key() override { sender_->request_key(); }
  void close() override {
    feed_.close();
    jpeg_.close();
    sender_->close(wire::CloseReason::leaving);
  }

 private:
  const std::string name_;
  Encoding encoding_;
  const std::unique_ptr<pipeline::Sender> sender_;
  SourceFeed feed_;  // it uses the sender
  JpegBranch jpeg_{feed_};
};

}  // namespace

Result<std::unique_ptr<StreamEngine>> make_stream_engine(const StreamSettings& settings) {
  auto sender = pipeline::Sender::open({}, publisher_options(settings.encoding));
  if (!sender) return sender.error();
  return std::unique_ptr<StreamEngine>(
      std::make_unique<SenderEngine>(settings.name, std::move(*sender), settings.encoding));
}

}  // namespace glimt::hub

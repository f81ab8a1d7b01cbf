#include "glimt/publisher.hpp"

#include "api/mat_frame.hpp"
#include "pipeline/player.hpp"
#include "pipeline/sender.hpp"

namespace glimt {

class Publisher::Impl {
 public:
  explicit Impl(std::unique_ptr<pipeline::Sender> s) : sender(std::move(s)) {}

  Result<void> check(const media::Frame& frame) const {
    const size_t limit = sender->max_frame_bytes();
    if (auto fits = media::check_size(frame.format, frame.width, frame.height, limit); !fits) return fits;
    if (media::bytes_per_sample(frame.format) == 1 || !sender->encodes_bytes()) return {};
    return Error{ErrorKind::invalid_argument,
                 "this Mat of " + std::string(to_string(frame.format)) + " cannot be sent as " +
                     std::string(to_string(sender->codec())) +
                     ", which has 8 bits a sample; open the publisher with Codec::raw, or use convertTo()"};
  }

  Result<void> publish(media::Frame frame, const Extras& extras) {
    if (extras.metadata.size() > media::kMaxMetadataBytes) {
      return Error{ErrorKind::invalid_argument, "metadata of " + std::to_string(extras.metadata.size()) +
                                                    " bytes; at most 65536 ride with a frame"};
    }
    const auto captured_at = extras.captured_at == Instant{} ? now() : extras.captured_at;
    frame.stamps.captured_at = captured_at;
    frame.metadata.assign(extras.metadata.begin(), extras.metadata.end());
    sender->publish(std::move(frame));
    return {};
  }

  Result<void> play(const Url& url, const SourceOptions& options) {
    MutexLock lock(m);
    if (playing && !playing->player.wait(Instant::min())) {
      return Error{ErrorKind::invalid_argument,
                   "'" + url.text + "': another source plays; stop() it first, or open a publisher for each"};
    }
    source::SourceOptions how{options, sender->max_frame_bytes()};
    const PublisherOptions asked = sender->options(), usual;
    how.pixels |=
        sender->codec() != Codec::jpeg || asked.quality != usual.quality || asked.chroma != usual.chroma;
    auto filter = pipeline::FilterStage::open(how);
    if (!filter) return filter.error();
    auto source = source::open_source(url, how);
    if (!source) return source.error();
    playing = std::make_shared<Playing>(std::move(*source), std::move(*filter), *sender, options.frames);
    return {};
  }

  struct Playing {
    Playing(std::unique_ptr<source::FrameSource> s, std::unique_ptr<pipeline::FilterStage> f,
            pipeline::Sender& sender, std::optional<uint64_t> frames)
        : source(std::move(s)),
          filter(std::move(f)),
          player(*source, sender, {frames.value_or(pipeline::Player::kNoLimit), filter.get(), nullptr}) {}
    const std::unique_ptr<source::FrameSource> source;
    const std::unique_ptr<pipeline::FilterStage> filter;  // empty where there is none
    pipeline::Player player;
  };
  std::shared_ptr<Playing> now_playing() {
    MutexLock lock(m);
    return playing;
  }

  std::unique_ptr<pipeline::Sender> sender;
  Mutex m;
  std::shared_ptr<Playing> playing GLIMT_GUARDED_BY(m);  // last: it uses the sender
};

Publisher::Publisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Publisher::Publisher(std::string_view url, const PublisherOptions& options)
    : Publisher(open(url, options).value()) {}
Publisher::~Publisher() = default;
Publisher::Publisher(Publisher&&) noexcept = default;
Publisher& Publisher::operator=(Publisher&&) noexcept = default;

Result<Publisher> Publisher::open(std::string_view url, const PublisherOptions& options) {
  return open(std::vector<std::string>{std::string(url)}, options);
}

Result<Publisher> Publisher::open(const std::vector<std::string>& urls, const PublisherOptions& options) {
  std::vector<Url> parsed;
  for (const auto& text : urls) {
    auto url = Url::parse(text);
    if (!url) return url.error();
    parsed.push_back(*url);
  }
  auto sender = pipeline::Sender::open(parsed, options);
  if (!sender) return sender.error();
  return Publisher(std::make_unique<Impl>(std::move(*sender)));
}

Result<void> Publisher::publish(const cv::Mat& mat, const Extras& extras) {
  const auto frame = frame_over(mat);
  if (!frame) return frame.error();
  if (auto carried = impl_->check(*frame); !carried) return carried;
  auto copy = impl_->sender->borrow(frame->format, frame->width, frame->height);
  media::copy_packed(*frame, copy.planes[0].data);  // the caller goes on writing into its Mat
  return impl_->publish(std::move(copy), extras);
}

Result<void> Publisher::publish(cv::Mat&& mat, const Extras& extras) {
  const bool alone = mat.u && mat.u->refcount == 1;
  if (!alone) return publish(static_cast<const cv::Mat&>(mat), extras);
  auto frame = frame_over(std::move(mat));
  if (!frame) return frame.error();
  if (auto carried = impl_->check(*frame); !carried) return carried;
  return impl_->publish(std::move(*frame), extras);
}

Result<cv::Mat> Publisher::borrow(int rows, int cols, int type) {
  const auto format = format_of(type);
  if (!format) return format.error();
  if (auto fits = media::check_size(*format, cols, rows, impl_->sender->max_frame_bytes()); !fits)
    return fits.error();
  return mat_over(impl_->sender->borrow(*format, cols, rows));
}

Publisher& Publisher::operator<<(const cv::Mat& mat) {
  publish(mat).value();
  return *this;
}

Result<void> Publisher::play(std::string_view text, const SourceOptions& options) {
  const auto url = Url::parse(text);
  if (!url) return url.error();
  return impl_->play(*url, options);
}

Result<bool> Publisher::wait(std::chrono::nanoseconds timeout) {
  const auto playing = impl_->now_playing();
  if (!playing) return true;
  const auto result = playing->player.wait(now() + timeout);
  if (!result) return false;
  if (result->error) return *result->error;
  return true;
}

void Publisher::stop() {
  if (const auto playing = impl_->now_playing()) playing->player.stop();
}

Result<uint32_t> Publisher::add(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return url.error();
  return impl_->sender->add(*url);
}

bool Publisher::remove(uint32_t id) { return impl_->sender->remove(id); }
PublisherStats Publisher::stats() { return impl_->sender->stats(); }
void Publisher::finish() {
  stop();
  impl_->sender->close(wire::CloseReason::end_of_stream);
}

}  // namespace glimt

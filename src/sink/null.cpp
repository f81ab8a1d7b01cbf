#include "media/time_code.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::sink {
namespace {

// Pictures end here. With ?verify the burnt-in number and time of each are read and held
// against the frame's own.
class NullSink final : public FrameSink {
 public:
  explicit NullSink(bool verify) : verify_(verify) {}

  Result<Next> put(const media::Frame& frame) override {
    if (verify_) judge(frame);
    return Next::more;
  }
  Result<Next> put_unit(const media::AccessUnit&) override { return Next::more; }
  std::string summary() const override {
    if (!verify_) return {};
    return "verified " + std::to_string(right_) + " pictures, wrong " + std::to_string(wrong_) +
           ", without a number " + std::to_string(unmarked_);
  }
  bool failed() const override { return wrong_ > 0 || unmarked_ > 0; }

 private:
  void judge(const media::Frame& frame) {
    const auto code = media::try_read_time_code(frame);
    if (!code) {
      ++unmarked_;
      return;
    }
    // A sender that was restarted counts from 0 again, but its clock goes on.
    const bool forward =
        !last_ || Sequence(code->number) > Sequence(last_->number) || code->captured_us > last_->captured_us;
    ++(forward && code->captured_us == frame.sender_captured_us ? right_ : wrong_);
    last_ = code;
  }

  const bool verify_;
  std::optional<media::TimeCode> last_;
  uint64_t right_ = 0, wrong_ = 0, unmarked_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSink>> open_null(const Url& url) {
  if (auto known = url.allow_only({"verify"}); !known) return known.error();
  return std::unique_ptr<FrameSink>(std::make_unique<NullSink>(url.has("verify")));
}

}  // namespace glimt::sink

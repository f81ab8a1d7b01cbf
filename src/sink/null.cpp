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
    if (verify_) codes_.check(frame);
    return Next::more;
  }
  Result<Next> put_unit(const media::AccessUnit&) override { return Next::more; }
  std::string summary() const override {
    if (!verify_) return {};
    return "verified " + std::to_string(codes_.right()) + " pictures, wrong " +
           std::to_string(codes_.wrong()) + ", without a number " + std::to_string(codes_.missing());
  }
  bool failed() const override { return codes_.wrong() > 0 || codes_.missing() > 0; }

 private:
  const bool verify_;
  media::TimeCodeCheck codes_;
};

}  // namespace

Result<std::unique_ptr<FrameSink>> open_null(const Url& url) {
  if (auto known = url.allow_only({"verify"}); !known) return known.error();
  return std::unique_ptr<FrameSink>(std::make_unique<NullSink>(url.has("verify")));
}

}  // namespace glimt::sink

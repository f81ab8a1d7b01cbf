#include "api/mat_frame.hpp"

#include <opencv2/core.hpp>

namespace glimt {
namespace {

// OpenCV counts references to a Mat's data and asks its allocator to free it: ours lets go
// of the frame's owner.
class OwnerReleaser final : public cv::MatAllocator {
 public:
  cv::UMatData* hold(const media::Frame& frame, size_t size) const {
    auto* data = new cv::UMatData(this);
    data->data = data->origdata = frame.planes[0].data;
    data->size = size;
    data->flags |= cv::UMatData::USER_ALLOCATED;
    data->userdata = new Ref<Shared>(frame.owner);
    data->refcount = 1;
    return data;
  }

  // Called for Mats that are created anew through a header of ours: those are OpenCV's own.
  cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, size_t* step, cv::AccessFlag flags,
                         cv::UMatUsageFlags usage) const override {
    return cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    return cv::Mat::getStdAllocator()->allocate(data, flags, usage);
  }
  void deallocate(cv::UMatData* data) const override {
    delete static_cast<Ref<Shared>*>(data->userdata);
    delete data;
  }
};

int type_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::bgr24:
      return CV_8UC3;
    case PixelFormat::bgra32:
      return CV_8UC4;
    case PixelFormat::gray8:
    case PixelFormat::i420:
      return CV_8UC1;
  }
  return CV_8UC1;
}

}  // namespace

cv::Mat mat_over(const media::Frame& frame) {
  static const OwnerReleaser* releaser = new OwnerReleaser;  // outlives every Mat, also those of static life
  const int rows = frame.format == PixelFormat::i420 ? frame.height * 3 / 2 : frame.height;
  cv::Mat mat(rows, frame.width, type_of(frame.format), frame.planes[0].data, frame.planes[0].stride);
  mat.u = releaser->hold(frame, static_cast<size_t>(rows) * frame.planes[0].stride);
  mat.allocator = const_cast<OwnerReleaser*>(releaser);
  return mat;
}

Result<media::Frame> frame_over(cv::Mat mat) {
  media::Frame frame;
  switch (mat.dims == 2 ? mat.type() : -1) {
    case CV_8UC1:
      frame.format = PixelFormat::gray8;
      break;
    case CV_8UC3:
      frame.format = PixelFormat::bgr24;
      break;
    case CV_8UC4:
      frame.format = PixelFormat::bgra32;
      break;
    default:
      return Error{ErrorKind::invalid_argument,
                   "this Mat cannot be sent: 8-bit pictures with 1, 3 (BGR) or 4 (BGRA) channels can; "
                   "convert it with convertTo() or cvtColor()"};
  }
  if (mat.empty())
    return Error{ErrorKind::invalid_argument, "this Mat is empty; was the camera's read() successful?"};
  frame.width = mat.cols;
  frame.height = mat.rows;
  frame.planes[0] = {mat.data, mat.step[0]};
  Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
  owner->value = std::move(mat);
  frame.owner = owner;
  return frame;
}

}  // namespace glimt

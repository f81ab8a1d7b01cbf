#include "api/mat_frame.hpp"

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>

namespace glimt {
namespace {

struct Holding {
  Ref<Shared> owner;
  bool read_only = false;
};

// OpenCV counts references to a Mat's data and asks its allocator to free it: ours lets go
// of the frame's owner.
class OwnerReleaser final : public cv::MatAllocator {
 public:
  cv::UMatData* hold(const media::Frame& frame, size_t size) const {
    auto* data = new cv::UMatData(this);
    data->data = data->origdata = frame.planes[0].data;
    data->size = size;
    data->flags |= cv::UMatData::USER_ALLOCATED;
    data->userdata = new Holding{frame.owner, frame.read_only};
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
    delete static_cast<Holding*>(data->userdata);
    delete data;
  }
};

const OwnerReleaser& releaser() {
  static const auto* one = new OwnerReleaser;  // outlives every Mat, also those of static life
  return *one;
}

constexpr std::array<std::pair<int, PixelFormat>, 9> kTypes{{{CV_8UC1, PixelFormat::gray8},
                                                             {CV_8UC3, PixelFormat::bgr24},
                                                             {CV_8UC4, PixelFormat::bgra32},
                                                             {CV_16UC1, PixelFormat::gray16},
                                                             {CV_16UC3, PixelFormat::bgr48},
                                                             {CV_16UC4, PixelFormat::bgra64},
                                                             {CV_32FC1, PixelFormat::grayf32},
                                                             {CV_32FC3, PixelFormat::bgrf32},
                                                             {CV_32FC4, PixelFormat::bgraf32}}};

int type_of(PixelFormat format) {
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [format](auto r) { return r.second == format; });
  return row == kTypes.end() ? CV_8UC1 : row->first;  // planes of i420 below each other
}

}  // namespace

cv::Mat mat_over(const media::Frame& frame) {
  const int rows = frame.format == PixelFormat::i420 ? frame.height * 3 / 2 : frame.height;
  cv::Mat mat(rows, frame.width, type_of(frame.format), frame.planes[0].data, frame.planes[0].stride);
  mat.u = releaser().hold(frame, static_cast<size_t>(rows) * frame.planes[0].stride);
  mat.allocator = const_cast<OwnerReleaser*>(&releaser());
  return mat;
}

Result<PixelFormat> format_of(int type) {
  const auto row = std::find_if(kTypes.begin(), kTypes.end(), [type](auto r) { return r.first == type; });
  if (row != kTypes.end()) return row->second;
  return Error{ErrorKind::invalid_argument,
               "this Mat cannot be sent: pictures of 8 or 16 bits or of float with 1, 3 (BGR) or 4 (BGRA) "
               "channels can; convert it with convertTo() or cvtColor()"};
}

Result<media::Frame> frame_over(cv::Mat mat) {
  const auto format = format_of(mat.dims == 2 ? mat.type() : -1);
  if (mat.empty())
    return Error{ErrorKind::invalid_argument, "this Mat is empty; was the camera's read() successful?"};
  if (!format) return format.error();
  media::Frame frame;
  frame.format = *format;
  frame.width = mat.cols;
  frame.height = mat.rows;
  frame.planes[0] = {mat.data, mat.step[0]};
  if (mat.u && mat.u->currAllocator == &releaser()) {  // memory of ours goes on as what it is
    const auto* held = static_cast<const Holding*>(mat.u->userdata);
    frame.owner = held->owner;
    frame.read_only = held->read_only;
    return frame;
  }
  Ref<Held<cv::Mat>> owner(new Held<cv::Mat>);
  owner->value = std::move(mat);
  frame.owner = owner;
  return frame;
}

}  // namespace glimt

// The module glimt_objdetect.
#include "filter/face_detector.hpp"

#include <algorithm>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

namespace glimt::filter {
namespace {

constexpr int kWindow = 24;  // pixels: the cascade's, and about the least that YuNet sees
constexpr int kUnshrunkSide = 640;

// How much smaller than the picture the one is that the detector sees.
double shrink_of(const media::Frame& frame, int min_size) {
  const double window =
      min_size > 0 ? min_size : kWindow * std::max(frame.width, frame.height) / double{kUnshrunkSide};
  const double most = std::min(frame.width, frame.height);  // at least one pixel is left
  return std::clamp(window / kWindow, 1.0, std::max(most, 1.0));
}

cv::Mat shrunk(const cv::Mat& picture, double by) {
  if (by <= 1) return picture;
  cv::Mat small;
  const cv::Size size(std::max(1, static_cast<int>(picture.cols / by)),
                      std::max(1, static_cast<int>(picture.rows / by)));
  cv::resize(picture, small, size, 0, 0, cv::INTER_AREA);
  return small;
}

// Empty where nothing of it lies in the picture.
std::vector<Box> within(const media::Frame& frame, const cv::Rect2d& place, double score) {
  const cv::Rect r = cv::Rect(place) & cv::Rect(0, 0, frame.width, frame.height);
  if (r.empty()) return {};
  return {{"face", r.x, r.y, r.width, r.height, std::clamp(score, 0.0, 1.0)}};
}

void append(std::vector<Box>& to, const std::vector<Box>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class Cascade final : public FaceDetector {
 public:
  Cascade(cv::CascadeClassifier classifier, int min_size)
      : classifier_(std::move(classifier)), min_size_(min_size) {}

  PixelFormat format() const override { return PixelFormat::gray8; }

  Result<std::vector<Box>> find(const media::Frame& frame) override {
    const cv::Mat grey(frame.height, frame.width, CV_8UC1, frame.planes[0].data, frame.planes[0].stride);
    const double by = shrink_of(frame, min_size_);
    std::vector<cv::Rect> faces;
    try {
      classifier_.detectMultiScale(shrunk(grey, by), faces, kScaleFactor, kMinNeighbours);
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::internal, std::string("the cascade fails: ") + e.what()};
    }
    std::vector<Box> boxes;
    for (const auto& r : faces)
      append(boxes, within(frame, {r.x * by, r.y * by, r.width * by, r.height * by}, 1));
    return boxes;
  }

 private:
  static constexpr double kScaleFactor = 1.1;
  static constexpr int kMinNeighbours = 5;
  cv::CascadeClassifier classifier_;
  const int min_size_;
};

class YuNet final : public FaceDetector {
 public:
  YuNet(cv::Ptr<cv::FaceDetectorYN> network, int min_size)
      : network_(std::move(network)), min_size_(min_size) {}

  PixelFormat format() const override { return PixelFormat::bgr24; }

  Result<std::vector<Box>> find(const media::Frame& frame) override {
    const cv::Mat picture(frame.height, frame.width, CV_8UC3, frame.planes[0].data, frame.planes[0].stride);
    const double by = shrink_of(frame, min_size_);
    cv::Mat faces;
    try {
      const cv::Mat small = shrunk(picture, by);
      network_->setInputSize(small.size());
      network_->detect(small, faces);
    } catch (const cv::Exception& e) {
      return Error{ErrorKind::malformed, std::string("the model fails: ") + e.what()};
    }
    std::vector<Box> boxes;
    for (int i = 0; i < faces.rows; ++i) {  // x, y, width, height, ten of landmarks, score
      const auto* f = faces.ptr<float>(i);
      append(boxes, within(frame, {f[0] * by, f[1] * by, f[2] * by, f[3] * by}, f[14]));
    }
    return boxes;
  }

 private:
  cv::Ptr<cv::FaceDetectorYN> network_;
  const int min_size_;
};

Result<std::unique_ptr<FaceDetector>> open_cascade(const FaceDetectorOptions& options) {
  if (!std::ifstream(options.cascade)) {
    return Error{ErrorKind::unavailable, options.cascade +
                                             ": cannot be read; apt install opencv-data brings the stock "
                                             "cascade, faces?cascade= names another"};
  }
  cv::CascadeClassifier classifier;
  try {
    if (classifier.load(options.cascade) && !classifier.empty())
      return std::unique_ptr<FaceDetector>(
          std::make_unique<Cascade>(std::move(classifier), options.min_size));
  } catch (const cv::Exception&) {
  }
  return Error{
      ErrorKind::malformed,
      options.cascade +
          ": is no cascade that OpenCV can read; apt install --reinstall opencv-data brings the stock one"};
}

// Looks at a black picture too: a network with other ends than YuNet's shows there.
Result<std::unique_ptr<FaceDetector>> open_yunet(const FaceDetectorOptions& options) {
  if (!std::ifstream(options.model)) {
    return Error{
        ErrorKind::unavailable,
        options.model + ": cannot be read; name a YuNet model, or leave model= out and the cascade is used"};
  }
  const Error unfit{ErrorKind::malformed,
                    options.model +
                        ": is no YuNet model that this OpenCV can use; is it whole, and of its time? "
                        "Leave model= out and the cascade is used"};
  try {
    auto detector = std::make_unique<YuNet>(
        cv::FaceDetectorYN::create(options.model, "", cv::Size(kUnshrunkSide, kUnshrunkSide)),
        options.min_size);
    media::BufferPool once;
    auto black = media::make_frame(once, PixelFormat::bgr24, kUnshrunkSide, kUnshrunkSide);
    std::fill_n(black.planes[0].data, media::packed_size(black.format, black.width, black.height),
                uint8_t{0});
    if (!detector->find(black)) return unfit;
    return std::unique_ptr<FaceDetector>(std::move(detector));
  } catch (const cv::Exception&) {
    return unfit;
  }
}

}  // namespace

Result<std::unique_ptr<FaceDetector>> open_face_detector(const FaceDetectorOptions& options) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // what matters is said by us
  cv::setNumThreads(1);
  return options.model.empty() ? open_cascade(options) : open_yunet(options);
}

}  // namespace glimt::filter

extern "C" __attribute__((
    visibility("default"))) decltype(&glimt::filter::open_face_detector) glimt_open_face_detector;
decltype(&glimt::filter::open_face_detector) glimt_open_face_detector = &glimt::filter::open_face_detector;

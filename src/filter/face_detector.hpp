// FaceDetector: frontal faces in one picture, by OpenCV's Haar cascade or by the network YuNet.
//
//   input    pictures of format(), any size
//   output   boxes within the picture, labelled "face"
//   errors   open: with the cure, where cascade or model is missing or damaged. find: the picture was not looked at
//   threads  thread-compatible; find() takes 5 to 100 ms. OpenCV is told to use one thread in the whole process: its
//            workers would look for faces beside the caller, at the priority of everybody else
//   memory   the cascade or model, a few shrunk pictures
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "glimt/boxes.hpp"
#include "media/frame.hpp"

namespace glimt::filter {

struct FaceDetectorOptions {
  // A network for cv::FaceDetectorYN, as face_detection_yunet.onnx. Surer than the cascade, and sees faces that are
  // turned a little. Nothing: the cascade.
  std::string model;
  std::string cascade = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml";
  // Pixels. Less finds smaller faces and takes longer: the picture is shrunk until such a face is as small as the
  // detector can see. 0: 24 of 640, and in larger pictures more in proportion.
  int min_size = 0;
};

class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  virtual PixelFormat format() const = 0;
  virtual Result<std::vector<Box>> find(const media::Frame& frame) = 0;
};

// In a module, because of the libraries behind it.
Result<std::unique_ptr<FaceDetector>> open_face_detector(const FaceDetectorOptions& options);

}  // namespace glimt::filter

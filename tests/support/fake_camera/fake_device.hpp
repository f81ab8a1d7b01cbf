// FakeDevice: one opening of the fake camera, as a driver sees it: formats, buffers, a beat of pictures.
//
//   input    V4L2 requests on a descriptor; the node's control file, read anew at most every 20 ms
//   output   as a UVC camera's driver answers: 0, or an errno
//   errors   ENODEV for ever once its node is gone; EBUSY while another opening holds the buffers
//   threads  thread-compatible: the caller holds a lock
//   memory   four buffers, and the JPEGs of one folder
#pragma once

#include <linux/videodev2.h>
#include <sys/stat.h>

#include <deque>
#include <string>
#include <vector>

#include "fake_control.hpp"

namespace fake_camera {

class Device {
 public:
  static constexpr uint32_t kMaxBuffers = 4;

  Device(std::string node, int fd);
  ~Device();

  int request(unsigned long code, void* argument);
  // Buffers belong to the camera: what is mapped is theirs.
  void* map(size_t length, int64_t offset);
  bool owns(const void* at) const;

  bool gone();
  // Nanoseconds of the monotonic clock until a picture can be taken, 0 where one can; -1 where none is to come.
  int64_t until_ready();

 private:
  using Bytes = std::vector<uint8_t>;
  struct Buffer {
    Bytes memory;
    bool queued = false;
  };

  const Control& control();
  int capabilities(v4l2_capability& answer);
  int list_formats(v4l2_fmtdesc& answer);
  int list_sizes(v4l2_frmsizeenum& answer);
  int list_rates(v4l2_frmivalenum& answer);
  int get_format(v4l2_format& answer) const;
  int set_format(v4l2_format& answer);
  int get_rate(v4l2_streamparm& answer) const;
  int set_rate(v4l2_streamparm& answer);
  int take_buffers(v4l2_requestbuffers& answer);
  int describe_buffer(v4l2_buffer& answer) const;
  int queue_buffer(v4l2_buffer& answer);
  int give_picture(v4l2_buffer& answer);
  int stream(bool on);

  bool held_by_another();
  size_t image_size() const;
  size_t paint(Bytes& to);
  void load_jpegs();
  void stamp(v4l2_buffer& answer, int64_t taken_at) const;

  const std::string node_;
  struct stat born_ {};
  bool gone_ = false;
  Control control_;
  int64_t control_read_at_ = 0;
  Mode mode_;
  uint32_t rate_ = 30;
  std::vector<Buffer> buffers_;
  std::deque<uint32_t> queue_;
  bool streaming_ = false;
  int64_t next_at_ = 0;
  uint32_t sequence_ = 0;
  std::string pictures_folder_;
  std::vector<Bytes> jpegs_;
};

int64_t monotonic_ns();

}  // namespace fake_camera

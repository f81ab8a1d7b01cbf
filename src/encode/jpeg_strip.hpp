// JpegStripEncoder: some rows of a picture to the bytes that they are in the whole JPEG.
//
//   A strip is encoded as a picture of its own rows; what libjpeg then writes between its headers and EOI is what it writes
//   between two restart markers of the whole.
//
//   input    a frame, how its picture falls into strips, and which one is wanted
//   output   strip 0: headers and its segment; others: the restart marker in front of them and their segment; the last ends
//            with EOI
//   errors   empty, and error() says why, where libjpeg refuses the picture
//   threads  thread-compatible: one each worker
//   memory   libjpeg's own, and the buffer that grows with the strip
#pragma once

#include <vector>

#include "encode/encoder.hpp"
#include "media/jpeg_error.hpp"

namespace glimt::encode {

struct JpegPlan {
  int quality = 80;
  Chroma chroma = Chroma::c420;
  int strips = 1;
  int rows = 0;                   // of pixels in each strip but the last, whole rows of MCUs
  unsigned restart_interval = 0;  // MCUs in a strip; 0 where there is one strip
};

// Strips of equal rows of MCUs, about as many as are wanted.
JpegPlan plan_jpeg(const media::Frame& frame, int quality, Chroma chroma, int wanted);

class JpegStripEncoder {
 public:
  JpegStripEncoder();
  ~JpegStripEncoder();
  JpegStripEncoder(const JpegStripEncoder&) = delete;
  JpegStripEncoder& operator=(const JpegStripEncoder&) = delete;

  Bytes encode(const media::Frame& frame, const JpegPlan& plan, int index, media::Buffer& to);
  const char* error() const { return error_.text; }

 private:
  // libjpeg writes straight into a pooled buffer that grows.
  struct BufferDestination : jpeg_destination_mgr {
    media::Buffer* buffer = nullptr;
    void attach(media::Buffer& to);
    size_t size() const { return buffer->capacity() - free_in_buffer; }
  };

  bool compress(const media::Frame& frame, const JpegPlan& plan, int first_row, int rows);
  void set_color_space(const media::Frame& frame, Chroma chroma);
  void write_rows(const media::Frame& frame, int first_row);
  void prepare_padding(const media::Frame& frame);
  JSAMPROW padded_row(const media::Frame& frame, int plane, int row, uint8_t* scratch);
  void write_i420(const media::Frame& frame, int first_row);

  media::JpegError error_;
  jpeg_compress_struct jpeg_{};
  BufferDestination destination_;
  std::vector<uint8_t> padding_;
};

}  // namespace glimt::encode

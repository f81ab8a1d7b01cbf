// JpegReader: one run of JPEG bytes into rows of a frame, with libjpeg.
//
//   input    open(): bytes in up to three parts, one behind the other: a whole JPEG, or headers, the entropy-coded bytes of
//            a strip and EOI; they outlive the reading
//   output   read(): pixels in the frame's rows from `first_row` on. Chroma is repeated, not interpolated: that would read
//            rows of the neighbouring strips
//   errors   false where the bytes do not decode without a warning, and error() says why
//   threads  thread-compatible: one each worker
//   memory   libjpeg's own
#pragma once

#include <array>
#include <optional>

#include "media/frame.hpp"
#include "media/jpeg_error.hpp"

namespace glimt::decode {

class JpegReader {
 public:
  static constexpr size_t kParts = 3;
  using Parts = std::array<Bytes, kParts>;

  JpegReader();
  ~JpegReader();
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  bool open(const Parts& parts);
  // Of what is open.
  int width() const { return static_cast<int>(jpeg_.image_width); }
  int height() const { return static_cast<int>(jpeg_.image_height); }
  int components() const { return jpeg_.num_components; }
  bool is_420() const;
  // At 1 / scale of its sides. i420 takes is_420(), scale 1 and planes of whole blocks.
  bool read(const media::Frame& frame, int first_row, int scale);
  // Instead of reading what is open.
  void give_up() { jpeg_abort_decompress(&jpeg_); }
  const char* error() const { return error_.text; }

 private:
  struct Source : jpeg_source_mgr {
    Parts parts;
    size_t next = 0;
    void attach(const Parts& from);
  };

  bool read_header();
  // No restart marker comes before the end.
  bool is_one_segment() const;
  bool decompress(const media::Frame& frame, size_t first_row);
  void read_rows(const media::Frame& frame, size_t first_row);
  void read_i420(const media::Frame& frame, size_t first_row);

  media::JpegError error_;
  jpeg_decompress_struct jpeg_{};
  Source source_;
};

}  // namespace glimt::decode

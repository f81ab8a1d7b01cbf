// JpegError: libjpeg's way out of an error, and what it said.
//
//   use      struct with the jmp_buf in the frame that calls libjpeg; no C++ object with a destructor may
//            come to life between setjmp and the call that fails
//   threads  bound to the codec that owns it
#pragma once

#include <csetjmp>
#include <cstdio>
// libjpeg wants <cstdio> first.
#include <jpeglib.h>

namespace glimt::media {

struct JpegError : jpeg_error_mgr {
  std::jmp_buf out;
  char text[JMSG_LENGTH_MAX] = {};

  jpeg_error_mgr* attach() {
    jpeg_std_error(this);
    error_exit = [](j_common_ptr jpeg) {
      auto* self = static_cast<JpegError*>(jpeg->err);
      self->format_message(jpeg, self->text);
      std::longjmp(self->out, 1);
    };
    output_message = [](j_common_ptr) {};
    emit_message = [](j_common_ptr jpeg, int level) {
      auto* self = static_cast<JpegError*>(jpeg->err);
      if (level >= 0) return;  // trace
      if (self->num_warnings++ == 0) self->format_message(jpeg, self->text);
    };
    return this;
  }
};

}  // namespace glimt::media

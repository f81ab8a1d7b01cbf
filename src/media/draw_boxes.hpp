// DrawBoxes: a green frame, two pixels wide, around each box of a picture; white in a grey one.
//
//   input    a frame whose pixels nobody else looks at; boxes in its pixels, cut where they reach beyond it
//   errors   none
//   threads  thread-compatible
//   memory   none
#pragma once

#include "glimt/boxes.hpp"
#include "media/frame.hpp"

namespace glimt::media {

void draw_boxes(Frame& frame, const std::vector<Box>& boxes);

}  // namespace glimt::media

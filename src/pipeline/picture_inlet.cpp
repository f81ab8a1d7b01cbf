#include "pipeline/picture_inlet.hpp"

namespace glimt::pipeline {

void PictureInlet::put(const Picture& picture) {
  const auto unit = units_.take();
  unit->clear();
  auto& info = unit->info;
  info.codec = picture.codec;
  info.format = picture.format;
  info.width = picture.width;
  info.height = picture.height;
  info.number = number_ = number_ + 1;
  info.stamps.arrived_at = picture.first_at;
  info.stamps.whole_at = picture.whole_at;
  info.clock_known = false;
  ++put_;
  sink_.begin(unit);
  sink_.strip(unit, {picture.owner, picture.bytes, 0});
  sink_.end(unit);
}

}  // namespace glimt::pipeline

#include "hub/picture_fit.hpp"

#include <algorithm>
#include <cmath>

#include "base/log.hpp"

namespace glimt::hub {
namespace {

const media::UnitInfo* unit_info(const source::Picture& picture) {
  const auto* unit = std::get_if<Ref<media::AccessUnit>>(&picture);
  return unit ? &(*unit)->info : nullptr;
}

}  // namespace

// The quality that stands there when nobody asked for one is no reason to decode what a camera encoded.
Fit fit_of(const Encoding& encoding) {
  const Encoding usual;
  const bool jpeg = encoding.codec.value_or(Codec::jpeg) == Codec::jpeg;
  return {encoding.size, encoding.fps,
          jpeg && (encoding.quality != usual.quality || encoding.chroma != usual.chroma)};
}

bool wants_pixels(const Encoding& encoding) {
  return fit_of(encoding).pixels || encoding.size || encoding.codec.value_or(Codec::jpeg) != Codec::jpeg;
}

std::pair<int, int> size_within(int width, int height, std::pair<int, int> most) {
  const double shrink =
      std::min(static_cast<double>(most.first) / width, static_cast<double>(most.second) / height);
  if (shrink >= 1) return {width, height};
  const auto side = [&](int s) { return std::max(1, static_cast<int>(std::lround(s * shrink))); };
  return {side(width), side(height)};
}

const media::Stamps& stamps_of(const source::Picture& picture) {
  const auto* info = unit_info(picture);
  return info ? info->stamps : std::get<media::Frame>(picture).stamps;
}

std::pair<int, int> size_of(const source::Picture& picture) {
  if (const auto* info = unit_info(picture)) return {info->width, info->height};
  const auto& frame = std::get<media::Frame>(picture);
  return {frame.width, frame.height};
}

std::optional<source::Picture> PictureFit::apply(source::Picture picture, const Fit& fit) {
  rate_.set(fit.fps);
  if (!rate_.stays(stamps_of(picture).captured_at)) return std::nullopt;
  const auto [width, height] = size_of(picture);
  const auto size = fit.size ? size_within(width, height, *fit.size) : std::pair{width, height};
  const bool fits = size == std::pair{width, height};
  if (unit_info(picture)) {
    if (fits && !fit.pixels) return picture;
    auto decoded = decode(*std::get<Ref<media::AccessUnit>>(picture));
    if (!decoded) return std::nullopt;
    picture = std::move(*decoded);
  }
  if (fits) return picture;
  return scaler_.scale(std::move(std::get<media::Frame>(picture)), size.first, size.second);
}

std::optional<media::Frame> PictureFit::decode(const media::AccessUnit& unit) {
  auto frame = decoder_.decode(unit);
  if (frame) return std::move(*frame);
  if (frame.error().message != complaint_) log::warning("{}", complaint_ = frame.error().message);
  return std::nullopt;
}

}  // namespace glimt::hub

#include "filter/faces.hpp"

#include "base/log.hpp"
#include "base/module.hpp"
#include "media/draw_boxes.hpp"

namespace glimt::filter {
namespace {

constexpr int kRestPerLook = 3;
constexpr Duration kConfirmedFor = std::chrono::seconds(1);

Result<std::unique_ptr<FaceDetector>> open_detector(const FaceDetectorOptions& options) {
  using Open = decltype(&open_face_detector);
  const auto address = open_module("objdetect", "glimt_open_face_detector");
  if (!address) return address.error();
  return (*reinterpret_cast<Open*>(*address))(options);
}

Result<FaceDetectorOptions> parse_options(const Url& url) {
  if (auto known = url.allow_only({"model", "cascade", "min_size"}); !known) return known.error();
  FaceDetectorOptions options;
  options.model = url.find("model").value_or(options.model);
  options.cascade = url.find("cascade").value_or(options.cascade);
  if (const auto text = url.find("min_size")) {
    const auto size = parse_integer(*text, 1, media::kMaxSide, "size in pixels");
    if (!size) return size.error();
    options.min_size = *size;
  }
  return options;
}

}  // namespace

Faces::Faces(std::unique_ptr<FaceDetector> detector, bool draws, DecodeUnit decode)
    : draws_(draws),
      decode_(std::move(decode)),
      detector_(std::move(detector)),
      thread_("glimt-detect", [this] { detect_loop(); }) {}

Faces::~Faces() {
  looks_.close();
  thread_.join();
}

media::Frame Faces::apply(media::Frame frame) {
  if (wants_a_look(frame.stamps.captured_at)) looks_.put({.frame = frame});
  const auto found = found_for(frame.width, frame.height, frame.stamps.captured_at);
  if (!found) return frame;
  if (!draws_) {
    frame.metadata = found->metadata;
    return frame;
  }
  if (!frame.may_write()) frame = media::clone(copies_, frame);
  media::draw_boxes(frame, found->boxes);
  return frame;
}

void Faces::annotate(media::AccessUnit& unit) {
  if (wants_a_look(unit.info.stamps.captured_at)) {
    auto copy = units_.take();  // others will write into the unit while this one is decoded
    copy->info = unit.info;
    copy->strips = unit.strips;
    looks_.put({.unit = std::move(copy)});
  }
  if (const auto found = found_for(unit.info.width, unit.info.height, unit.info.stamps.captured_at))
    unit.info.metadata = found->metadata;
}

std::shared_ptr<const Faces::Found> Faces::found_for(int width, int height, Instant captured_at) const {
  MutexLock lock(m_);
  const bool holds = found_ && !found_->boxes.empty() && found_->width == width && found_->height == height &&
                     captured_at <= found_->until;
  return holds ? found_ : nullptr;
}

void Faces::detect_loop() {
  yield_to_all_others();
  std::string complaint;
  while (true) {
    idle_ = true;
    auto look = looks_.take();
    if (!look || looks_.closed()) return;
    const Instant begun = now();
    auto found = look_at(std::move(*look));
    rested_at_ = now() + kRestPerLook * (now() - begun);
    if (!found && found.error().message != complaint) log::warning("{}", complaint = found.error().message);
    MutexLock lock(m_);
    found_ = found ? std::make_shared<const Found>(std::move(*found)) : nullptr;
  }
}

Result<media::Frame> Faces::pixels_of(Look look) {
  if (!look.unit) return converter_.convert(std::move(look.frame), detector_->format());
  auto frame = decode_(*look.unit, detector_->format());
  if (!frame) return frame;
  return converter_.convert(std::move(*frame), detector_->format());
}

Result<Faces::Found> Faces::look_at(Look look) {
  const Instant begun = now();
  auto frame = pixels_of(std::move(look));
  if (!frame) return frame.error();
  auto boxes = detector_->find(*frame);
  if (!boxes) return boxes.error();
  const Instant at = now();
  Found found{std::move(*boxes),
              {},
              frame->width,
              frame->height,
              at + std::max<Duration>(kConfirmedFor, 2 * (1 + kRestPerLook) * (at - begun))};
  found.metadata = serialize_boxes(found.boxes);
  return found;
}

Result<std::unique_ptr<FrameFilter>> open_faces(const Url& url, std::string_view what, DecodeUnit decode) {
  if (!what.empty() && what != "metadata") {
    return Error{ErrorKind::invalid_argument, "'" + url.text +
                                                  "': faces can be drawn (faces) or sent beside the picture "
                                                  "(faces:metadata), not '" +
                                                  std::string(what) + "'"};
  }
  const auto options = parse_options(url);
  if (!options) return options.error();
  auto detector = open_detector(*options);
  if (!detector) return detector.error();
  return std::unique_ptr<FrameFilter>(
      std::make_unique<Faces>(std::move(*detector), what.empty(), std::move(decode)));
}

}  // namespace glimt::filter

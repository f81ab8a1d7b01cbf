#include "glimt/boxes.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "media/frame.hpp"

namespace glimt {
namespace {

using Json = nlohmann::json;

constexpr int kMaxCoordinate = 65535;
constexpr int kMaxDepth = 3;  // the whole, its list, a box
constexpr std::string_view kBegin = R"({"boxes":[)", kEnd = "]}";

bool is_in_range(const Box& box) {
  const auto within = [](int value, int low) { return value >= low && value <= kMaxCoordinate; };
  return within(box.x, 0) && within(box.y, 0) && within(box.width, 1) && within(box.height, 1) &&
         box.label.size() <= kMaxBoxLabelBytes && box.score >= 0 && box.score <= 1;
}

std::string to_json(const Box& box) {
  const Json json{{"label", box.label},   {"x", box.x},
                  {"y", box.y},           {"width", box.width},
                  {"height", box.height}, {"score", std::round(box.score * 1000) / 1000}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Empty where it is no whole number within the bounds of a coordinate.
std::optional<int> integer_of(const Json& box, const char* name) {
  const auto found = box.find(name);
  if (found == box.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<uint64_t>();
  if (value > kMaxCoordinate) return std::nullopt;
  return static_cast<int>(value);
}

std::optional<Box> box_of(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto x = integer_of(json, "x"), y = integer_of(json, "y");
  const auto width = integer_of(json, "width"), height = integer_of(json, "height");
  const auto label = json.find("label"), score = json.find("score");
  if (!x || !y || !width || !height || label == json.end() || !label->is_string()) return std::nullopt;
  if (score != json.end() && !score->is_number()) return std::nullopt;
  Box box{label->get<std::string>(), *x, *y, *width, *height, score == json.end() ? 1 : score->get<double>()};
  if (!is_in_range(box)) return std::nullopt;
  return box;
}

}  // namespace

std::vector<uint8_t> serialize_boxes(const std::vector<Box>& boxes) {
  std::string text(kBegin);
  size_t count = 0;
  for (const auto& box : boxes) {
    if (!is_in_range(box)) continue;
    const std::string json = to_json(box);
    if (count == kMaxBoxes || text.size() + json.size() + 1 + kEnd.size() > media::kMaxMetadataBytes) break;
    if (count++ > 0) text += ',';
    text += json;
  }
  text += kEnd;
  return {text.begin(), text.end()};
}

std::vector<Box> parse_boxes(std::span<const uint8_t> metadata) {
  if (metadata.empty() || metadata.front() != '{' || metadata.size() > media::kMaxMetadataBytes) return {};
  bool deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    return !(deep |= depth > kMaxDepth);
  };
  const Json json = Json::parse(metadata.begin(), metadata.end(), watch_depth, false);
  if (deep || !json.is_object() || !json.contains("boxes")) return {};
  const Json& list = json["boxes"];
  if (!list.is_array() || list.size() > kMaxBoxes) return {};
  std::vector<Box> boxes;
  boxes.reserve(list.size());
  for (const Json& item : list) {
    auto box = box_of(item);
    if (!box) return {};
    boxes.push_back(std::move(*box));
  }
  return boxes;
}

}  // namespace glimt

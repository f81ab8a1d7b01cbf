// FakeControl: what the test wants of the fake camera at this moment, read from the file NODE.control.
//
//   input    lines "name=value": formats=YUYV:640x480@30,MJPG:1920x1080@30/15
//            state=ok|stall|black|busy|metadata (no camera)|endless (formats, sizes, rates without end)
//            timestamp=driver|zero|realtime  delay_ms=50  pictures=FOLDER (of JPEGs for MJPG)  padding=BYTES
//   errors   what cannot be read is left at its default: the test sees that its camera does not behave
//   threads  thread-compatible
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace fake_camera {

struct Mode {
  uint32_t fourcc = 0;
  uint32_t width = 0, height = 0;
  std::vector<uint32_t> rates;  // frames per second, the camera's own first
};

inline uint32_t fourcc_of(const std::string& text) {
  uint32_t code = 0;
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t c = i < text.size() ? static_cast<uint8_t>(text[i]) : ' ';
    code |= c << (8 * i);
  }
  return code;
}

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

class Control {
 public:
  static Control read(const std::string& path) {
    Control control;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      const auto equals = line.find('=');
      if (equals != std::string::npos) control.values_[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return control;
  }

  std::string value(const std::string& name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  size_t number(const std::string& name) const { return std::stoul("0" + value(name, "")); }
  bool is(const std::string& state) const { return value("state", "ok") == state; }

  std::vector<Mode> modes() const {
    std::vector<Mode> modes;
    for (const auto& text : split(value("formats", "YUYV:640x480@30"), ',')) {
      const auto colon = text.find(':'), cross = text.find('x', colon), at = text.find('@');
      Mode mode{fourcc_of(text.substr(0, colon)), 0, 0, {}};
      mode.width = static_cast<uint32_t>(std::stoul(text.substr(colon + 1)));
      mode.height = static_cast<uint32_t>(std::stoul(text.substr(cross + 1)));
      for (const auto& rate : split(text.substr(at + 1), '/'))
        mode.rates.push_back(static_cast<uint32_t>(std::stoul(rate)));
      modes.push_back(mode);
    }
    return modes;
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace fake_camera

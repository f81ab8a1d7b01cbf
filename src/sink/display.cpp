#include "sink/display.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

namespace glimt::sink {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Through the library that the toolkit itself uses; true where that is not installed.
bool x11_answers() {
  void* xcb = dlopen("libxcb.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!xcb) return true;
  const auto connect = reinterpret_cast<void* (*)(const char*, int*)>(dlsym(xcb, "xcb_connect"));
  const auto has_error = reinterpret_cast<int (*)(void*)>(dlsym(xcb, "xcb_connection_has_error"));
  const auto disconnect = reinterpret_cast<void (*)(void*)>(dlsym(xcb, "xcb_disconnect"));
  if (!connect || !has_error || !disconnect) return true;
  void* connection = connect(nullptr, nullptr);
  const bool answers = has_error(connection) == 0;
  disconnect(connection);
  return answers;
}

// Its socket is there. Names are relative to XDG_RUNTIME_DIR, or absolute.
bool wayland_answers(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::is_socket(std::filesystem::path(variable("XDG_RUNTIME_DIR")) / name, ignored);
}

}  // namespace

Display find_display() {
  const std::string wayland = variable("WAYLAND_DISPLAY"), x11 = variable("DISPLAY");
  if (!wayland.empty() && (x11.empty() || wayland_answers(wayland)))
    return {Display::Kind::wayland, wayland, wayland_answers(wayland)};
  if (!x11.empty()) return {Display::Kind::x11, x11, x11_answers()};
  return {};
}

bool has_display() { return !variable("WAYLAND_DISPLAY").empty() || !variable("DISPLAY").empty(); }

}  // namespace glimt::sink

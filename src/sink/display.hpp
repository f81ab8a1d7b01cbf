// Display: what a window could open on, as DISPLAY and WAYLAND_DISPLAY name it.
//
//   output   which one is named, and whether it answers when it is asked
//   errors   none
//   threads  thread-safe; find_display() blocks while an X server on another machine is asked
#pragma once

#include <string>

namespace glimt::sink {

struct Display {
  enum class Kind { none, x11, wayland };
  Kind kind = Kind::none;
  std::string name;  // as the environment names it
  // False only where nobody answered. True also where nobody but the window's toolkit could tell.
  bool answers = false;
};

Display find_display();
// Whether one is named; asks nobody.
bool has_display();

}  // namespace glimt::sink

// Machine: what the kernel says of the machine this runs on.
//
//   output   facts; an empty text or nothing where the kernel does not say
//   errors   none
//   threads  thread-safe
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace glimt {

struct Machine {
  std::string host, kernel, cpu;
  unsigned cores = 1;                           // that this process may run on
  Duration clock_resolution{};                  // of now()
  std::string clock_source, clock_sources;      // "tsc"; "tsc hpet acpi_pm"
  std::optional<bool> wall_clock_synchronized;  // by an NTP client, as adjtimex knows it
};

// Processors that this process may run on.
unsigned usable_cores();
// From now on this process may open as many descriptors as its user can give it: of the usual 1024 callers leave none.
void allow_descriptors();
Machine describe_machine();
// "rpi4, Cortex-A72, 4 cores, Linux 6.1.0": one line for a measurement's label.
std::string to_string(const Machine& machine);

}  // namespace glimt

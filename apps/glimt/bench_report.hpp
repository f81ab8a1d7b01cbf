// BenchReport: a measured link in words, for people and for programs. docs/statistics.md is the schema.
#pragma once

#include <string>

#include "pipeline/link_measurement.hpp"

namespace glimt::command {

// What a measurement is called.
struct LinkLabel {
  std::string address;  // "udp://127.0.0.1:40123"
  std::string machine;  // where it was read
  std::string date;     // local time, "2026-11-21 13:50"
};

LinkLabel label_here(const std::string& address);  // of this machine, now

// The two end points, in words.
inline constexpr const char* kFrom = "the sender has painted the picture and burnt number and time into it";
inline constexpr const char* kTo = "this program holds the decoded picture and has read both from its pixels";

// "1280x720 over udp://127.0.0.1:40123, n = 300"
std::string title_of(const pipeline::LinkMeasurement& m, const LinkLabel& label);
// "clocks: one machine, one clock; bound 0 ms"
std::string clock_of(const pipeline::LinkMeasurement& m);

// Lines of at most 80 columns, but for a long address or machine.
std::string report_text(const pipeline::LinkMeasurement& m, const LinkLabel& label);
std::string to_json(const pipeline::LinkMeasurement& m, const LinkLabel& label);

}  // namespace glimt::command

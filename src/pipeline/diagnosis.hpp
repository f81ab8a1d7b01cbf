// Diagnosis: what this machine can do for Glimt, each shortcoming with its cure.
//
//   input    what each layer says of itself: cameras, display, sockets, codecs, modules, clock, processor
//   output   findings, in the order in which people read them; each group has at least one
//   errors   none: a shortcoming is a finding
//   threads  thread-safe; diagnose() opens every module and takes up to a second
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/machine.hpp"
#include "encode/h264_capabilities.hpp"
#include "encode/jpeg_capabilities.hpp"
#include "sink/display.hpp"
#include "source/video_device.hpp"
#include "transport/capabilities.hpp"

namespace glimt::pipeline {

struct Finding {
  enum class Level {
    ok,
    note,     // works, but not as well as it might; or is not there and need not be
    problem,  // something that was asked for will not work
  };
  using Fact = std::variant<bool, int64_t, double, std::string, std::vector<std::string>>;

  std::string group;  // "sockets"
  std::string name;   // "receive_buffer": with the group unique, but for one finding a camera
  Level level = Level::ok;
  std::string text;                                      // one line for people
  std::string cure;                                      // one line for people; there with every problem
  std::vector<std::pair<std::string, Fact>> facts = {};  // for programs
};

std::string_view to_string(Finding::Level level);

std::vector<Finding> diagnose();

// The judgement of each layer's facts.
std::vector<Finding> judge_cameras(const std::vector<source::VideoDevice>& devices);
Finding judge_display(const sink::Display& display);
std::vector<Finding> judge_sockets(const transport::SocketCapabilities& can);
std::vector<Finding> judge_codecs(const encode::JpegCapabilities& jpeg);
Finding judge_h264(const Result<std::vector<encode::H264Encoder>>& tried);
Finding judge_module(const std::string& name, const std::string& use, const Result<void>& opened);
std::vector<Finding> judge_machine(const Machine& machine);

}  // namespace glimt::pipeline

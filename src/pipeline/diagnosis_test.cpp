#include "pipeline/diagnosis.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace glimt::pipeline {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Level = Finding::Level;
using State = source::VideoDevice::State;

const Finding& named(const std::vector<Finding>& findings, const std::string& name) {
  const auto found =
      std::find_if(findings.begin(), findings.end(), [&](const auto& f) { return f.name == name; });
  EXPECT_NE(found, findings.end()) << name;
  return *found;
}

transport::SocketCapabilities good_sockets() {
  return {.udp = true,
          .receive_buffer_bytes = transport::kWantedBufferBytes,
          .send_buffer_bytes = transport::kWantedBufferBytes,
          .gso = true,
          .gro = true,
          .ipv6 = true,
          .descriptors = 1024,
          .most_descriptors = 4096};
}

source::VideoDevice webcam(State state) {
  source::VideoDevice device;
  device.path = "/dev/video2";
  device.card = "Webcam";
  device.driver = "uvcvideo";
  device.formats = {{"MJPG", "Motion-JPEG", {{640, 480, {60, 30}}, {1920, 1080, {30, 15}}}},
                    {"YUYV", "", {{640, 480, {}}}}};
  device.state = state;
  if (state != State::usable) device.trouble = Error{ErrorKind::unavailable, "the cure"};
  return device;
}

TEST(Diagnosis, GoodSocketsNeedNoCure) {
  for (const auto& f : judge_sockets(good_sockets())) {
    EXPECT_EQ(f.level, Level::ok) << f.text;
    EXPECT_THAT(f.cure, IsEmpty());
  }
}

TEST(Diagnosis, ASmallReceiveBufferIsANoteAndOneBelowTheKernelsOwnAProblem) {
  auto can = good_sockets();
  for (const auto& [bytes, level] : {std::pair{4 << 20, Level::ok}, std::pair{(4 << 20) - 1, Level::note},
                                     std::pair{212992, Level::note}, std::pair{212991, Level::problem}}) {
    can.receive_buffer_bytes = bytes;
    const auto findings = judge_sockets(can);
    const auto& f = named(findings, "receive_buffer");
    EXPECT_EQ(f.level, level) << bytes;
    EXPECT_EQ(f.cure.empty(), level == Level::ok);
    const std::string setting = level == Level::ok ? "" : "sysctl -w net.core.rmem_max=4194304";
    EXPECT_THAT(f.cure, HasSubstr(setting));
  }
}

TEST(Diagnosis, TheSendBufferHasASettingOfItsOwn) {
  auto can = good_sockets();
  can.send_buffer_bytes = 212992;
  const auto findings = judge_sockets(can);
  EXPECT_THAT(named(findings, "send_buffer").cure, HasSubstr("net.core.wmem_max="));
}

TEST(Diagnosis, WhatTheKernelLacksIsANoteWithItsCure) {
  auto can = good_sockets();
  can.gso = can.gro = can.ipv6 = false;
  const auto findings = judge_sockets(can);
  for (const auto* name : {"gso", "gro", "ipv6"}) {
    EXPECT_EQ(named(findings, name).level, Level::note);
    EXPECT_THAT(named(findings, name).cure, Not(IsEmpty()));
  }
}

TEST(Diagnosis, FewDescriptorsAreANoteAndVeryFewAProblem) {
  auto can = good_sockets();
  for (const auto& [limit, level] :
       {std::pair{532u, Level::ok}, std::pair{531u, Level::note}, std::pair{64u, Level::note},
        std::pair{63u, Level::problem}, std::pair{5u, Level::problem}}) {
    can.descriptors = limit;
    const auto findings = judge_sockets(can);
    EXPECT_EQ(named(findings, "descriptors").level, level) << limit;
  }
  EXPECT_THAT(named(judge_sockets(can), "descriptors").cure, HasSubstr("ulimit -n 4096"));
  can.most_descriptors = can.descriptors;
  EXPECT_THAT(named(judge_sockets(can), "descriptors").cure, HasSubstr("hard limit"));
}

TEST(Diagnosis, WithoutUdpNothingElseIsSaidOfIt) {
  const auto findings = judge_sockets({.udp = false, .descriptors = 1024});
  EXPECT_EQ(findings.size(), 2u);
  EXPECT_EQ(named(findings, "udp").level, Level::problem);
  EXPECT_THAT(named(findings, "udp").cure, Not(IsEmpty()));
}

TEST(Diagnosis, NoCameraAndNoDisplayAreNotes) {
  EXPECT_EQ(judge_cameras({}).at(0).level, Level::note);
  EXPECT_EQ(judge_display({}).level, Level::note);
}

TEST(Diagnosis, ADisplayThatDoesNotAnswerIsAProblem) {
  for (const auto kind : {sink::Display::Kind::x11, sink::Display::Kind::wayland}) {
    EXPECT_EQ(judge_display({kind, "somewhere", true}).level, Level::ok);
    const auto f = judge_display({kind, "somewhere", false});
    EXPECT_EQ(f.level, Level::problem);
    EXPECT_THAT(f.text, HasSubstr("somewhere"));
    EXPECT_THAT(f.cure, Not(IsEmpty()));
  }
}

TEST(Diagnosis, ACameraIsNamedWithItsLargestPictures) {
  const auto f = judge_cameras({webcam(State::usable)}).at(0);
  EXPECT_EQ(f.level, Level::ok);
  EXPECT_EQ(f.text, "/dev/video2: Webcam (uvcvideo): MJPG up to 1920x1080 at 30 fps, YUYV up to 640x480");
  const std::vector<std::string> formats{"MJPG 640x480 60 30", "MJPG 1920x1080 30 15", "YUYV 640x480"};
  EXPECT_EQ(f.facts.back(), std::pair(std::string("formats"), Finding::Fact(formats)));
}

TEST(Diagnosis, ABusyCameraIsANoteAForbiddenOneAProblem) {
  for (const auto& [state, level] :
       {std::pair{State::busy, Level::note}, std::pair{State::gone, Level::note},
        std::pair{State::forbidden, Level::problem}, std::pair{State::broken, Level::problem}}) {
    const auto f = judge_cameras({webcam(state)}).at(0);
    EXPECT_EQ(f.level, level);
    EXPECT_EQ(f.cure, "the cure");
  }
}

TEST(Diagnosis, JpegWantsTurboAndItsVectorInstructions) {
  encode::JpegCapabilities jpeg{true, "2.1.5", false, std::chrono::milliseconds(3)};
  EXPECT_EQ(judge_codecs(jpeg).at(0).level, Level::ok);
  jpeg.simd_off = true;
  EXPECT_EQ(judge_codecs(jpeg).at(0).level, Level::note);
  jpeg.turbo = false;
  EXPECT_EQ(judge_codecs(jpeg).at(0).level, Level::problem);
  EXPECT_THAT(judge_codecs(jpeg).at(0).cure, HasSubstr("apt install"));
}

TEST(Diagnosis, AModuleThatDoesNotOpenSaysWhatBringsIt) {
  EXPECT_EQ(judge_module("highgui", "windows", {}).level, Level::ok);
  const auto f = judge_module("highgui", "windows", Error{ErrorKind::unavailable, "install it"});
  EXPECT_EQ(f.level, Level::problem);
  EXPECT_EQ(f.cure, "install it");
}

TEST(Diagnosis, ASlowClockSourceIsANote) {
  Machine machine;
  machine.cores = 2;
  machine.clock_resolution = Duration(1);
  machine.clock_source = "tsc";
  machine.wall_clock_synchronized = true;
  for (const auto& f : judge_machine(machine)) EXPECT_EQ(f.level, Level::ok) << f.text;
  machine.clock_source = "hpet";
  machine.clock_sources = "tsc hpet";
  machine.wall_clock_synchronized = false;
  machine.cores = 1;
  for (const auto& f : judge_machine(machine)) {
    EXPECT_EQ(f.level, Level::note) << f.text;
    EXPECT_THAT(f.cure, Not(IsEmpty()));
  }
}

TEST(Diagnosis, OfThisMachineSpeaksOfEveryGroupAndCuresEveryProblem) {
  std::set<std::string> groups;
  for (const auto& f : diagnose()) {
    groups.insert(f.group);
    EXPECT_THAT(f.text, Not(IsEmpty()));
    EXPECT_EQ(f.text.find('\n'), std::string::npos);
    EXPECT_TRUE(f.level != Level::problem || !f.cure.empty()) << f.text;
  }
  EXPECT_EQ(groups, (std::set<std::string>{"cameras", "displays", "sockets", "codecs", "modules", "clock",
                                           "processor"}));
}

TEST(DiagnosisTest, H264NeedsOneEncoderThatWorks) {
  using Encoders = std::vector<encode::H264Encoder>;
  auto f = judge_h264(Encoders{{"libx264", ""}, {"h264_nvenc", "h264_nvenc: no card"}});
  EXPECT_EQ(f.level, Level::ok);
  EXPECT_EQ(f.text, "h264: encoded by libx264; not here: h264_nvenc");
  EXPECT_EQ(std::get<std::vector<std::string>>(f.facts[1].second).front(), "h264_nvenc: no card");
  f = judge_h264(Encoders{{"libx264", "libx264: not there"}});
  EXPECT_EQ(f.level, Level::note);
  EXPECT_THAT(f.cure, HasSubstr("install libavcodec with libx264"));
  f = judge_h264(Error{ErrorKind::unavailable, "this needs libavcodec"});
  EXPECT_EQ(f.level, Level::note);
  EXPECT_EQ(f.cure, "this needs libavcodec");
}

}  // namespace
}  // namespace glimt::pipeline

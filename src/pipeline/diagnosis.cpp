#include "pipeline/diagnosis.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "base/module.hpp"

namespace glimt::pipeline {
namespace {

using Level = Finding::Level;

constexpr int kKernelsOwnBufferBytes = 212992;  // what Linux allows where nobody changed it
constexpr uint64_t kOwnDescriptors =
    32;  // libraries, sockets and threads of a process that serves nobody yet
constexpr uint64_t kFewReceivers = 32;
constexpr uint64_t kManyReceivers = 500;

// "MJPG up to 1920x1080 at 30 fps"
std::string summary_of(const source::VideoFormat& format) {
  const auto area = [](const auto& s) { return int64_t{s.width} * s.height; };
  const auto largest = std::max_element(format.sizes.begin(), format.sizes.end(),
                                        [&](const auto& a, const auto& b) { return area(a) < area(b); });
  if (largest == format.sizes.end()) return format.fourcc;
  std::string text = fmt::format("{} up to {}x{}", format.fourcc, largest->width, largest->height);
  return largest->rates.empty() ? text : text + fmt::format(" at {:g} fps", largest->rates.front());
}

std::vector<std::string> lines_of(const std::vector<source::VideoFormat>& formats) {
  std::vector<std::string> lines;
  for (const auto& format : formats) {
    for (const auto& size : format.sizes) {
      std::string line = fmt::format("{} {}x{}", format.fourcc, size.width, size.height);
      for (const double rate : size.rates) line += fmt::format(" {:g}", rate);
      lines.push_back(line);
    }
  }
  return lines;
}

struct StateWords {
  Level level;
  std::string_view code, text;
};

StateWords words_of(source::VideoDevice::State state) {
  using State = source::VideoDevice::State;
  switch (state) {
    case State::usable:
      return {Level::ok, "usable", ""};
    case State::busy:
      return {Level::note, "busy", "in use by another program"};
    case State::gone:
      return {Level::note, "gone", "has been pulled out"};
    case State::no_camera:
      return {Level::note, "no_camera", "takes no pictures"};
    case State::forbidden:
      return {Level::problem, "forbidden", "this user may not open it"};
    case State::broken:
      break;
  }
  return {Level::problem, "broken", "its driver does not answer as it should"};
}

Finding judge_camera(const source::VideoDevice& d) {
  const auto words = words_of(d.state);
  std::string text = d.path;
  if (!d.card.empty()) text += fmt::format(": {} ({})", d.card, d.driver);
  if (!words.text.empty()) text += fmt::format("; {}", words.text);
  std::string separator = ": ";
  for (const auto& format : d.formats) {
    text += separator + summary_of(format);
    separator = ", ";
  }
  return {"cameras",
          "camera",
          words.level,
          text,
          d.trouble ? d.trouble->message : "",
          {{"path", d.path},
           {"state", std::string(words.code)},
           {"card", d.card},
           {"driver", d.driver},
           {"formats", lines_of(d.formats)}}};
}

Finding judge_buffer(const char* direction, const char* setting, int granted) {
  const int wanted = transport::kWantedBufferBytes;
  Finding f{"sockets", fmt::format("{}_buffer", direction),
            Level::ok, "",
            "",        {{"asked_bytes", int64_t{wanted}}, {"granted_bytes", int64_t{granted}}}};
  f.text = fmt::format("UDP {} buffer: asked {} KB, granted {} KB", direction, wanted / 1024, granted / 1024);
  if (granted >= wanted) return f;
  f.level = granted < kKernelsOwnBufferBytes ? Level::problem : Level::note;
  f.text += "; a burst of large frames may run it over";
  f.cure = fmt::format(
      "sudo sysctl -w net.core.{0}={1}; to keep it: echo net.core.{0}={1} | sudo tee -a "
      "/etc/sysctl.d/60-glimt.conf",
      setting, wanted);
  return f;
}

Finding judge_switch(const char* name, bool on, const std::string& works, const std::string& lacks,
                     const std::string& cure) {
  return {"sockets", name, on ? Level::ok : Level::note, on ? works : lacks, on ? "" : cure, {{"works", on}}};
}

Finding judge_descriptors(uint64_t now, uint64_t most) {
  const uint64_t room = now > kOwnDescriptors ? now - kOwnDescriptors : 0;
  Finding f{"sockets", "descriptors",
            Level::ok, "",
            "",        {{"limit", static_cast<int64_t>(now)}, {"raisable_to", static_cast<int64_t>(most)}}};
  f.text = fmt::format("{} open files allowed: room for {} receivers over TCP or Unix, any number over UDP",
                       now, room);
  if (room >= kManyReceivers) return f;
  f.level = room < kFewReceivers ? Level::problem : Level::note;
  f.cure =
      most > now
          ? fmt::format("ulimit -n {} in the shell that starts it, LimitNOFILE= in a systemd unit", most)
          : "raise the hard limit: nofile in /etc/security/limits.conf, or LimitNOFILE= in a systemd unit";
  return f;
}

Finding judge_clock_source(const Machine& m) {
  static constexpr std::array kSlow{"hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies"};
  const bool slow = std::find(kSlow.begin(), kSlow.end(), m.clock_source) != kSlow.end();
  const bool coarse = m.clock_resolution > std::chrono::microseconds(1);
  Finding f{"clock",
            "steady_clock",
            slow || coarse ? Level::note : Level::ok,
            "",
            "",
            {{"resolution_ns", static_cast<int64_t>(m.clock_resolution.count())},
             {"source", m.clock_source},
             {"sources", m.clock_sources}}};
  f.text = fmt::format("steady clock: source {}, resolution {} ns",
                       m.clock_source.empty() ? "unknown" : m.clock_source, m.clock_resolution.count());
  if (slow) {
    f.text += "; each reading is slow";
    f.cure = fmt::format(
        "choose a faster one of `{}`: echo NAME | sudo tee "
        "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        m.clock_sources);
  } else if (coarse) {
    f.cure = "use a kernel with CONFIG_HIGH_RES_TIMERS; until then stage times are no finer than this";
  }
  return f;
}

Finding judge_wall_clock(std::optional<bool> synchronized) {
  const bool good = synchronized.value_or(false);
  Finding f{"clock",
            "wall_clock",
            good ? Level::ok : Level::note,
            good ? "wall clock: synchronised"
                 : "wall clock: not known to be synchronised; only dates in logs and "
                   "recordings use it, latency does not",
            good ? "" : "sudo timedatectl set-ntp true, or start an NTP client such as chrony",
            {}};
  if (synchronized) f.facts.emplace_back("synchronized", good);
  return f;
}

}  // namespace

std::string_view to_string(Level level) {
  return level == Level::ok ? "ok" : level == Level::note ? "note" : "problem";
}

std::vector<Finding> judge_cameras(const std::vector<source::VideoDevice>& devices) {
  if (devices.empty()) {
    return {{"cameras", "none", Level::note, "no camera in /dev/video*",
             "plug one in (`sudo dmesg | tail` says whether the kernel knows it), hand it to the container "
             "with --device "
             "/dev/video0, or use test: or a file"}};
  }
  std::vector<Finding> findings;
  for (const auto& device : devices) findings.push_back(judge_camera(device));
  return findings;
}

Finding judge_display(const sink::Display& display) {
  using Kind = sink::Display::Kind;
  if (display.kind == Kind::none) {
    return {"displays", "none", Level::note, "no display: neither DISPLAY nor WAYLAND_DISPLAY is set",
            "set DISPLAY, log in with `ssh -X`, or receive to -, image:now.png or null:"};
  }
  const bool x11 = display.kind == Kind::x11;
  Finding f{"displays", x11 ? "x11" : "wayland",
            Level::ok,  "",
            "",         {{"name", display.name}, {"answers", display.answers}}};
  f.text = fmt::format("{} display {}", x11 ? "X11" : "Wayland", display.name);
  f.text += display.answers ? " answers" : " does not answer";
  if (display.answers) return f;
  f.level = Level::problem;
  f.cure = x11 ? "set DISPLAY to one that runs, give this user its rights (XAUTHORITY), or unset DISPLAY"
               : "set WAYLAND_DISPLAY and XDG_RUNTIME_DIR as in the session that shows the desktop, or unset "
                 "WAYLAND_DISPLAY";
  return f;
}

std::vector<Finding> judge_sockets(const transport::SocketCapabilities& can) {
  const auto descriptors = judge_descriptors(can.descriptors, can.most_descriptors);
  if (!can.udp) {
    return {
        {"sockets", "udp", Level::problem, "no UDP datagram passes loopback",
         "bring loopback up (sudo ip link set lo up), allow sockets in this sandbox, or raise `ulimit -n`"},
        descriptors};
  }
  return {
      judge_buffer("receive", "rmem_max", can.receive_buffer_bytes),
      judge_buffer("send", "wmem_max", can.send_buffer_bytes),
      judge_switch(
          "gso", can.gso, "UDP segmentation offload on send (GSO) works",
          "no UDP segmentation offload on send (GSO): each packet costs a trip of its own through the kernel",
          "run Linux 4.18 or newer, and outside of sandboxes that emulate the network"),
      judge_switch("gro", can.gro, "UDP offload on receipt (GRO) works",
                   "no UDP offload on receipt (GRO): each packet is read by itself",
                   "run Linux 5.0 or newer, and outside of sandboxes that emulate the network"),
      judge_switch("ipv6", can.ipv6, "IPv6 works",
                   "no IPv6: addresses such as udp://[::1]:5000 cannot be used",
                   "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0, or use IPv4 addresses"),
      descriptors};
}

std::vector<Finding> judge_codecs(const encode::JpegCapabilities& jpeg) {
  const double ms = to_ms(jpeg.encode_720p);
  Finding f{"codecs",
            "jpeg",
            Level::ok,
            "",
            "",
            {{"turbo", jpeg.turbo},
             {"version", jpeg.version},
             {"simd_forbidden", jpeg.simd_off},
             {"encode_720p_ms", ms}}};
  f.text = fmt::format("jpeg: libjpeg-turbo {}, 1280x720 encoded in {:.1f} ms on one core", jpeg.version, ms);
  if (!jpeg.turbo || ms <= 0) {
    f.level = Level::problem;
    f.text = "jpeg: the libjpeg that is loaded is not libjpeg-turbo, or does not encode";
    f.cure = "sudo apt install libjpeg62-turbo, and take other libjpegs out of LD_LIBRARY_PATH";
  } else if (jpeg.simd_off) {
    f.level = Level::note;
    f.text += "; JSIMD_FORCENONE keeps it from vector instructions";
    f.cure = "unset JSIMD_FORCENONE";
  }
  return {f, {"codecs", "raw", Level::ok, "raw: always there; 1280x720 at 30 fps takes 664 Mbit/s", ""}};
}

// One that works is enough; why the others do not stands in the facts.
Finding judge_h264(const Result<std::vector<encode::H264Encoder>>& tried) {
  if (!tried)
    return {"codecs", "h264_encoders", Level::note, "h264: neither sent nor received", tried.error().message};
  std::vector<std::string> work, others;
  std::string names, lacking;
  for (const auto& encoder : *tried) {
    const bool works = encoder.trouble.empty();
    (works ? work : others).push_back(works ? encoder.name : encoder.trouble);
    auto& list = works ? names : lacking;
    list += (list.empty() ? "" : ", ") + encoder.name;
  }
  Finding f{"codecs",  "h264_encoders",
            Level::ok, "h264: encoded by " + names,
            "",        {{"encoders", work}, {"others", others}}};
  if (!lacking.empty()) f.text += "; not here: " + lacking;
  if (!work.empty()) return f;
  f.level = Level::note;
  f.text = "h264: received, not sent: no encoder works";
  f.cure = "install libavcodec with libx264, or send with codec=jpeg";
  return f;
}

Finding judge_module(const std::string& name, const std::string& use, const Result<void>& opened) {
  const bool opens = opened.has_value();
  return {"modules",
          name,
          opens ? Level::ok : Level::problem,
          fmt::format("glimt_{}{}: {}", name, opens ? "" : " does not open", use),
          opens ? "" : opened.error().message,
          {{"opens", opens}}};
}

std::vector<Finding> judge_machine(const Machine& m) {
  const bool one = m.cores < 2;
  return {judge_clock_source(m),
          judge_wall_clock(m.wall_clock_synchronized),
          {"processor",
           "cores",
           one ? Level::note : Level::ok,
           fmt::format("{} core{}{}{}", m.cores, one ? "" : "s", m.cpu.empty() ? "" : ", ", m.cpu),
           one ? "give this process a second core (taskset, --cpus): encoding and the network then do not "
                 "wait for each other"
               : "",
           {{"cores", static_cast<int64_t>(m.cores)}, {"cpu", m.cpu}, {"kernel", m.kernel}}}};
}

std::vector<Finding> diagnose() {
  struct Module {
    const char *name, *use;
  };
  static constexpr std::array kModules{Module{"videoio", "cameras, video files and network streams"},
                                       Module{"imgcodecs", "image files"},
                                       Module{"highgui", "windows"},
                                       Module{"objdetect", "the filter faces"},
                                       Module{"libav", "recordings"},
                                       Module{"h264", "H.264, sent and received"}};
  std::vector<Finding> all = judge_cameras(source::list_video_devices());
  const auto append = [&](std::vector<Finding> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  append({judge_display(sink::find_display())});
  append(judge_sockets(transport::try_sockets()));
  append(judge_codecs(encode::try_jpeg()));
  append({judge_h264(encode::try_h264())});
  for (const auto& module : kModules)
    append({judge_module(module.name, module.use, try_module(module.name))});
  append(judge_machine(describe_machine()));
  return all;
}

}  // namespace glimt::pipeline

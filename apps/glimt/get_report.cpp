#include "get_report.hpp"

#include <algorithm>
#include <cstdio>

#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {

std::string clock_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::max(seconds, 0.0));
  const uint64_t h = whole / 3600, m = whole / 60 % 60, s = whole % 60;
  return h > 0 ? fmt::format("{}:{:02}:{:02}", h, m, s) : fmt::format("{}:{:02}", m, s);
}

std::string size_text(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

void print_list(const std::vector<wire::ArchiveEntry>& entries) {
  size_t widest = 4;
  for (const auto& e : entries) widest = std::max(widest, e.name.size());
  for (const auto& e : entries) {
    std::string line = fmt::format("{:<5}  {:<{}}  {:>5}x{:<5}  {:>9}", to_string(e.kind), e.name, widest,
                                   e.width, e.height, size_text(e.file_bytes));
    if (e.kind == wire::ArchiveKind::clip && e.millihertz > 0) {
      const double fps = e.millihertz / 1000.0;
      line += fmt::format("  {:>7}  {:g} fps", clock_text(static_cast<double>(e.frames) / fps), fps);
    }
    std::printf("%s\n", line.c_str());
  }
}

void GetBar::show(const archive::GetProgress& p) {
  last_ = p;
  if (now() < next_ && (p.size == 0 || p.done < p.size)) return;
  next_ = now() + std::chrono::milliseconds(100);
  constexpr size_t kWide = 30;
  std::string bar;
  if (p.size > 0) {
    const size_t full =
        static_cast<size_t>(std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.size)) * kWide);
    bar = " [" + std::string(full, '#') + std::string(kWide - full, '-') + "]";
  }
  if (p.of_bytes)
    return show_progress(fmt::format("{}{} {} of {}", p.name, bar, size_text(p.done), size_text(p.size)));
  const double fps = p.fps > 0 ? p.fps : 1;
  const auto at = [&](uint64_t pictures) { return clock_text(static_cast<double>(pictures) / fps); };
  const std::string time =
      p.fps > 0 ? at(p.done) + (p.size > 0 ? " of " + at(p.size) : "") : fmt::format("{} pictures", p.done);
  show_progress(fmt::format("{}{} {}  {}", p.name, bar, time, size_text(p.bytes)));
}

}  // namespace glimt::command

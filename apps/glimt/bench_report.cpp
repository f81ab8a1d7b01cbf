#include "bench_report.hpp"

#include <spdlog/fmt/fmt.h>

#include <ctime>

#include "base/machine.hpp"
#include "statistics_json.hpp"

namespace glimt::command {
namespace {

constexpr size_t kBins = 20, kBarColumns = 40;

// Full and partial blocks: eight steps a column.
std::string bar_of(uint64_t count, uint64_t most) {
  static constexpr std::array kParts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const uint64_t eighths = count == 0 ? 0 : std::max<uint64_t>(1, count * kBarColumns * 8 / most);
  std::string bar;
  for (uint64_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kParts[eighths % 8];
}

std::string histogram_of(const Samples& samples) {
  const Bins bins = samples.bins(kBins);
  const Percentiles p = samples.percentiles();
  std::string text;
  const auto row = [&](double low, const char* sign, uint64_t count, const std::string& marks) {
    text += fmt::format("{:>9.{}f} ms {} {} {}{}\n", low, bins.digits(), sign, bar_of(count, bins.highest()),
                        count, marks);
  };
  for (size_t i = 0; i < bins.counts.size(); ++i) {
    std::string marks;
    for (const auto& [name, ms] :
         {std::pair{"p50", p.p50_ms}, std::pair{"p95", p.p95_ms}, std::pair{"p99", p.p99_ms}}) {
      if (bins.bin_of(ms) == i) marks += (marks.empty() ? "  ◂ " : " ") + std::string(name);
    }
    row(bins.low_of(i), "│", bins.counts[i], marks);
  }
  if (bins.above > 0) row(bins.end_ms(), "┆", bins.above, " above, up to the max");
  return text;
}

std::string stage_line(std::string_view name, const Percentiles& p) {
  // Counted in columns: the arrow is one, and three bytes.
  return fmt::format("  {:<20}{:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9}\n", name, p.p50_ms, p.p95_ms,
                     p.p99_ms, p.max_ms, p.n);
}

std::string stages_of(const pipeline::LinkMeasurement& m) {
  const StageTimes& t = m.stats.interval;
  return fmt::format("  {:<20}{:>9} {:>9} {:>9} {:>9} {:>9}\n", "stage, ms", "p50", "p95", "p99", "max",
                     "n") +
         stage_line("captured→encoded", t.captured_encoded) + stage_line("encoded→sent", t.encoded_sent) +
         stage_line("sent→arrived", t.sent_arrived) + stage_line("arrived→whole", t.arrived_whole) +
         stage_line("whole→decoded", t.whole_decoded) + stage_line("captured→decoded", t.captured_decoded) +
         stage_line("painted→read", m.painted_read.percentiles());
}

}  // namespace

LinkLabel label_here(const std::string& address) {
  const std::time_t t = std::time(nullptr);
  std::tm local{};
  char date[32] = {};
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M", localtime_r(&t, &local));
  return {address, to_string(describe_machine()), date};
}

std::string title_of(const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  return fmt::format("{}x{} over {}, n = {}", m.width, m.height, label.address, m.painted_read.count());
}

std::string clock_of(const pipeline::LinkMeasurement& m) {
  const auto& clock = m.stats.clock;
  if (!clock.known) return "clocks: not compared yet; the way here counts as if it took no time";
  if (clock.bound_ms == 0) return "clocks: one machine, one clock; bound 0 ms";
  return fmt::format("clocks: the sender's is {:+.3f} ms off ours; bound +-{:.3f} ms on each figure",
                     clock.offset_ms, clock.bound_ms);
}

std::string report_text(const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  const auto& s = m.stats;
  std::string text = fmt::format("Latency, painted→read: {}\n  from  {}\n  to    {}\n  {}\n  {}; {}\n\n",
                                 title_of(m, label), kFrom, kTo, clock_of(m), label.machine, label.date);
  text += stages_of(m) + "\n" + histogram_of(m.painted_read) + "\n";
  text += fmt::format("  {:.1f} fps, {:.1f} Mbit/s in {:.1f} s after a first second that is left out\n",
                      m.fps(), m.mbit_per_s(), m.seconds);
  text += fmt::format("  frames: lost {}, late {}, dropped {}, refused {}, skipped by the sender {}\n",
                      s.lost, s.late, s.dropped, s.refused, s.skipped);
  return text + fmt::format("  time codes, first second too: {} held, {} wrong, {} missing\n",
                            m.codes.right(), m.codes.wrong(), m.codes.missing());
}

std::string to_json(const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  const auto& s = m.stats;
  const Bins bins = m.painted_read.bins(kBins);
  const Json json = {
      {"address", label.address},
      {"machine", label.machine},
      {"date", label.date},
      {"from", kFrom},
      {"to", kTo},
      {"width", m.width},
      {"height", m.height},
      {"warm_up_s", 1},
      {"seconds", rounded(m.seconds)},
      {"fps", rounded(m.fps())},
      {"mbit_per_s", rounded(m.mbit_per_s())},
      {"painted_read_ms", json_of(m.painted_read.percentiles())},
      {"bins_ms",
       {{"begin", bins.begin_ms}, {"width", bins.width_ms}, {"counts", bins.counts}, {"above", bins.above}}},
      {"stages_ms", json_of(s.interval)},
      {"time_codes", {{"held", m.codes.right()}, {"wrong", m.codes.wrong()}, {"missing", m.codes.missing()}}},
      {"clock", json_of(s.clock)},
      {"frames", s.frames},
      {"lost", s.lost},
      {"late", s.late},
      {"repeated", s.repeated},
      {"refused", s.refused},
      {"dropped", s.dropped},
      {"skipped", s.skipped},
      {"packets_lost", s.packets_lost},
      {"kernel_drops", s.kernel_drops}};
  return json.dump();
}

}  // namespace glimt::command

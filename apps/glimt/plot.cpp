#include "plot.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace glimt::command {
namespace {

using Anchor = Drawing::Anchor;

constexpr size_t kPlotBins = 60;
constexpr int kWidth = 900, kHeight = 480;
constexpr double kMargin = 28;
constexpr double kLetter = 0.68;  // the mean width of a letter, of its size
constexpr double kLeft = 64, kRight = 872, kTop = 128, kBottom = 356;
constexpr Color kInk{32, 36, 44}, kGrey{112, 118, 128}, kRule{228, 231, 236}, kBar{92, 142, 200},
    kAbove{170, 176, 186};

struct Mark {
  const char* name;
  double ms;
  Color color;
};
std::array<Mark, 3> marks_of(const Percentiles& p) {
  return {Mark{"p50", p.p50_ms, {22, 128, 84}}, Mark{"p95", p.p95_ms, {196, 118, 12}},
          Mark{"p99", p.p99_ms, {192, 44, 52}}};
}

// The least of 1, 2, 5, 10, … that cuts `whole` into at most `most` parts.
uint64_t round_step(uint64_t whole, uint64_t most) {
  for (uint64_t unit = 1;; unit *= 10) {
    for (const uint64_t step : {unit, 2 * unit, 5 * unit}) {
      if (whole <= step * most) return step;
    }
  }
}

// Draws into the frame between kLeft, kRight, kTop and kBottom; one place more than there are bins where some lie above.
class Plotter {
 public:
  explicit Plotter(const Samples& samples)
      : bins_(samples.bins(kPlotBins)),
        most_(bins_.highest()),
        step_((kRight - kLeft) / static_cast<double>(bins_.counts.size() + (bins_.above > 0 ? 3 : 0))),
        marks_(marks_of(samples.percentiles())) {}

  Drawing draw() {
    drawing_.width = kWidth;
    drawing_.height = kHeight;
    draw_counts();
    draw_bars();
    draw_times();
    for (size_t i = 0; i < marks_.size(); ++i) draw_mark(marks_[i], static_cast<double>(i));
    return std::move(drawing_);
  }

 private:
  double x_of(double ms) const { return kLeft + (ms - bins_.begin_ms) / bins_.width_ms * step_; }
  double height_of(uint64_t count) const {
    return static_cast<double>(count) / static_cast<double>(most_) * (kBottom - kTop);
  }
  void text(double x, double y, Anchor anchor, const Color& color, std::string words, bool bold = false) {
    drawing_.texts.push_back({x, y, 12, anchor, color, bold, std::move(words)});
  }

  void draw_counts() {
    const uint64_t step = round_step(most_, 6);
    for (uint64_t count = 0; count <= most_; count += step) {
      const double y = kBottom - height_of(count);
      drawing_.boxes.push_back({kLeft, y, kRight - kLeft, 1, kRule});
      text(kLeft - 8, y + 4, Anchor::end, kGrey, std::to_string(count));
    }
  }
  void draw_bars() {
    const double gap = step_ > 4 ? 1 : 0;
    for (size_t i = 0; i < bins_.counts.size(); ++i) {
      const double height = height_of(bins_.counts[i]);
      drawing_.boxes.push_back(
          {kLeft + step_ * static_cast<double>(i) + gap / 2, kBottom - height, step_ - gap, height, kBar});
    }
    if (bins_.above == 0) return;
    const double height = height_of(bins_.above);
    drawing_.boxes.push_back({kRight - 2 * step_, kBottom - height, 2 * step_, height, kAbove});
    text(kRight, kBottom - height - 6, Anchor::end, kGrey, fmt::format("{} above", bins_.above));
  }
  void draw_times() {
    const uint64_t every = round_step(bins_.counts.size(), 10);
    // From the first bin that begins at a multiple of that many widths.
    const auto begin = static_cast<uint64_t>(std::llround(std::max(0.0, bins_.begin_ms / bins_.width_ms)));
    for (size_t i = (every - begin % every) % every; i <= bins_.counts.size(); i += every) {
      const double ms = bins_.low_of(i);
      drawing_.boxes.push_back({x_of(ms), kBottom, 1, 5, kGrey});
      text(x_of(ms), kBottom + 20, Anchor::middle, kGrey, fmt::format("{:.{}f}", ms, bins_.digits()));
    }
    text((kLeft + kRight) / 2, kBottom + 38, Anchor::middle, kGrey,
         "ms from painted to read; bars count pictures");
  }
  // Each on a row of its own, so that labels stand clear of each other where the times do not.
  void draw_mark(const Mark& mark, double row) {
    const double x = x_of(mark.ms), y = kTop - 46 + 16 * row;
    drawing_.boxes.push_back({x - 0.75, y - 4, 1.5, kBottom - y + 4, mark.color});
    const bool left = x > kRight - 110;
    text(left ? x - 6 : x + 6, y + 4, left ? Anchor::end : Anchor::begin, mark.color,
         fmt::format("{} {:.2f} ms", mark.name, mark.ms), true);
  }

  const Bins bins_;
  const uint64_t most_;
  const double step_;
  const std::array<Mark, 3> marks_;
  Drawing drawing_;
};

}  // namespace

Drawing plot_of(const pipeline::LinkMeasurement& m, const LinkLabel& label) {
  Drawing d = Plotter(m.painted_read).draw();
  // A long address or machine makes its line smaller, so that it fits.
  const auto line = [&](double y, double size, const Color& color, bool bold, std::string words) {
    const double fits = (kWidth - 2 * kMargin) / (kLetter * static_cast<double>(words.size()));
    d.texts.push_back({kMargin, y, std::min(size, fits), Anchor::begin, color, bold, std::move(words)});
  };
  const auto p = m.painted_read.percentiles();
  line(36, 18, kInk, true, "Latency, painted to read: " + title_of(m, label));
  line(58, 12, kGrey, false,
       fmt::format("p50 {:.2f}   p95 {:.2f}   p99 {:.2f}   max {:.2f} ms   {:.1f} fps   {:.1f} Mbit/s   "
                   "lost {}   late {}   dropped {}",
                   p.p50_ms, p.p95_ms, p.p99_ms, p.max_ms, m.fps(), m.mbit_per_s(), m.stats.lost,
                   m.stats.late, m.stats.dropped));
  line(412, 12, kInk, false, std::string("from: ") + kFrom);
  line(428, 12, kInk, false, std::string("to: ") + kTo);
  line(444, 12, kInk, false, clock_of(m));
  line(464, 12, kGrey, false, label.machine + "; " + label.date);
  return d;
}

}  // namespace glimt::command

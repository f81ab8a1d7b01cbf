// Plot: a measured link as a histogram with its percentiles, to be drawn.
#pragma once

#include "bench_report.hpp"
#include "drawing.hpp"

namespace glimt::command {

Drawing plot_of(const pipeline::LinkMeasurement& m, const LinkLabel& label);

}  // namespace glimt::command

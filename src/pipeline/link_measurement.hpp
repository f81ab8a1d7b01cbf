// LinkMeasurement: the latency of one stream, by what is burnt into its pictures.
//
//   from     the sender's source has painted the picture and burnt number and time into it
//   to       this program holds the decoded picture and has read them
//
//   input    a receiver whose sender sends test:
//   output   the time between the two end points of each picture whose code held, exact; what the receiver has counted and timed
//            in the same span
//   errors   unavailable where no picture came in time, with the receiver's reason
//   threads  bound to its thread; blocks until it is done
//   memory   8 bytes a picture, Samples::kMost at most; then it ends
#pragma once

#include <functional>
#include <optional>

#include "base/samples.hpp"
#include "media/time_code.hpp"
#include "pipeline/receiver.hpp"

namespace glimt::pipeline {

struct LinkOptions {
  const std::atomic<bool>& stop;
  Duration first_within = std::chrono::seconds(5);  // the first picture; then the warm-up begins
  // Pictures of this time are checked but not measured: clocks are being compared, memory is being taken.
  Duration warm_up = std::chrono::seconds(1);
  Duration length = std::chrono::seconds(10);
  // Once a second: of what came since the last one.
  std::function<void(const Percentiles& painted_read)> tick;
};

struct LinkMeasurement {
  Samples painted_read;
  media::TimeCodeCheck codes;  // those of the warm-up too
  int width = 0, height = 0;   // of the last picture
  double seconds = 0;          // that were measured
  // Counters of that span alone; `interval` holds its stage times.
  SubscriberStats stats;

  double fps() const { return seconds > 0 ? static_cast<double>(stats.frames) / seconds : 0; }
  double mbit_per_s() const { return seconds > 0 ? static_cast<double>(stats.bytes) * 8e-6 / seconds : 0; }
  // Whether the figures hold: pictures were measured, and each said what its stream said.
  Result<void> verdict() const;
};

// Ends early, with what there is, when it is asked to stop.
Result<LinkMeasurement> measure_link(Receiver& receiver, const LinkOptions& options);

}  // namespace glimt::pipeline

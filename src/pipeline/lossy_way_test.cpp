// Both ends with an impaired way between them, in virtual time. bench/loss takes the full number of frames.
#include <gtest/gtest.h>

#include <cmath>

#include "feedback/parity_plan.hpp"
#include "support/virtual_stream.hpp"

namespace glimt::pipeline {
namespace {

using namespace std::chrono_literals;
using test::VirtualStream;

VirtualStream::Result run(VirtualStream::Options options, uint64_t frames) {
  return VirtualStream(std::move(options)).run(frames);
}

TEST(LossyWayTest, CleanWayHasNoParityNoRequestAndNoDelay) {
  for (const uint32_t symbols : {1u, 26u, 150u, 600u}) {
    auto r = run({.symbols = symbols}, 300);
    EXPECT_EQ(r.not_whole(), 0u);
    EXPECT_EQ(r.data, 300u * symbols);
    EXPECT_EQ(r.parity + r.repair + r.asked, 0u);
    EXPECT_EQ(r.added_at(1), 0ns);
  }
}

// What the closed form says of one block, m rows and so many rounds.
struct Expected {
  double fails = 0;                     // frames
  double repair = 0, repair_sigma = 0;  // rows a frame
};

// For a deficit of each size, what the rounds from here on leave and cost.
struct Rounds {
  std::vector<double> fails, rows, rows_squared;
};

Rounds before(const Rounds& next, bool last, const feedback::Channel& channel) {
  const auto most = static_cast<uint32_t>(next.fails.size() - 1);
  Rounds r{std::vector<double>(most + 1), std::vector<double>(most + 1), std::vector<double>(most + 1)};
  feedback::LossDistribution lost(channel);
  for (uint32_t q = 1; q <= most; ++q) {
    const uint32_t rows = std::min(128u, feedback::repair_rows(q, last));
    while (lost.packets() < rows) lost.add_packet();
    r.rows[q] = rows;
    r.rows_squared[q] = rows * rows;
    for (uint32_t left = 1; left <= q; ++left) {
      const double p = lost.lost(rows - q + left);
      r.fails[q] += p * next.fails[left];
      r.rows[q] += p * next.rows[left];
      r.rows_squared[q] += p * (2 * rows * next.rows[left] + next.rows_squared[left]);
    }
  }
  return r;
}

Expected closed_form(uint32_t k, uint32_t m, int rounds, const feedback::Channel& channel) {
  Rounds from{std::vector<double>(k + 1, 1), std::vector<double>(k + 1), std::vector<double>(k + 1)};
  for (int round = 0; round < rounds; ++round) from = before(from, round == 0, channel);
  feedback::LossDistribution lost(channel);
  while (lost.packets() < k + m) lost.add_packet();
  Expected e;
  double squared = 0;
  for (uint32_t q = 1; q <= k; ++q) {
    e.fails += lost.lost(m + q) * from.fails[q];
    e.repair += lost.lost(m + q) * from.rows[q];
    squared += lost.lost(m + q) * from.rows_squared[q];
  }
  e.repair_sigma = std::sqrt(std::max(0.0, squared - e.repair * e.repair));
  return e;
}

struct FormCell {
  uint32_t k, m;
  int rounds;
  double loss, burst;
};
void PrintTo(const FormCell& c, std::ostream* out) {
  *out << "k " << c.k << ", m " << c.m << ", rounds " << c.rounds << ", loss " << c.loss << ", burst "
       << c.burst;
}
class ClosedFormTest : public ::testing::TestWithParam<FormCell> {};

TEST_P(ClosedFormTest, HoldsWithinThreeSigma) {
  const auto& c = GetParam();
  VirtualStream::Options options;
  options.symbols = c.k;
  options.deadline = c.rounds * 20ms + (c.rounds > 0 ? 15ms : 5ms);
  options.fixed_parity = (c.m - 0.5) / c.k;
  options.restarts = true;
  options.way.loss = c.loss;
  options.way.burst = c.burst;
  constexpr double kFrames = 20'000;
  const auto r = run(options, static_cast<uint64_t>(kFrames));
  const auto e = closed_form(c.k, c.m, c.rounds, {c.loss, c.burst});
  const double sigma = std::sqrt(kFrames * e.fails * (1 - e.fails));
  EXPECT_NEAR(static_cast<double>(r.not_whole()), kFrames * e.fails, 3 * sigma + 1);
  EXPECT_EQ(r.parity, static_cast<uint64_t>(kFrames) * c.m);
  EXPECT_NEAR(static_cast<double>(r.repair) / kFrames, e.repair, 3 * e.repair_sigma / std::sqrt(kFrames));
}

INSTANTIATE_TEST_SUITE_P(Cells, ClosedFormTest,
                         ::testing::Values(FormCell{48, 5, 0, 0.05, 4}, FormCell{48, 5, 1, 0.05, 4},
                                           FormCell{48, 5, 2, 0.05, 4}, FormCell{100, 10, 0, 0.1, 1.0 / 0.9},
                                           FormCell{26, 2, 1, 0.1, 4}, FormCell{128, 8, 1, 0.05, 10}));

struct Goal {
  double loss, burst, overhead;
};
void PrintTo(const Goal& g, std::ostream* out) { *out << "loss " << g.loss << ", burst " << g.burst; }
class LossGoalTest : public ::testing::TestWithParam<Goal> {};

TEST_P(LossGoalTest, FramesAreWholeByTheirDeadlineWithinTheOverhead) {
  for (const uint32_t symbols : {26u, 48u, 150u, 600u}) {
    VirtualStream::Options options;
    options.symbols = symbols;
    options.way.loss = GetParam().loss;
    options.way.burst = GetParam().burst;
    const uint64_t frames = symbols > 100 ? 1500 : 4000;
    auto r = run(options, frames);
    EXPECT_LE(r.not_whole(), 4u) << symbols;
    EXPECT_LE(r.overhead(), GetParam().overhead * (symbols == 26 ? 2 : 1)) << symbols;
    EXPECT_EQ(r.added_at(0.5), 0ns) << symbols;
    EXPECT_LE(r.added_at(0.95), 25ms) << symbols;
    EXPECT_EQ(r.refused, 0u) << symbols;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, LossGoalTest,
                         ::testing::Values(Goal{0.01, 0, 0.06}, Goal{0.05, 0, 0.12}, Goal{0.10, 0, 0.22},
                                           Goal{0.01, 4, 0.06}, Goal{0.05, 4, 0.15}, Goal{0.10, 4, 0.25},
                                           Goal{0.05, 10, 0.20}));

TEST(LossyWayTest, ReorderingWithoutLossIsLearntAndCostsNothing) {
  VirtualStream::Options options;
  options.way.reordered = 0.05;
  options.way.reordered_by = 10ms;
  auto r = run(options, 2000);
  EXPECT_EQ(r.not_whole(), 0u);
  EXPECT_LE(r.asked, 3u) << "before the window has grown";
  EXPECT_LE(r.parity, 5 * 30 * 6u) << "what was learnt too late is forgotten after five seconds";
}

TEST(LossyWayTest, RepeatedDatagramsAreNotNew) {
  VirtualStream::Options options;
  options.way.repeated = 0.2;
  VirtualStream stream(options);
  const auto r = stream.run(500);
  EXPECT_EQ(r.not_whole(), 0u);
  EXPECT_EQ(r.asked, 0u);
  EXPECT_EQ(stream.receiver().counters().packets_repeated, stream.way().counters().repeated);
}

TEST(LossyWayTest, DamagedDatagramsAreErasures) {
  VirtualStream::Options options;
  options.way.damaged = 0.03;
  const auto r = run(options, 2000);
  EXPECT_EQ(r.not_whole(), 0u);
  EXPECT_GT(r.recovered, 1000u);
}

TEST(LossyWayTest, LostReportsAreSaidAgain) {
  for (const double burst : {0.0, 4.0, 10.0}) {
    VirtualStream::Options options;
    options.way.loss = options.back.loss = 0.05;
    options.way.burst = 4;
    options.back.burst = burst;
    const auto r = run(options, 4000);
    EXPECT_LE(r.not_whole(), burst > 4 ? 8u : 2u) << burst;  // ten reports take 15 ms
  }
}

TEST(LossyWayTest, EveryFrameComesWhateverIsLostWhereThereIsTime) {
  for (const double burst : {0.0, 4.0, 10.0}) {
    VirtualStream::Options options;
    options.deadline = 1s;
    options.way.loss = options.back.loss = 0.29;
    options.way.burst = options.back.burst = burst;
    EXPECT_EQ(run(options, 1500).not_whole(), 0u) << burst;
  }
}

TEST(LossyWayTest, FramesThatAreLostWholeComeBack) {
  VirtualStream::Options options;
  options.symbols = 4;
  options.way.loss = 0.05;
  options.way.burst = 10;
  const auto r = run(options, 4000);
  EXPECT_LE(r.not_whole(), 8u);
}

TEST(LossyWayTest, FirstFrameAfterAnOutageComesAtOnce) {
  for (const auto mode : {Mode::latest, Mode::every}) {
    VirtualStream::Options options;
    options.mode = mode;
    const Instant begin = Instant(1000s) + 2s;
    options.way.outages = options.back.outages = {{begin, begin + 300ms}};
    VirtualStream stream(options);
    stream.keep_times = true;
    stream.run(120);
    Instant first = Instant::max();
    for (const auto& [frame, at] : stream.whole_at) {
      if (at > begin + 300ms) first = std::min(first, at);
    }
    EXPECT_LE(first, begin + 300ms + 20ms + 34ms);
  }
}

TEST(LossyWayTest, ParityGoesWhenNothingIsLostAnyMore) {
  VirtualStream::Options options;
  options.way.outages = {{Instant(1000s) + 2s, Instant(1000s) + 2s + 1us}};  // a burst
  VirtualStream stream(options);
  const auto until_then = stream.run(300);  // ten seconds
  EXPECT_LE(until_then.not_whole(), 1u);
  const auto later = stream.run(300);
  EXPECT_EQ(later.parity, until_then.parity);
  EXPECT_EQ(later.repair, until_then.repair);
}

}  // namespace
}  // namespace glimt::pipeline

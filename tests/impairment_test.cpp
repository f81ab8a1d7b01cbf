// The impaired way itself, which everything said about loss is measured on.
#include "support/impairment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace glimt::test {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kMany = 200'000;

// Numbered datagrams, one every `every`; what comes out, by number, in order.
struct Arrival {
  uint32_t number;
  Instant at;
  bool operator==(const Arrival&) const = default;
};

class ImpairmentTest : public testing::Test {
 protected:
  static constexpr Instant kBegin{1000s};

  std::vector<Arrival> send(uint32_t count, Duration every = 100us, size_t bytes = 100) {
    std::vector<Arrival> arrivals;
    std::vector<uint8_t> datagram(bytes);
    for (uint32_t i = 0; i < count; ++i) {
      const Instant now = kBegin + every * i;
      take_until(now, arrivals);
      std::memcpy(datagram.data(), &i, sizeof i);
      way_->push(datagram, now);
    }
    take_until(Instant::max() - 1s, arrivals);
    return arrivals;
  }
  void open(Impairment::Options options) { way_.emplace(std::move(options)); }
  const Impairment::Counters& counted() const { return way_->counters(); }

  std::optional<Impairment> way_;

 private:
  void take_until(Instant end, std::vector<Arrival>& arrivals) {
    while (way_->next() <= end) {
      const Instant at = way_->next();
      way_->pop(at, [&](Bytes datagram) {
        uint32_t number = 0;
        std::memcpy(&number, datagram.data(), sizeof number);
        arrivals.push_back({number, at});
      });
    }
  }
};

// Lengths of the gaps in the numbers that came.
std::vector<uint32_t> gaps_of(const std::vector<Arrival>& arrivals, uint32_t sent) {
  std::vector<uint32_t> gaps;
  uint32_t next = 0;
  for (const auto& a : arrivals) {
    if (a.number > next) gaps.push_back(a.number - next);
    next = a.number + 1;
  }
  if (next < sent) gaps.push_back(sent - next);
  return gaps;
}

// Standard deviation of a count of `n` draws.
double sigma_of(double share, double n) { return std::sqrt(n * share * (1 - share)); }

TEST_F(ImpairmentTest, CleanWayHandsOverEachDatagramWhenItWasSent) {
  open({});
  const auto arrivals = send(3);
  EXPECT_EQ(arrivals, (std::vector<Arrival>{{0, kBegin}, {1, kBegin + 100us}, {2, kBegin + 200us}}));
}

TEST_F(ImpairmentTest, RandomLossIsTheShareAndDrawsAreIndependent) {
  for (const double loss : {0.01, 0.05, 0.1, 0.3}) {
    SCOPED_TRACE(loss);
    open({.loss = loss});
    const auto gaps = gaps_of(send(kMany), kMany);
    EXPECT_NEAR(static_cast<double>(counted().lost), kMany * loss, 3 * sigma_of(loss, kMany));
    EXPECT_EQ(counted().bursts, gaps.size());
    // Independent draws begin a gap wherever a lost one follows one that came.
    EXPECT_NEAR(static_cast<double>(gaps.size()), kMany * loss * (1 - loss), 3 * sigma_of(loss, kMany));
  }
}

struct Bursts {
  const char* name;
  double loss, burst;
};
void PrintTo(const Bursts& b, std::ostream* out) { *out << b.name; }

class BurstTest : public ImpairmentTest, public testing::WithParamInterface<Bursts> {};

TEST_P(BurstTest, LosesTheShareInRunsOfTheMeanLengthWithAGeometricTail) {
  const auto [name, loss, burst] = GetParam();
  open({.loss = loss, .burst = burst});
  const auto gaps = gaps_of(send(kMany), kMany);
  const auto n = static_cast<double>(gaps.size());
  uint64_t lost = 0;
  std::map<bool, double> longer;
  for (const uint32_t gap : gaps) {
    lost += gap;
    longer[gap > burst] += 1;
  }
  EXPECT_EQ(lost, counted().lost);
  EXPECT_EQ(gaps.size(), counted().bursts);
  // Runs are geometric: deviation of one is sqrt(burst * (burst - 1)); the share's own, with the memory of the channel.
  EXPECT_NEAR(static_cast<double>(lost) / n, burst, 3 * std::sqrt(burst * (burst - 1) / n));
  EXPECT_NEAR(static_cast<double>(lost), kMany * loss,
              3 * sigma_of(loss, kMany) * std::sqrt(2 * burst * (1 - loss) - 1));
  const double tail = std::pow(1 - 1 / burst, std::floor(burst));
  EXPECT_NEAR(longer[true], n * tail, 3 * sigma_of(tail, n));
}
INSTANTIATE_TEST_SUITE_P(Channels, BurstTest,
                         testing::Values(Bursts{"Fours1", .01, 4}, Bursts{"Fours5", .05, 4},
                                         Bursts{"Fours10", .1, 4}, Bursts{"Tens5", .05, 10},
                                         Bursts{"Twos30", .3, 2}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(ImpairmentTest, SameSeedDoesTheSameAndAnotherDoesNot) {
  const auto run = [&](uint64_t seed) {
    open({.seed = seed,
          .delay = 10ms,
          .jitter = 5ms,
          .loss = 0.05,
          .burst = 4,
          .repeated = 0.1,
          .reordered = 0.1});
    return send(2000);
  };
  const auto first = run(7);
  EXPECT_EQ(run(7), first);
  EXPECT_NE(run(8), first);
}

TEST_F(ImpairmentTest, RepeatedOnesComeTwiceAtTheSameTimeAndCountOnce) {
  open({.delay = 10ms, .jitter = 5ms, .repeated = 0.2});
  const auto arrivals = send(kMany);
  EXPECT_EQ(arrivals.size(), kMany + counted().repeated);
  EXPECT_NEAR(static_cast<double>(counted().repeated), kMany * 0.2, 3 * sigma_of(0.2, kMany));
  std::map<uint32_t, Instant> came;
  for (const auto& a : arrivals) EXPECT_EQ(came.emplace(a.number, a.at).first->second, a.at);
}

TEST_F(ImpairmentTest, JitterIsUniformAndKeepsTheOrder) {
  open({.delay = 10ms, .jitter = 4ms});
  const auto arrivals = send(kMany, 20ms);  // further apart than the jitter reaches
  ASSERT_EQ(arrivals.size(), kMany);
  double sum_ms = 0;
  for (uint32_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(arrivals[i].number, i);
    const Duration took = arrivals[i].at - (kBegin + 20ms * i);
    ASSERT_GE(took, 10ms);
    ASSERT_LT(took, 14ms);
    sum_ms += to_ms(took);
  }
  EXPECT_NEAR(sum_ms / kMany, 12, 3 * 4 / std::sqrt(12.0 * kMany));
  open({.jitter = 4ms});
  uint32_t next = 0;
  for (const auto& a : send(1000, 10us)) EXPECT_EQ(a.number, next++);
}

TEST_F(ImpairmentTest, ReorderedOnesAreHeldLongerAndOvertaken) {
  open({.delay = 10ms, .reordered = 0.05, .reordered_by = 3ms});
  uint64_t held = 0;
  for (const auto& a : send(kMany, 1ms)) {
    const Duration took = a.at - (kBegin + 1ms * a.number);
    ASSERT_TRUE(took == 10ms || took == 13ms) << to_ms(took);
    held += took == 13ms;
  }
  EXPECT_EQ(held, counted().reordered);
  EXPECT_NEAR(static_cast<double>(held), kMany * 0.05, 3 * sigma_of(0.05, kMany));
}

TEST_F(ImpairmentTest, RateSpacesDatagramsAndTheQueueDropsTheTail) {
  // 972 bytes and 28 of headers at 8 Mbit/s: 1 ms each; ten fit the queue.
  open({.rate_bps = 8e6, .queue_bytes = 10'000});
  const auto arrivals = send(15, 0ns, 972);
  ASSERT_EQ(arrivals.size(), 10u);
  EXPECT_EQ(counted().dropped, 5u);
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(arrivals[i], (Arrival{i, kBegin + 1ms * (i + 1)}));
}

TEST_F(ImpairmentTest, RateLetsThroughWhatItCanCarry) {
  open({.rate_bps = 8e6, .queue_bytes = 10'000});
  EXPECT_EQ(send(1000, 1ms, 972).size(), 1000u);
  EXPECT_EQ(counted().dropped, 0u);
}

TEST_F(ImpairmentTest, OutageLetsNothingThroughFromItsBeginToItsEnd) {
  open({.outages = {{kBegin + 1ms, kBegin + 2ms}}});
  const auto arrivals = send(30, 100us);
  EXPECT_EQ(counted().lost, 10u);
  EXPECT_EQ(gaps_of(arrivals, 30), std::vector<uint32_t>{10});
  EXPECT_EQ(arrivals[10].number, 20u);
}

TEST_F(ImpairmentTest, DamagedOnesComeWithOneByteChanged) {
  open({.damaged = 0.1});
  const std::vector<uint8_t> sent(100, 0x5A);
  uint64_t damaged = 0;
  for (uint32_t i = 0; i < kMany; ++i) {
    way_->push(sent, kBegin);
    way_->pop(kBegin, [&](Bytes datagram) {
      const auto changed = 100 - std::count(datagram.begin(), datagram.end(), 0x5A);
      ASSERT_LE(changed, 1);
      damaged += changed == 1;
    });
  }
  EXPECT_EQ(damaged, counted().damaged);
  EXPECT_NEAR(static_cast<double>(damaged), kMany * 0.1, 3 * sigma_of(0.1, kMany));
}

TEST_F(ImpairmentTest, DatagramLargerThanThePacketIsLostWithAnyOfItsFragments) {
  // Payload and 8 bytes of UDP in pieces of 1480: one piece up to 1472, two up to 2952, 45 of 65507.
  for (const auto& [bytes, fragments] :
       {std::pair(1472u, 1u), {1473u, 2u}, {2952u, 2u}, {2953u, 3u}, {65'507u, 45u}}) {
    SCOPED_TRACE(bytes);
    open({.loss = 0.01, .mtu = 1500});
    constexpr uint32_t kSent = 20'000;
    const auto arrivals = send(kSent, 100us, bytes);
    const double gone = 1 - std::pow(0.99, fragments);
    EXPECT_EQ(counted().fragments, uint64_t{kSent} * fragments);
    EXPECT_EQ(arrivals.size(), kSent - counted().lost);
    EXPECT_NEAR(static_cast<double>(counted().lost), kSent * gone, 3 * sigma_of(gone, kSent));
    EXPECT_NEAR(static_cast<double>(counted().fragments_lost), kSent * fragments * 0.01,
                3 * sigma_of(0.01, kSent * fragments));
  }
}

TEST_F(ImpairmentTest, FragmentsCarryHeadersThatTheRateCounts) {
  // 2952 bytes, 8 of UDP and two times 20 of IP: 3000 bytes, 3 ms at 8 Mbit/s.
  open({.rate_bps = 8e6, .mtu = 1500});
  EXPECT_EQ(send(1, 0ns, 2952), (std::vector<Arrival>{{0, kBegin + 3ms}}));
}

TEST_F(ImpairmentTest, RestartedChannelForgetsItsBurst) {
  open({.loss = 0.2, .burst = 1000});
  const std::vector<uint8_t> datagram(10);
  for (uint32_t i = 0; i < kMany; ++i) {
    way_->restart();
    way_->push(datagram, kBegin);
  }
  EXPECT_NEAR(static_cast<double>(counted().lost), kMany * 0.2, 3 * sigma_of(0.2, kMany));
}

}  // namespace
}  // namespace glimt::test

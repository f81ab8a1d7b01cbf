// What parity gives back, and what becomes of parity that cannot be true.
#include "support/chance.hpp"
#include "support/reassembly.hpp"

namespace glimt::test {
namespace {

using testing::IsEmpty;

class ReassemblerParityTest : public ReassemblyTest {
 protected:
  FramePackets& coded(uint32_t number, size_t bytes, uint8_t blocks = 1, bool says_k = true) {
    FramePackets::Options options;
    options.blocks = blocks;
    options.rows = 8;
    options.says_k = says_k;
    return frame(number, {bytes}, options);
  }
  void deliver_but(uint32_t number, const std::vector<size_t>& lost) {
    for (size_t i = 0; i < frames_.at(number).size(); ++i) {
      if (std::find(lost.begin(), lost.end(), i) == lost.end()) {
        deliver(number, {i});
      } else {
        lose(1);
      }
    }
  }
  void parity(uint32_t number, uint8_t block, uint8_t row) { push(frames_.at(number).parity(block, row, 8)); }
};

TEST_F(ReassemblerParityTest, LostPacketComesBackWithItsPlaceAndFlags) {
  const size_t size = coded(1, 500).size();
  for (size_t lost = 0; lost < size; ++lost) {
    const auto number = static_cast<uint32_t>(lost + 1);
    coded(number, 500);
    deliver_but(number, {lost});
    EXPECT_EQ(released(), Numbers{});
    parity(number, 0, 3);
    EXPECT_EQ(released(), Numbers{number});
  }
  EXPECT_EQ(counters().recovered, size);
  EXPECT_EQ(counters().refused, 0u);
}

TEST_F(ReassemblerParityTest, WholeFrameComesFromParityAlone) {
  const size_t k = coded(1, 400).size();
  ASSERT_LE(k, 8u);
  for (uint8_t row = 0; row < k; ++row) parity(1, 0, row);
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_EQ(output_.last_info.key, true);
}

TEST_F(ReassemblerParityTest, ParityMayComeBeforeData) {
  coded(1, 500);
  parity(1, 0, 0);
  parity(1, 0, 1);
  deliver_but(1, {2, 5});
  EXPECT_EQ(released(), Numbers{1});
  wait(100ms);
  EXPECT_THAT(deficits(), IsEmpty());
}

TEST_F(ReassemblerParityTest, EachBlockIsSolvedByItself) {
  coded(1, 1000, 3);
  deliver_but(1, {0, 1, 2, 5});  // one of block 0, one of 1, two of 2
  parity(1, 0, 7);
  parity(1, 1, 0);
  parity(1, 2, 2);
  EXPECT_EQ(released(), Numbers{});
  parity(1, 2, 6);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerParityTest, StripsAreHandedOnAsTheyComeBack) {
  FramePackets::Options options;
  options.says_k = true;
  options.rows = 8;
  frame(1, {200, 200, 30}, options);
  deliver_but(1, {1});
  events();
  parity(1, 0, 0);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerParityTest, RowsAreTakenWhereKOfDataWasNotKnownYet) {
  coded(1, 500, 1, false);
  deliver_but(1, {7});
  parity(1, 0, 5);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerParityTest, DataThatComesAfterItWasGivenBackIsARepetition) {
  coded(1, 500);
  coded(2, 500);
  deliver_but(1, {3, 4});
  parity(1, 0, 0);
  parity(1, 0, 0);
  EXPECT_EQ(counters().repeated, 1u);
  parity(1, 0, 1);
  deliver(1, {3});
  EXPECT_EQ(released(), Numbers{1});
  EXPECT_EQ(counters().lost, 0u);
}

TEST_F(ReassemblerParityTest, RandomLossComesBackWheneverThereIsEnough) {
  Chance random(3);
  for (uint32_t number = 1; number <= 200; ++number) {
    const auto blocks = static_cast<uint8_t>(1 + random() % 3);
    auto& f = coded(number, 64 * (1 + random() % 60), blocks, number % 2);
    std::vector<size_t> order(f.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    order.resize(order.size() - std::min(order.size() - 1, random() % 4));
    deliver(number, order);
    for (uint8_t row = 0; row < 4; ++row) {
      for (uint8_t block = 0; block < std::min<size_t>(blocks, f.size()); ++block) parity(number, block, row);
    }
    EXPECT_EQ(released(), Numbers{number});
  }
}

// A sender that is broken or hostile: its packets are in good order, its rows are not.
TEST_F(ReassemblerParityTest, RowsThatContradictTheirBlockAreRefused) {
  auto& f = coded(1, 500);
  deliver_but(1, {3});
  const auto refused = [&](auto bend) {
    auto p = f.parity(0, 0, 8);
    bend(p);
    const uint64_t before = counters().refused;
    push(p);
    return counters().refused - before == 1;
  };
  EXPECT_TRUE(refused([](auto& p) { --p.data.k; }));
  EXPECT_TRUE(refused([](auto& p) { ++p.data.k; }));
  EXPECT_TRUE(refused([](auto& p) { ++p.data.blocks; }));
  EXPECT_TRUE(refused([](auto& p) { ++p.data.strips; }));
  EXPECT_TRUE(refused([](auto& p) { ++p.data.captured_us; }));
  EXPECT_TRUE(refused([](auto& p) { p.data.block = 9; })) << "beyond the end of the frame";
  const std::vector<uint8_t> longer(200);
  EXPECT_TRUE(refused([&](auto& p) { p.symbol = longer; }));
  parity(1, 0, 0);
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerParityTest, RowsOfSomethingElseAreGivenUpAndTheFrameIsNot) {
  auto& f = coded(1, 500);
  deliver_but(1, {3});
  auto p = f.parity(0, 0, 8);
  std::vector<uint8_t> noise(p.symbol.begin(), p.symbol.end());
  noise[0] ^= 0x5A;  // the length that comes out cannot be
  p.symbol = noise;
  push(p);
  EXPECT_EQ(released(), Numbers{});
  EXPECT_EQ(counters().recovered, 0u);
  parity(1, 0, 1);
  EXPECT_EQ(released(), Numbers{}) << "a block with false rows takes none";
  deliver(1, {3});
  EXPECT_EQ(released(), Numbers{1});
}

TEST_F(ReassemblerParityTest, RowsBeyondTheLimitOfAFrameAreRefused) {
  auto p = coded(1, 500).parity(0, 0, 8);
  p.data.block = 250;
  p.data.blocks = 1;
  p.data.k = 128;
  push(p);
  EXPECT_EQ(counters().refused, 1u);
}

}  // namespace
}  // namespace glimt::test

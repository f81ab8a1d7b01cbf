// One cell of the table "loss": so many frames through an impaired way, in virtual time; one JSON line. Or the arithmetic of the
// code alone.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "measure.hpp"
#include "support/virtual_stream.hpp"
#include "wire/erasure_code.hpp"

namespace glimt {
namespace {

Duration from_ms(double value) { return Duration(static_cast<int64_t>(value * 1e6)); }

struct Cell {
  test::VirtualStream::Options stream;
  uint64_t frames = 1000;
};

using Setter = void (*)(Cell& cell, double value);
const std::map<std::string, Setter> kSetters{
    {"--frames", [](Cell& c, double v) { c.frames = static_cast<uint64_t>(v); }},
    {"--packets", [](Cell& c, double v) { c.stream.symbols = static_cast<uint32_t>(v); }},
    {"--fps", [](Cell& c, double v) { c.stream.fps = v; }},
    {"--rtt", [](Cell& c, double v) { c.stream.rtt = from_ms(v); }},
    {"--deadline", [](Cell& c, double v) { c.stream.deadline = from_ms(v); }},
    {"--loss", [](Cell& c, double v) { c.stream.way.loss = v; }},
    {"--burst", [](Cell& c, double v) { c.stream.way.burst = v; }},
    {"--back-loss", [](Cell& c, double v) { c.stream.back.loss = v; }},
    {"--back-burst", [](Cell& c, double v) { c.stream.back.burst = v; }},
    {"--seed", [](Cell& c, double v) { c.stream.way.seed = c.stream.back.seed = static_cast<uint64_t>(v); }}};

Cell parse(int argc, char** argv) {
  Cell cell;
  if (argc % 2 != 0) bench::give_up("each option has a value");
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    const auto setter = kSetters.find(name);
    if (name == "--mode" && (value == "latest" || value == "every"))
      cell.stream.mode = value == "latest" ? Mode::latest : Mode::every;
    else if (setter == kSetters.end())
      bench::give_up("unknown: " + name + " " + value);
    else
      setter->second(cell, std::stod(value));
  }
  return cell;
}

int run_cell(const Cell& cell) {
  const Instant begin = now();
  test::VirtualStream stream(cell.stream);
  auto r = stream.run(cell.frames);
  const double seconds = to_ms(now() - begin) / 1000;
  const auto& way = stream.way().counters();
  const auto count = [](const char* name, uint64_t value) {
    std::printf("\"%s\": %llu, ", name, static_cast<unsigned long long>(value));
  };
  const auto share = [](uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  std::printf("{");
  count("frames", r.frames), count("not_whole", r.not_whole()), count("asked", r.asked);
  count("recovered", r.recovered), count("lost_packets", r.lost_packets), count("refused", r.refused);
  std::printf(
      "\"overhead\": %.5f, \"parity\": %.5f, \"repair\": %.5f, \"p50_ms\": %.3f, \"p95_ms\": %.3f, "
      "\"p999_ms\": "
      "%.3f, \"loss\": %.5f, \"mean_burst\": %.3f, \"frames_a_second\": %.0f}\n",
      r.overhead(), share(r.parity, r.data), share(r.repair, r.data), to_ms(r.added_at(0.5)),
      to_ms(r.added_at(0.95)), to_ms(r.added_at(0.999)), share(way.lost, way.in), share(way.lost, way.bursts),
      static_cast<double>(r.frames) / seconds);
  return 0;
}

// CPU of a frame of 150 packets of 1152 bytes in two blocks with 15 rows each; as many packets erased as there are rows.
int run_code() {
  constexpr size_t kBytes = 1152, kData = 75, kRows = 15;
  std::vector<std::vector<uint8_t>> data(2 * kData, std::vector<uint8_t>(kBytes));
  test::Chance chance(1);
  for (auto& symbol : data) {
    for (auto& byte : symbol) byte = static_cast<uint8_t>(chance());
  }
  std::vector<std::vector<uint8_t>> rows(kRows, std::vector<uint8_t>(kBytes)), back = rows;
  std::vector<uint8_t> numbers(kRows), erased(kRows);
  std::vector<uint8_t*> sums(kRows), found(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    numbers[i] = static_cast<uint8_t>(i);
    erased[i] = static_cast<uint8_t>(i * 5);
    sums[i] = rows[i].data();
    found[i] = back[i].data();
  }
  constexpr int kFrames = 2000;
  double encode = 0, decode = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    for (size_t block = 0; block < 2; ++block) {
      for (auto& row : rows) std::memset(row.data(), 0, kBytes);
      const Instant begin = now();
      for (size_t j = 0; j < kData; ++j)
        wire::add_to_rows(data[block * kData + j], static_cast<uint8_t>(j), numbers, sums);
      const Instant encoded = now();
      for (size_t j = 0; j < kData; ++j) {
        if (j % 5 != 0) wire::add_to_rows(data[block * kData + j], static_cast<uint8_t>(j), numbers, sums);
      }
      for (auto& symbol : back) std::memset(symbol.data(), 0, kBytes);
      wire::solve_erased(erased, numbers, sums, kBytes, found);
      const Instant decoded = now();
      if (back[1] != data[block * kData + 5]) return 1;
      encode += to_ms(encoded - begin);
      decode += to_ms(decoded - encoded);
    }
  }
  std::printf("{\"encode_ms\": %.4f, \"decode_ms\": %.4f}\n", encode / kFrames, decode / kFrames);
  return 0;
}

}  // namespace
}  // namespace glimt

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "code") return glimt::run_code();
  if (argc > 1 && std::string(argv[1]) == "cell") return glimt::run_cell(glimt::parse(argc, argv));
  std::fprintf(stderr,
               "lossy_stream code | cell [--frames N] [--packets K] [--fps F] [--rtt MS] [--deadline MS] "
               "[--loss SHARE] "
               "[--burst N] [--back-loss SHARE] [--back-burst N] [--mode latest|every] [--seed N]\n");
  return 2;
}

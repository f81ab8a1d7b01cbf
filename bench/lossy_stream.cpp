// One cell of the table "loss": so many frames through an impaired way, in virtual time; one JSON line. Or the arithmetic of the
// code alone.
#include <cstdio>
#include <cstring>
#include <string>

#include "support/virtual_stream.hpp"
#include "wire/erasure_code.hpp"

namespace glimt {
namespace {

double ms(Duration d) { return to_ms(d); }

int run_cell(int argc, char** argv) {
  test::VirtualStream::Options options;
  uint64_t frames = 1000;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const double value = std::stod(argv[i + 1]);
    if (name == "--frames") frames = static_cast<uint64_t>(value);
    if (name == "--packets") options.symbols = static_cast<uint32_t>(value);
    if (name == "--fps") options.fps = value;
    if (name == "--loss") options.way.loss = value;
    if (name == "--burst") options.way.burst = value;
    if (name == "--back-loss") options.back.loss = value;
    if (name == "--seed") options.way.seed = options.back.seed = static_cast<uint64_t>(value);
  }
  test::VirtualStream stream(options);
  auto r = stream.run(frames);
  std::printf(
      "{\"frames\": %llu, \"not_whole\": %llu, \"overhead\": %.5f, \"parity\": %.5f, \"p50_ms\": %.3f, "
      "\"p95_ms\": "
      "%.3f, \"p999_ms\": %.3f, \"asked\": %llu, \"refused\": %llu}\n",
      static_cast<unsigned long long>(r.frames), static_cast<unsigned long long>(r.not_whole()), r.overhead(),
      static_cast<double>(r.parity) / static_cast<double>(r.data), ms(r.added_at(0.5)), ms(r.added_at(0.95)),
      ms(r.added_at(0.999)), static_cast<unsigned long long>(r.asked),
      static_cast<unsigned long long>(r.refused));
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
      encode += ms(encoded - begin);
      decode += ms(decoded - encoded);
    }
  }
  std::printf("{\"encode_ms\": %.4f, \"decode_ms\": %.4f}\n", encode / kFrames, decode / kFrames);
  return 0;
}

}  // namespace
}  // namespace glimt

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "code") return glimt::run_code();
  if (argc > 1 && std::string(argv[1]) == "cell") return glimt::run_cell(argc, argv);
  std::fprintf(stderr, "lossy_stream code | cell --frames N --packets K --fps F --loss P --burst L\n");
  return 2;
}

// What tests/interop/pickle_test.py asks of the reader and the writer of pickles.
//
//   pickle_probe read FILE...              a line a pickle: "array H W CHANNELS C|F HEX", "bytes HEX", "none" or "refused WHY"
//   pickle_probe write H W CHANNELS FILE   the pickle of the pixels in FILE, to standard output; also `bytes FILE`, `none`
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "wire/pickle.hpp"

namespace {

using glimt::Bytes;
using glimt::wire::Pickle;

std::vector<uint8_t> content_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void print_hex(Bytes bytes) {
  for (const uint8_t b : bytes) std::printf("%02x", b);
  std::printf("\n");
}

void read(const char* path) {
  const auto content = content_of(path);
  std::vector<uint8_t> decoded;
  const auto pickle = glimt::wire::parse_pickle(content, decoded);
  if (!pickle) {
    std::printf("refused %s\n", pickle.error().message.c_str());
  } else if (pickle->kind == Pickle::Kind::none) {
    std::printf("none\n");
  } else if (pickle->kind == Pickle::Kind::bytes) {
    std::printf("bytes ");
    print_hex(pickle->bytes);
  } else {
    std::printf("array %d %d %d %c ", pickle->height, pickle->width, pickle->channels,
                pickle->fortran ? 'F' : 'C');
    print_hex(pickle->bytes);
  }
}

void write(Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 2 ? argv[1] : "", what = argc > 2 ? argv[2] : "";
  if (verb == "read") {
    for (int i = 2; i < argc; ++i) read(argv[i]);
  } else if (verb == "write" && what == "none") {
    write(glimt::wire::pickle_none());
  } else if (verb == "write" && what == "bytes" && argc == 4) {
    write(glimt::wire::pickle_bytes(content_of(argv[3])));
  } else if (verb == "write" && argc == 6) {
    const auto frame =
        glimt::wire::make_pickle_frame(std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
    write(frame.head);
    write(content_of(argv[5]));
    write(frame.tail);
  } else {
    return 2;
  }
  return 0;
}

// The reader of pickles: no input crashes it; what it accepts is consistent and lies where it says; the same pickle
// written by us is read as the same.
#include <functional>
#include <vector>

#include "require.hpp"
#include "wire/pickle.hpp"

namespace glimt::wire {
namespace {

// Less is well defined across objects; < is not.
bool lies_in(Bytes part, Bytes whole) {
  const std::less_equal<const uint8_t*> at_most;
  return part.empty() || (at_most(whole.data(), part.data()) &&
                          at_most(part.data() + part.size(), whole.data() + whole.size()));
}

bool same(Bytes a, Bytes b) { return as_text(a) == as_text(b); }

void check_array(const Pickle& array) {
  GLIMT_REQUIRE(array.height > 0 && array.width > 0);
  GLIMT_REQUIRE(array.channels == 1 || array.channels == 3 || array.channels == 4);
  GLIMT_REQUIRE(array.bytes.size() == size_t(array.height) * size_t(array.width) * size_t(array.channels));
  const PickleFrame frame = make_pickle_frame(array.height, array.width, array.channels);
  std::vector<uint8_t> whole = frame.head;
  whole.insert(whole.end(), array.bytes.begin(), array.bytes.end());
  whole.insert(whole.end(), frame.tail.begin(), frame.tail.end());
  GLIMT_REQUIRE(whole.size() <= max_pickle_bytes(array.bytes.size()));
  std::vector<uint8_t> decoded;
  const auto again = parse_pickle(whole, decoded);
  GLIMT_REQUIRE(again && again->kind == Pickle::Kind::array && same(again->bytes, array.bytes));
  GLIMT_REQUIRE(again->height == array.height && again->width == array.width);
  GLIMT_REQUIRE(again->channels == array.channels && !again->fortran);
}

void fuzz(Bytes bytes) {
  std::vector<uint8_t> decoded;
  const auto pickle = parse_pickle(bytes, decoded);
  GLIMT_REQUIRE(decoded.size() <= bytes.size());
  if (!pickle) {
    GLIMT_REQUIRE(pickle.error().kind == ErrorKind::malformed);
    GLIMT_REQUIRE(!pickle.error().message.empty() && pickle.error().message.size() < 256);
    return;
  }
  GLIMT_REQUIRE(lies_in(pickle->bytes, bytes) || lies_in(pickle->bytes, decoded));
  if (pickle->kind == Pickle::Kind::array) check_array(*pickle);
  if (pickle->kind == Pickle::Kind::bytes) {
    const auto written = pickle_bytes(pickle->bytes);
    std::vector<uint8_t> unused;
    const auto again = parse_pickle(written, unused);
    GLIMT_REQUIRE(again && again->kind == Pickle::Kind::bytes && same(again->bytes, pickle->bytes));
  }
  if (pickle->kind == Pickle::Kind::none) GLIMT_REQUIRE(pickle->bytes.empty());
}

}  // namespace
}  // namespace glimt::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  glimt::wire::fuzz({data, size});
  return 0;
}

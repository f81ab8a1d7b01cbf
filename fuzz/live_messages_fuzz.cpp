// What a viewer says in its WebSocket: what is taken in comes back byte for byte when it is written, and has times that are a clock's.
#include <algorithm>

#include "require.hpp"
#include "web/live_messages.hpp"
#include "wire/descriptor.hpp"

namespace {

using glimt::web::Taken;

void check(const glimt::wire::Clock& clock, glimt::Bytes said) {
  for (const int64_t us : {clock.asked_us, clock.received_us, clock.answered_us})
    GLIMT_REQUIRE(glimt::wire::is_sane_time(us));
  std::vector<uint8_t> again;
  glimt::web::write_clock(clock, again);
  GLIMT_REQUIRE(again.size() <= said.size() && std::equal(again.begin(), again.end(), said.begin()));
}

void check(const Taken& taken, glimt::Bytes said) {
  GLIMT_REQUIRE(said.size() == 8);
  const uint32_t frame = taken.frame.value();
  for (size_t i = 0; i < 4; ++i) GLIMT_REQUIRE(said[4 + i] == static_cast<uint8_t>(frame >> (8 * i)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const glimt::Bytes said(data, size);
  const auto message = glimt::web::parse_viewer_message(said);
  if (message) std::visit([said](const auto& of) { check(of, said); }, *message);
  return 0;
}

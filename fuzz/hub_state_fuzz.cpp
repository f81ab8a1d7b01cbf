// A hub's state file: no bytes crash the reader, what it refuses is malformed and says why, what it accepts survives being
// written and read again.
#include "base/bytes.hpp"
#include "hub/state_file.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto changes = glimt::hub::parse_changes(glimt::as_text({data, size}));
  if (!changes) {
    GLIMT_REQUIRE(changes.error().kind == glimt::ErrorKind::malformed && !changes.error().message.empty());
    return 0;
  }
  const auto again = glimt::hub::parse_changes(glimt::hub::to_text(*changes));
  GLIMT_REQUIRE(again.has_value() && *again == *changes);
  return 0;
}

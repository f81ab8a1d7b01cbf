// hub.toml: no bytes crash the reader; what it accepts may be, what it refuses names file and line on one line.
#include <set>
#include <string>

#include "base/bytes.hpp"
#include "hub/config.hpp"
#include "require.hpp"

namespace {

void require_may_be(const glimt::hub::HubConfig& config) {
  size_t destinations = 0;
  std::set<std::string> names;
  for (const auto& stream : config.streams) {
    GLIMT_REQUIRE(glimt::hub::check(stream).has_value());
    GLIMT_REQUIRE(names.insert(stream.name).second);
    destinations += stream.destinations.size();
  }
  GLIMT_REQUIRE(config.streams.size() <= config.limits.streams);
  GLIMT_REQUIRE(destinations <= config.limits.destinations);
  const auto& control = config.control;
  const bool proves = !(control.view_token_file + control.steer_token_file + control.client_ca).empty();
  GLIMT_REQUIRE(control.tcp.empty() || (proves && !control.certificate.empty() && !control.key.empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = glimt::hub::parse_config(std::string(glimt::as_text({data, size})), "hub.toml");
  if (config) {
    require_may_be(*config);
    return 0;
  }
  const auto& error = config.error();
  GLIMT_REQUIRE(error.kind == glimt::ErrorKind::invalid_argument);
  GLIMT_REQUIRE(error.message.starts_with("hub.toml:") && error.message.find('\n') == std::string::npos);
  return 0;
}

// Addresses and the values of their options: what is accepted is within the bounds that the header states,
// what is refused says why.
#include <string>

#include "base/bytes.hpp"
#include "glimt/url.hpp"
#include "require.hpp"

namespace {

template <class T>
bool explained(const glimt::Result<T>& result) {
  return result.has_value() ||
         (result.error().kind == glimt::ErrorKind::invalid_argument && !result.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(glimt::as_text({data, size}));
  const auto url = glimt::Url::parse(text);
  GLIMT_REQUIRE(explained(url));
  if (url) {
    GLIMT_REQUIRE(url->text == text && !url->scheme.empty());
    const bool has_port = url->scheme == "udp" || url->scheme == "tcp";
    GLIMT_REQUIRE((url->port > 0) == has_port);
    for (const auto& [name, value] : url->options) GLIMT_REQUIRE(url->find(name).has_value());
    GLIMT_REQUIRE(url->allow_only({}).has_value() == url->options.empty());
  }
  const auto duration = glimt::parse_duration(text);
  GLIMT_REQUIRE(explained(duration));
  if (duration) GLIMT_REQUIRE(duration->count() >= 0);
  const auto bitrate = glimt::parse_bitrate(text);
  GLIMT_REQUIRE(explained(bitrate));
  if (bitrate) GLIMT_REQUIRE(*bitrate >= 0 && *bitrate < 1e25);
  const auto bytes = glimt::parse_bytes(text);
  GLIMT_REQUIRE(explained(bytes));
  if (bytes) GLIMT_REQUIRE(*bytes >= 1 && *bytes <= 1'000'000'000'000'000);
  const auto pixels = glimt::parse_size(text);
  GLIMT_REQUIRE(explained(pixels));
  if (pixels) GLIMT_REQUIRE(pixels->first > 0 && pixels->first <= 65535 && pixels->second > 0);
  const auto number = glimt::parse_integer(text, -5, 100, "number");
  GLIMT_REQUIRE(explained(number));
  if (number) GLIMT_REQUIRE(*number >= -5 && *number <= 100);
  return 0;
}

// What an HTTP request says of where it goes: of hostile bytes nothing but the name of a stream comes through.
#include <string>

#include "base/bytes.hpp"
#include "hub/settings.hpp"
#include "require.hpp"
#include "web/listen_address.hpp"
#include "web/metrics.hpp"
#include "web/router.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using glimt::web::Route;
  const std::string_view text = glimt::as_text({data, size});
  const auto route = glimt::web::route(text);
  const bool snapshot = route.page == Route::Page::snapshot;
  GLIMT_REQUIRE(snapshot == !route.name.empty());
  if (snapshot) {
    GLIMT_REQUIRE(glimt::hub::check_name(route.name, "stream").has_value());
    GLIMT_REQUIRE(glimt::web::route("/snapshot/" + route.name).name == route.name);
  }
  GLIMT_REQUIRE(!route.strict || route.page == Route::Page::health);
  GLIMT_REQUIRE(route.authority.empty() ||
                (route.authority.data() >= text.data() &&
                 route.authority.data() + route.authority.size() <= text.data() + text.size()));
  constexpr std::string_view kOfAnAddress = "0123456789abcdefABCDEFlLoOcChHsStT.:[]";
  if (glimt::web::is_own_host(text))
    GLIMT_REQUIRE(text.find_first_not_of(kOfAnAddress) == std::string_view::npos);
  const auto listen = glimt::web::parse_listen_address(text);
  if (!listen) GLIMT_REQUIRE(!listen.error().message.empty());
  const auto label = glimt::web::escape_label(text);
  GLIMT_REQUIRE(label.find('\n') == std::string::npos && label.size() >= text.size());
  return 0;
}

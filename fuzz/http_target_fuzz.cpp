// What an HTTP request says of where it goes: of hostile bytes nothing but the name of a stream comes through.
#include <string>

#include "base/bytes.hpp"
#include "hub/settings.hpp"
#include "require.hpp"
#include "web/listen_address.hpp"
#include "web/metrics.hpp"
#include "web/router.hpp"

namespace {

using glimt::web::Route;
using Page = glimt::web::Route::Page;

bool is_name(const std::string& text) { return glimt::hub::check_name(text, "stream").has_value(); }

// Whatever the page: nothing stands in a name that a stream may not be called.
void check_names(const Route& route) {
  const bool named = route.page == Page::snapshot || route.page == Page::live || route.page == Page::stream ||
                     route.page == Page::streams;
  GLIMT_REQUIRE(route.name.empty() || (named && is_name(route.name)));
  GLIMT_REQUIRE(!route.name.empty() || route.page != Page::live);
  GLIMT_REQUIRE(!route.destinations || (route.page == Page::streams && !route.name.empty()));
  GLIMT_REQUIRE(route.destination.empty() || (route.destinations && is_name(route.destination)));
}

// How this tree would ask for the same.
std::string target_of(const Route& route) {
  const std::string of = route.name.empty() ? "" : "/" + route.name;
  switch (route.page) {
    case Page::index:
      return "/";
    case Page::health:
      return route.strict ? "/health?strict" : "/health";
    case Page::metrics:
      return "/metrics";
    case Page::snapshot:
      return "/snapshot" + of;
    case Page::live:
      return "/live" + of + (route.jpeg ? "?codec=jpeg" : "");
    case Page::stream:
      return "/stream" + of;
    case Page::streams:
      return "/streams" + of + (route.destinations ? "/destinations" : "") +
             (route.destination.empty() ? "" : "/" + route.destination);
    case Page::unknown:
      return "";
  }
  return "";
}

bool is_same(const Route& a, const Route& b) {
  return a.page == b.page && a.name == b.name && a.destinations == b.destinations &&
         a.destination == b.destination && a.jpeg == b.jpeg && a.strict == b.strict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = glimt::as_text({data, size});
  const auto route = glimt::web::route(text);
  check_names(route);
  GLIMT_REQUIRE(!route.strict || route.page == Page::health);
  GLIMT_REQUIRE(!route.jpeg || route.page == Page::live);
  const auto again = glimt::web::route(target_of(route));
  GLIMT_REQUIRE(route.page == Page::unknown || is_same(again, route));
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

// Admission: which role somebody has who asks over HTTP, by where they ask from and by the token that they show: in the header
// Authorization, as ?token=, or in the cookie that this was turned into. The first of these decides alone.
//
//   input    what a request shows, hostile
//   output   the role; nothing where a token is wanted and none of the hub's was shown
//   threads  thread-safe
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "access/role.hpp"

namespace glimt::web {

struct Shown {
  bool own_user = false;  // asks from this machine, as the user whom the hub runs as, or as root
  std::string_view authorization = {};  // header
  std::string_view token = {};          // ?token=
  std::string_view cookies = {};        // header
};

class Admission {
 public:
  using RoleOfToken = std::function<std::optional<access::Role>(std::string_view)>;
  struct Options {
    RoleOfToken role_of_token =
        {};             // empty: there are no tokens; everybody may look, and only the own user steers
    uint16_t port = 0;  // a browser knows no cookies of a port: its number stands in the name
    bool https = false;
  };
  explicit Admission(Options options) : options_(std::move(options)) {}

  bool wants_tokens() const { return static_cast<bool>(options_.role_of_token); }
  bool is_token(std::string_view token) const { return wants_tokens() && options_.role_of_token(token); }
  std::optional<access::Role> role_of(const Shown& shown) const;
  // The value of Set-Cookie: no script reads it, no other site's page sends it.
  std::string cookie_of(std::string_view token) const;

 private:
  std::string cookie_name() const { return "glimt-" + std::to_string(options_.port); }

  const Options options_;
};

}  // namespace glimt::web

// Tokens: what those show who come from elsewhere, and which role each has.
//
//   input    token files, read once; what is shown
//   output   the role, or nothing: then it is no token of this hub
//   errors   open: a token that is none, or the same for both roles. No token stands in a message
//   threads  thread-safe once it is opened
//   memory   a digest a role
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "access/role.hpp"
#include "glimt/error.hpp"

namespace glimt::access {

class Tokens {
 public:
  // Empty: no token has that role.
  static Result<Tokens> open(const std::string& view_token_file, const std::string& steer_token_file);

  std::optional<Role> role_of(std::string_view shown) const;
  bool empty() const { return !view_ && !steer_; }

 private:
  using Digest =
      std::array<uint8_t, 32>;  // SHA-256: compared in the same time whatever is shown, and however long
  static Digest digest_of(std::string_view token);
  static bool same(const std::optional<Digest>& known, const Digest& shown);

  std::optional<Digest> view_, steer_;
};

}  // namespace glimt::access

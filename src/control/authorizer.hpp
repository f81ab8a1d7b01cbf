// Authorizer: who may do what over TCP. Whoever gets at the Unix socket may steer and is not asked.
//
//   input    token files, read once; of a call what it shows
//   output   nothing where it may
//   errors   open: a token that is none, or the same for both roles. check: unauthenticated, forbidden. No token stands in a message
//   threads  thread-safe once it is opened
//   memory   a digest a role
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/method.hpp"
#include "glimt/error.hpp"

namespace glimt::control {

struct Caller {
  bool certified = false;                       // with a certificate that the client CA signed; may steer
  std::vector<std::string_view> authorization;  // all metadata of that name
};

class Authorizer {
 public:
  // Empty: no token has that role.
  static Result<Authorizer> open(const std::string& view_token_file, const std::string& steer_token_file);

  Result<void> check(Role wants, const Caller& caller) const;
  bool has_tokens() const { return view_ || steer_; }

 private:
  using Digest =
      std::array<uint8_t, 32>;  // SHA-256: compared in the same time whatever is shown, and however long
  static Digest digest_of(std::string_view token);
  static bool same(const std::optional<Digest>& known, const Digest& shown);

  std::optional<Digest> view_, steer_;
};

}  // namespace glimt::control

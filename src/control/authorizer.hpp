// Authorizer: who may do what over TCP. Whoever gets at the Unix socket may steer and is not asked.
//
//   input    the hub's tokens; of a call what it shows
//   output   nothing where it may
//   errors   unauthenticated, forbidden. No token stands in a message
//   threads  thread-safe
#pragma once

#include <vector>

#include "access/tokens.hpp"

namespace glimt::control {

struct Caller {
  bool certified = false;                       // with a certificate that the client CA signed; may steer
  std::vector<std::string_view> authorization;  // all metadata of that name
};

class Authorizer {
 public:
  explicit Authorizer(access::Tokens tokens) : tokens_(tokens) {}

  Result<void> check(access::Role wants, const Caller& caller) const;

 private:
  const access::Tokens tokens_;
};

}  // namespace glimt::control

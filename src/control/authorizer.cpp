#include "control/authorizer.hpp"

#include "access/bearer.hpp"

namespace glimt::control {
namespace {

Error unauthenticated(std::string message) { return {ErrorKind::unauthenticated, std::move(message)}; }

}  // namespace

Result<void> Authorizer::check(access::Role wants, const Caller& caller) const {
  if (caller.certified) return {};
  if (caller.authorization.empty())
    return unauthenticated("no token; send it as metadata, authorization: Bearer TOKEN");
  if (caller.authorization.size() > 1) return unauthenticated("more than one authorization; send one");
  const auto shown = access::bearer_token(caller.authorization[0]);
  if (!shown) return unauthenticated("authorization of another kind; send Bearer TOKEN");
  const auto role = tokens_.role_of(*shown);
  if (!role) return unauthenticated("wrong token; use the one in the hub's token file");
  if (*role >= wants) return {};
  return Error{ErrorKind::forbidden, "the token's role is view, and this steers; use the steer token"};
}

}  // namespace glimt::control

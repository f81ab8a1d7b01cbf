#include "control/authorizer.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <strings.h>

#include "control/secret_file.hpp"

namespace glimt::control {
namespace {

constexpr std::string_view kScheme = "Bearer ";

Error unauthenticated(std::string message) { return {ErrorKind::unauthenticated, std::move(message)}; }

}  // namespace

Authorizer::Digest Authorizer::digest_of(std::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

bool Authorizer::same(const std::optional<Digest>& known, const Digest& shown) {
  return known && CRYPTO_memcmp(known->data(), shown.data(), shown.size()) == 0;
}

Result<Authorizer> Authorizer::open(const std::string& view_token_file, const std::string& steer_token_file) {
  Authorizer authorizer;
  const auto read = [](const std::string& path, std::optional<Digest>& digest) -> Result<void> {
    if (path.empty()) return {};
    const auto token = read_token(path);
    if (!token) return token.error();
    digest = digest_of(*token);
    return {};
  };
  if (auto view = read(view_token_file, authorizer.view_); !view) return view.error();
  if (auto steer = read(steer_token_file, authorizer.steer_); !steer) return steer.error();
  if (authorizer.view_ && authorizer.view_ == authorizer.steer_) {
    return Error{ErrorKind::invalid_argument,
                 "the tokens of view and steer are the same, so that whoever may view may steer; make two"};
  }
  return authorizer;
}

Result<void> Authorizer::check(Role wants, const Caller& caller) const {
  if (caller.certified) return {};
  if (caller.authorization.empty())
    return unauthenticated("no token; send it as metadata, authorization: Bearer TOKEN");
  if (caller.authorization.size() > 1) return unauthenticated("more than one authorization; send one");
  const std::string_view shown = caller.authorization[0];
  if (shown.size() <= kScheme.size() || strncasecmp(shown.data(), kScheme.data(), kScheme.size()) != 0)
    return unauthenticated("authorization of another kind; send Bearer TOKEN");
  const Digest digest = digest_of(shown.substr(kScheme.size()));
  const bool may_view = same(view_, digest), may_steer = same(steer_, digest);
  if (may_steer || (may_view && wants == Role::view)) return {};
  if (may_view)
    return Error{ErrorKind::forbidden, "the token's role is view, and this steers; use the steer token"};
  return unauthenticated("wrong token; use the one in the hub's token file");
}

}  // namespace glimt::control

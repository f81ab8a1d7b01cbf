#include "access/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "access/secret_file.hpp"

namespace glimt::access {

Tokens::Digest Tokens::digest_of(std::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

bool Tokens::same(const std::optional<Digest>& known, const Digest& shown) {
  return known && CRYPTO_memcmp(known->data(), shown.data(), shown.size()) == 0;
}

Result<Tokens> Tokens::open(const std::string& view_token_file, const std::string& steer_token_file) {
  Tokens tokens;
  const auto read = [](const std::string& path, std::optional<Digest>& digest) -> Result<void> {
    if (path.empty()) return {};
    const auto token = read_token(path);
    if (!token) return token.error();
    digest = digest_of(*token);
    return {};
  };
  if (auto view = read(view_token_file, tokens.view_); !view) return view.error();
  if (auto steer = read(steer_token_file, tokens.steer_); !steer) return steer.error();
  if (tokens.view_ && tokens.view_ == tokens.steer_) {
    return Error{ErrorKind::invalid_argument,
                 "the tokens of view and steer are the same, so that whoever may view may steer; make two"};
  }
  return tokens;
}

std::optional<Role> Tokens::role_of(std::string_view shown) const {
  const Digest digest = digest_of(shown);
  const bool may_view = same(view_, digest), may_steer = same(steer_, digest);
  if (may_steer) return Role::steer;
  if (may_view) return Role::view;
  return std::nullopt;
}

}  // namespace glimt::access

#include "access/x509.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "access/openssl_ptr.hpp"
#include "access/secret_file.hpp"
#include "base/log.hpp"

namespace glimt::access {
namespace {

Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate parse_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
}

// A key behind a password is refused: there is nobody to ask.
int no_password(char*, int, int, void*) { return 0; }

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

void warn_of_dates(const X509* certificate, const std::string& name) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    log::warning("certificate {} is over: callers refuse it; make a new one", name);
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    log::warning("certificate {} is not valid yet; check this machine's clock", name);
}

Result<void> check_pair(const std::string& certificate, const std::string& key, const std::string& name) {
  const auto parsed = parse_certificate(certificate);
  const Key parsed_key(PEM_read_bio_PrivateKey(reader_of(key).get(), nullptr, no_password, nullptr));
  const bool fits = parsed && parsed_key && X509_check_private_key(parsed.get(), parsed_key.get()) == 1;
  ERR_clear_error();
  if (!parsed)
    return invalid("certificate " + name + ": no certificate in PEM; make one with `glimt hub --make-cert`");
  if (!parsed_key) return invalid("the key of certificate " + name + " is no key in PEM without a password");
  if (!fits)
    return invalid("certificate " + name + " and its key do not belong together; name those made together");
  warn_of_dates(parsed.get(), name);
  return {};
}

}  // namespace

Result<Pair> read_pair(const std::string& certificate_file, const std::string& key_file) {
  auto certificate = read_file(certificate_file, "certificate");
  if (!certificate) return certificate.error();
  auto key = read_secret(key_file, "key");
  if (!key) return key.error();
  if (auto fits = check_pair(*certificate, *key, certificate_file); !fits) return fits.error();
  return Pair{std::move(*certificate), std::move(*key)};
}

Result<std::string> read_authority(const std::string& file) {
  auto text = read_file(file, "certificate");
  if (!text) return text;
  const bool is_one = parse_certificate(*text) != nullptr;
  ERR_clear_error();
  if (!is_one) return invalid(file + ": no certificate in PEM; name the file of the authority's certificate");
  return text;
}

}  // namespace glimt::access

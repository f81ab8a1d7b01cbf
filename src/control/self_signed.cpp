#include "control/self_signed.hpp"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "access/openssl_ptr.hpp"
#include "base/unique_fd.hpp"

namespace glimt::control {
namespace {

using access::Bio;
using access::Certificate;
using access::Key;
using access::Names;

Error trouble() {
  ERR_clear_error();
  return {ErrorKind::internal, "OpenSSL did not make the certificate"};
}

bool is_host_name(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '*'; };
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), plain);
}

Result<void> add_name(GENERAL_NAMES& names, const std::string& name) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  if (ASN1_OCTET_STRING* ip = a2i_IPADDRESS(name.c_str())) {
    GENERAL_NAME_set0_value(entry, GEN_IPADD, ip);
  } else if (is_host_name(name)) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  } else {
    GENERAL_NAME_free(entry);
    return Error{ErrorKind::invalid_argument,
                 "'" + name.substr(0, 100) + "' is no host name and no address; as in hub.example.org"};
  }
  sk_GENERAL_NAME_push(&names, entry);
  return {};
}

std::string own_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !is_host_name(name)) return "localhost";
  return name;
}

Result<void> add_names(X509* certificate, const std::vector<std::string>& more) {
  std::vector<std::string> all{own_name(), "localhost", "127.0.0.1", "::1"};
  all.insert(all.end(), more.begin(), more.end());
  const Names names(GENERAL_NAMES_new());
  std::vector<std::string> added;
  for (const std::string& name : all) {
    if (std::find(added.begin(), added.end(), name) != added.end()) continue;
    if (auto done = add_name(*names, name); !done) return done;
    added.push_back(name);
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1)
    return trouble();
  return {};
}

bool add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  const bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool add_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool added = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return added;
}

// A server's and, where callers show certificates, a caller's.
Result<Certificate> sign_own(EVP_PKEY* key, const CertificateOptions& options) {
  Certificate made(X509_new());
  X509* c = made.get();
  const std::string name =
      own_name().substr(0, 64);  // the most that X.509 takes here; the whole stands below
  const auto from = std::chrono::system_clock::to_time_t(options.from);
  const auto until = std::chrono::system_clock::to_time_t(options.from + options.valid_for);
  bool good = c && X509_set_version(c, 2) == 1 && add_serial(c) && X509_set_pubkey(c, key) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(c), from) && ASN1_TIME_set(X509_getm_notAfter(c), until);
  X509_NAME* subject = good ? X509_get_subject_name(c) : nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  good =
      subject && X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC, bytes, -1, -1, 0) == 1 &&
      X509_set_issuer_name(c, subject) == 1 && add_extension(c, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(c, NID_key_usage, "critical,digitalSignature") &&
      add_extension(c, NID_ext_key_usage, "serverAuth,clientAuth") &&
      add_extension(c, NID_subject_key_identifier, "hash");
  if (!good) return trouble();
  if (auto named = add_names(c, options.names); !named) return named.error();
  if (X509_sign(c, key, EVP_sha256()) == 0) return trouble();
  return made;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

Error disk_error(const std::string& path) {
  if (errno == EEXIST)
    return {ErrorKind::already_exists, path + " is there already; remove it, or name another folder"};
  return {ErrorKind::unavailable, path + ": " + std::strerror(errno) + "; name a folder that can be written"};
}

Result<void> write_new(const std::string& path, const std::string& text, mode_t mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return disk_error(path);
  if (write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return {};
  const Error error = disk_error(path);
  unlink(path.c_str());
  return error;
}

Result<void> write_both(const CertificateFiles& files, const std::string& certificate,
                        const std::string& key) {
  if (auto written = write_new(files.certificate, certificate, 0644); !written) return written;
  auto written = write_new(files.key, key, 0600);
  if (!written) unlink(files.certificate.c_str());
  return written;
}

}  // namespace

Result<CertificateFiles> make_self_signed(const CertificateOptions& options) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return trouble();
  const auto certificate = sign_own(key.get(), options);
  if (!certificate) return certificate.error();
  const Bio certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_text.get(), certificate->get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return trouble();
  std::error_code ignored;  // what is wrong with it, opening the files says
  const std::filesystem::path folder(options.folder.empty() ? "." : options.folder);
  if (std::filesystem::create_directories(folder, ignored))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  CertificateFiles files{(folder / "control.crt").string(), (folder / "control.key").string()};
  if (auto written = write_both(files, text_of(certificate_text.get()), text_of(key_text.get())); !written)
    return written.error();
  return files;
}

}  // namespace glimt::control

#include "control/grpc_tls.hpp"

#include "access/x509.hpp"

namespace glimt::control {
namespace {

Error invalid(std::string message) { return {ErrorKind::invalid_argument, std::move(message)}; }

}  // namespace

Result<void> check_tcp(const hub::ControlSettings& settings) {
  if (settings.certificate.empty() || settings.key.empty()) {
    return invalid("control over TCP (" + settings.tcp +
                   ") goes with TLS only: give certificate and key, as `glimt hub --make-cert` makes them");
  }
  if (settings.client_ca.empty() && settings.view_token_file.empty() && settings.steer_token_file.empty()) {
    return invalid("control over TCP (" + settings.tcp +
                   "): nothing says who may; give steer_token_file, view_token_file or client_ca");
  }
  return {};
}

Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const hub::ControlSettings& settings,
                                                                    Gate& gate) {
  const auto pair = access::read_pair(settings.certificate, settings.key);
  if (!pair) return pair.error();
  const bool tokens = !settings.view_token_file.empty() || !settings.steer_token_file.empty();
  const auto asks = settings.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                    : tokens                   ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                               : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  grpc::SslServerCredentialsOptions options(asks);
  options.pem_key_cert_pairs.push_back({pair->key, pair->certificate});
  if (!settings.client_ca.empty()) {
    const auto authority = access::read_authority(settings.client_ca);
    if (!authority) return authority.error();
    options.pem_root_certs = *authority;
  }
  auto credentials = grpc::SslServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<OtherServices>(gate));
  return credentials;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(const ClientOptions& options) {
  if (options.ca.empty())
    return invalid("control over TCP goes with TLS only: name the hub's certificate with --ca");
  if (options.certificate.empty() != options.key.empty())
    return invalid("a client's certificate and its key, both or neither");
  if (options.token_file.empty() && options.certificate.empty())
    return invalid("control over TCP wants a token (--token-file FILE) or a client certificate and its key");
  grpc::SslCredentialsOptions tls;
  const auto authority = access::read_authority(options.ca);
  if (!authority) return authority.error();
  tls.pem_root_certs = *authority;
  if (!options.certificate.empty()) {
    auto pair = access::read_pair(options.certificate, options.key);
    if (!pair) return pair.error();
    tls.pem_cert_chain = std::move(pair->certificate);
    tls.pem_private_key = std::move(pair->key);
  }
  return grpc::SslCredentials(tls);
}

}  // namespace glimt::control

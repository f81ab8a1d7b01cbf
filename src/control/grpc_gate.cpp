#include "control/grpc_gate.hpp"

#include "base/log.hpp"
#include "control/grpc_status.hpp"

namespace glimt::control {
namespace {

constexpr std::string_view kOwnMethods = "/glimt.control.v1.Control/";

std::string_view view_of(grpc::string_ref text) { return {text.data(), text.size()}; }

// gRPC has checked it against the client CA; where none is given it asks for no certificate.
bool is_certified(const grpc::AuthContext& context) {
  return !context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME).empty();
}

// The Unix socket is the only port without TLS.
bool is_unix_socket(const grpc::CallbackServerContext& context) {
  const auto type = context.auth_context()->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  const bool tls = type.size() == 1 && view_of(type[0]) == GRPC_SSL_TRANSPORT_SECURITY_TYPE;
  return !tls && context.peer().starts_with("unix");
}

template <class Metadata>
std::vector<std::string_view> authorization_of(const Metadata& metadata) {
  std::vector<std::string_view> all;
  const auto [begin, end] = metadata.equal_range("authorization");
  for (auto it = begin; it != end; ++it) all.push_back(view_of(it->second));
  return all;
}

}  // namespace

grpc::Status Gate::admit(Method method, const grpc::CallbackServerContext& context) {
  {
    MutexLock lock(m_);
    ++calls_;
  }
  if (!is_unix_socket(context)) {
    const Caller caller{is_certified(*context.auth_context()), authorization_of(context.client_metadata())};
    const auto allowed = authorizer_.check(right_of(method).wants, caller);
    if (!allowed) return refuse(method, context, allowed.error());
  }
  // After the right: who has none takes nothing from those who have.
  bool within = false;
  {
    MutexLock lock(m_);
    within = limit_.take(now());
  }
  if (within) return grpc::Status::OK;
  return refuse(method, context,
                {ErrorKind::exhausted, "more than " + std::to_string(calls_per_second_) +
                                           " calls a second; call less often, watch instead of asking, or "
                                           "raise calls_per_second in the hub's configuration"});
}

grpc::Status Gate::admit_other(const grpc::AuthMetadataProcessor::InputMetadata& metadata, bool certified) {
  const auto allowed = authorizer_.check(Role::view, {certified, authorization_of(metadata)});
  if (allowed) return grpc::Status::OK;
  return refuse("a caller over TLS", "another service", allowed.error());
}

grpc::Status Gate::refuse(Method method, const grpc::CallbackServerContext& context, const Error& error) {
  return refuse(context.peer(), right_of(method).name, error);
}

grpc::Status Gate::refuse(std::string_view peer, std::string_view method, const Error& error) {
  std::optional<std::string> line;
  {
    MutexLock lock(m_);
    line = refusals_.add(now(), peer, method, error.message);
  }
  if (line) log::warning("{}", *line);
  return to_status(error);
}

uint64_t Gate::calls() const {
  MutexLock lock(m_);
  return calls_;
}

uint64_t Gate::refused() const {
  MutexLock lock(m_);
  return refusals_.count();
}

grpc::Status OtherServices::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                    OutputMetadata*, OutputMetadata*) {
  const auto path = metadata.find(":path");
  if (path != metadata.end() && view_of(path->second).starts_with(kOwnMethods)) return grpc::Status::OK;
  return gate_.admit_other(metadata, is_certified(*context));
}

}  // namespace glimt::control

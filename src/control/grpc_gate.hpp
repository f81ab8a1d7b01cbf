// Gate: lets a call of the service in, or says why not; counts both.
//
//   errors   as a status with the cure: UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED
//   threads  thread-safe
#pragma once

#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/server_context.h>

#include "access/refusals.hpp"
#include "base/mutex.hpp"
#include "control/authorizer.hpp"
#include "control/method.hpp"
#include "control/rate_limit.hpp"

namespace glimt::control {

class Gate {
 public:
  Gate(Authorizer authorizer, int calls_per_second)
      : authorizer_(std::move(authorizer)), calls_per_second_(calls_per_second), limit_(calls_per_second) {}

  grpc::Status admit(Method method, const grpc::CallbackServerContext& context);
  // Of another service on the TLS port: health, reflection. Wants the role view.
  grpc::Status admit_other(const grpc::AuthMetadataProcessor::InputMetadata& metadata, bool certified);
  // Counts a call that was let in and then met a limit.
  grpc::Status refuse(Method method, const grpc::CallbackServerContext& context, const Error& error);

  uint64_t calls() const;
  uint64_t refused() const;

 private:
  grpc::Status refuse(std::string_view peer, std::string_view method, const Error& error);

  const Authorizer authorizer_;
  const int calls_per_second_;
  mutable Mutex m_;
  RateLimit limit_ GLIMT_GUARDED_BY(m_);
  access::Refusals refusals_ GLIMT_GUARDED_BY(m_){"control"};
  uint64_t calls_ GLIMT_GUARDED_BY(m_) = 0;
};

// On the TLS port, before any service is asked. The control service's own calls are admitted in the service, where
// their peer is known.
class OtherServices final : public grpc::AuthMetadataProcessor {
 public:
  explicit OtherServices(Gate& gate) : gate_(gate) {}
  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  Gate& gate_;
};

}  // namespace glimt::control

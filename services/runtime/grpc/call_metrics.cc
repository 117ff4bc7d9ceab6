#include "services/runtime/grpc/call_metrics.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace ringfence::runtime {
namespace {

using grpc::experimental::InterceptionHookPoints;

constexpr std::string_view kOwnPackage = "/ringfence.";
// As they are written everywhere, in the order of their numbers.
constexpr auto kCodes = std::to_array<const char*>(
    {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
     "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
     "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"});

const char* CodeWord(grpc::StatusCode code) {
  return static_cast<size_t>(code) < kCodes.size() ? kCodes[code] : "UNKNOWN";
}

// "Lookup" of "/ringfence.v1.IndicatorService/Lookup".
std::string MethodWord(std::string_view path) {
  if (!path.starts_with(kOwnPackage)) return "other";
  return std::string(path.substr(path.rfind('/') + 1));
}

class CallInterceptor : public grpc::experimental::Interceptor {
 public:
  CallInterceptor(const grpc::experimental::ServerRpcInfo& call, Metrics& metrics)
      : metrics_(metrics),
        method_(MethodWord(call.method())),
        is_unary_(call.type() == grpc::experimental::ServerRpcInfo::Type::UNARY) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      metrics_.Add(Metric::kCalls, {{"method", method_}, {"code", CodeWord(status.error_code())}});
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
      if (is_unary_) metrics_.Observe(Metric::kCallSeconds, {{"method", method_}}, took.count());
    }
    methods->Proceed();
  }

 private:
  Metrics& metrics_;
  const std::string method_;
  const bool is_unary_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

grpc::experimental::Interceptor* CallMetrics::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new CallInterceptor(*call, metrics_);
}

}  // namespace ringfence::runtime

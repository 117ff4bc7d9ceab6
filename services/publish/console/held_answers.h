#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/console/keeper.h"
#include "services/publish/operators.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

// Reports beyond their partner's quota over HTTP: GET lists them (a ListHeldResponse), POST decides
// about a partner's (a DecideHeldRequest). By the same checks as AdminService; analysts read,
// operators write. Thread-safe.
class HeldAnswers {
 public:
  // Looks through all that is held.
  using List = std::function<absl::StatusOr<v1::ListHeldResponse>()>;

  // `list` is null where this process does not run dedupe: GET is 501. `operators` may be null,
  // where nothing is decided here, and must outlive it.
  HeldAnswers(List list, Operators* operators) : list_(std::move(list)), operators_(operators) {}

  bool Lists() const { return list_ != nullptr; }
  bool IsAnything() const { return list_ != nullptr || operators_ != nullptr; }
  runtime::HttpResponse Answer(const runtime::HttpRequest& request, const runtime::Caller& caller);

 private:
  runtime::HttpResponse Get();
  runtime::HttpResponse Decide(const runtime::HttpRequest& request, const runtime::Caller& caller);

  const List list_;
  Operators* const operators_;
  // What is held changes without the set: each who asks may be the first to see it.
  std::atomic<uint64_t> asked_ = 0;
  Keeper<int, absl::StatusOr<v1::ListHeldResponse>> kept_{1};
};

}  // namespace ringfence::publish

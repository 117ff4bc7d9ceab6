#include "services/publish/http/http_api.h"

#include <memory>
#include <utility>

#include "services/publish/clearance.h"
#include "services/publish/http/answers.h"

namespace ringfence::publish {
namespace {

runtime::HttpResponse PastQuota(const char* what, std::chrono::milliseconds retry_after) {
  runtime::HttpResponse response = Problem(429, what);
  response.headers.emplace_back("Retry-After", std::to_string((retry_after.count() + 999) / 1'000));
  return response;
}

}  // namespace

HttpApi::HttpApi(const Options& options, const Publisher& publisher)
    : options_(options),
      publisher_(publisher),
      cursors_(options.cursor_key, publisher.incarnation(), publisher.partitions()),
      source_{publisher, cursors_, options.clock, options.valid_for},
      sorted_lists_(source_, options.cursor_key, options.make_lists_every),
      taxii_(options.deployment, publisher) {}

runtime::HttpResponse HttpApi::Answer(const runtime::HttpRequest& request,
                                      const runtime::Caller& caller) const {
  // Held until a list has been sent.
  std::shared_ptr<const void> place;
  if (options_.meter != nullptr && request.path.starts_with("/taxii2/")) {
    if (const auto retry_after = options_.meter->Take(caller, runtime::Quota::kCalls))
      return PastQuota("past the caller's quota of calls", *retry_after);
  }
  if (options_.meter != nullptr &&
      (!request.path.starts_with("/taxii2/") || Taxii::ReadsThrough(request))) {
    place = options_.meter->Hold(caller, runtime::Quota::kSnapshots);
    if (!place) return PastQuota("past the caller's quota of lists", runtime::kRetryHeldAfter);
  }
  runtime::HttpResponse answer = AnswerTo(ViewerOf(caller), request);
  answer.held = std::move(place);
  if (options_.on_given && answer.status < 400) options_.on_given(caller);
  return answer;
}

runtime::HttpResponse HttpApi::AnswerTo(const Viewer& viewer,
                                        const runtime::HttpRequest& request) const {
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  if (!moment->complete) return Problem(503, "the set is still being read");
  if (!publisher_.Health().ok())
    return Problem(503, "the set is not kept up to date here any more");
  if (LeaseOf(*moment, source_.clock(), source_.valid_for) == std::chrono::seconds(0)) {
    return Problem(503, "nothing has been heard of the set for longer than it is good for");
  }
  if (auto answer = AnswerSetList(source_, request, viewer)) return *std::move(answer);
  if (auto answer = sorted_lists_.Answer(request, viewer)) return *std::move(answer);
  if (auto answer = taxii_.Answer(request, viewer)) return *std::move(answer);
  return Problem(404, "no such list");
}

}  // namespace ringfence::publish

#include "services/publish/http/http_api.h"

#include "services/publish/http/answers.h"
#include "services/publish/http/caller.h"
#include "services/publish/http/set_lists.h"

namespace ringfence::publish {

HttpApi::HttpApi(const Options& options, const Publisher& publisher)
    : options_(options),
      publisher_(publisher),
      cursors_(options.cursor_key, publisher.incarnation(), publisher.partitions()) {}

runtime::HttpResponse HttpApi::Answer(const runtime::HttpRequest& request) const {
  const std::optional<HttpCaller> caller = CallerOf(request);
  if (!caller) return Problem(401, "callers on this machine only, directly");
  if (!publisher_.Latest()->complete) return Problem(503, "the set is still being read");
  if (!publisher_.Health().ok())
    return Problem(503, "the set is not kept up to date here any more");
  const ListSource source{publisher_, cursors_, options_.clock, options_.valid_for};
  if (auto answer = AnswerSetList(source, request, *caller)) return *std::move(answer);
  return Problem(404, "no such list");
}

}  // namespace ringfence::publish

#include "services/publish/http/http_api.h"

#include "services/publish/http/answers.h"
#include "services/publish/http/caller.h"

namespace ringfence::publish {

HttpApi::HttpApi(const Options& options, const Publisher& publisher)
    : options_(options),
      publisher_(publisher),
      cursors_(options.cursor_key, publisher.incarnation(), publisher.partitions()),
      source_{publisher, cursors_, options.clock, options.valid_for},
      sorted_lists_(source_, options.cursor_key, options.make_lists_every),
      taxii_(options.deployment, publisher) {}

runtime::HttpResponse HttpApi::Answer(const runtime::HttpRequest& request) const {
  const std::optional<Viewer> viewer = CallerOf(request);
  if (!viewer) return Problem(401, "callers on this machine only, directly");
  return AnswerTo(*viewer, request);
}

runtime::HttpResponse HttpApi::AnswerTo(const Viewer& viewer,
                                        const runtime::HttpRequest& request) const {
  if (!publisher_.Latest()->complete) return Problem(503, "the set is still being read");
  if (!publisher_.Health().ok())
    return Problem(503, "the set is not kept up to date here any more");
  if (auto answer = AnswerSetList(source_, request, viewer)) return *std::move(answer);
  if (auto answer = sorted_lists_.Answer(request, viewer)) return *std::move(answer);
  if (auto answer = taxii_.Answer(request, viewer)) return *std::move(answer);
  return Problem(404, "no such list");
}

}  // namespace ringfence::publish

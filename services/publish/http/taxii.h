#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/stix/objects.h"
#include "services/publish/clearance.h"
#include "services/publish/http/taxii_query.h"
#include "services/publish/publisher.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// A TAXII 2.1 server (OASIS, 10 June 2021), for reading: discovery at /taxii2/, one API root, a
// collection for each sharing level. A collection holds what its level and those below it may see,
// so that a consumer reads one; a further one, for analysts, holds what is only monitored too.
//
// Of each object the present version is kept. `date_added` is what DatedObjects makes it; paging by
// `next` and by `added_after` gives each object once, however much is written meanwhile: an object
// that changes moves to the end. Thread-safe.
class Taxii {
 public:
  // `publisher` must outlive it.
  Taxii(std::string_view deployment, const Publisher& publisher);

  // What is asked for by its id or type is found by reading through the collection, which of a
  // million identifiers takes a core many seconds: at most so many do at once, others are told to
  // come again (503).
  static constexpr int kReadingThroughMax = 4;
  static bool ReadsThrough(const runtime::HttpRequest& request);

  // Nothing where the path is not below /taxii2/.
  std::optional<runtime::HttpResponse> Answer(const runtime::HttpRequest& request,
                                              const Viewer& caller) const;

 private:
  struct Collection {
    std::string id;
    const char* alias;
    const char* title;
    stix::Audience audience;
  };
  struct Page;

  std::vector<Collection> CollectionsFor(const Viewer& caller) const;
  runtime::HttpResponse AnswerBelowRoot(std::string_view rest, const runtime::HttpRequest& request,
                                        const Viewer& caller) const;
  runtime::HttpResponse AnswerCollection(const Collection& collection, std::string_view rest,
                                         const runtime::HttpRequest& request) const;
  Page PageOf(const Collection& collection, const TaxiiQuery& query) const;

  const Publisher& publisher_;
  const stix::Objects objects_;
  mutable std::atomic<int> reading_through_ = 0;
};

}  // namespace ringfence::publish

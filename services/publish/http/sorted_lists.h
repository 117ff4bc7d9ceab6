#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/lists/list_update.h"
#include "services/publish/http/prefixes.h"
#include "services/publish/http/set_lists.h"

namespace ringfence::publish {

// Lists of ascending numbers, which consumers keep in step by differences (pipelines/lists):
//
//   /v1/phones.csv                 E.164 numbers, one a line below a header
//   /v1/phones.bin[?from=VERSION]  the same; with a version, what leads on from it
//   /v1/private.bin[?from=VERSION] 4-byte prefixes of keyed hashes of (type, value)
//   /v1/private.key                the key for them, in hexadecimal
//
// A version is a cursor: good on every replica, as long as removals are remembered; an older one is
// answered by the whole list. No old list is kept for it: what may have come or gone since are the
// identifiers that changed, and the present list says which of them are on it.
//
// A list is made anew at most every `make_every`. Thread-safe.
class SortedLists {
 public:
  // All must outlive it. `secret`: any of the deployment's; the list key is made of it.
  SortedLists(const ListSource& source, std::string_view secret,
              std::chrono::milliseconds make_every);

  // Nothing where the path is none of these.
  std::optional<runtime::HttpResponse> Answer(const runtime::HttpRequest& request,
                                              const Viewer& caller) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A list as of a moment.
  struct Made {
    lists::Form form = lists::Form::kNumbers;
    std::string filter_key;
    Offsets offsets;
    core::Time as_of = 0;
    std::string version;
    v1::SetDigest digest;
    lists::Elements elements;
    core::Sha256Digest sum{};
    std::chrono::steady_clock::time_point made_at;
  };

  absl::StatusOr<std::shared_ptr<const Made>> ListFor(lists::Form form, const Filter& filter,
                                                      const std::optional<Cursor>& from)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::shared_ptr<const Made>> Make(lists::Form form, const Filter& filter,
                                                   const Moment& moment) const;
  std::optional<uint64_t> ElementOf(lists::Form form, v1::IdentifierType type,
                                    const std::string& value) const;
  // Nothing where the whole is to be sent.
  std::optional<lists::Update> Difference(const Made& list, const Filter& filter,
                                          const Cursor& from) const;
  absl::StatusOr<std::string> UpdateOf(const Made& list, const Filter& filter,
                                       const std::string& version,
                                       const std::optional<Cursor>& from) const;

  const ListSource& source_;
  const Prefixes prefixes_;
  const std::chrono::milliseconds make_every_;

  // One list is made at a time.
  absl::Mutex mutex_;
  std::deque<std::shared_ptr<const Made>> made_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish

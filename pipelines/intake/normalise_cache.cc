#include "pipelines/intake/normalise_cache.h"

#include <utility>

namespace ringfence::intake {

identifiers::Normalised NormaliseCache::Normalise(v1::IdentifierType type, std::string_view raw,
                                                  const identifiers::Hints& hints) {
  size_t bytes = raw.size() + hints.scheme.size() + hints.sub_account.size();
  if (bytes > kValueBytesMax) return identifiers::Normalise(type, raw, hints);
  key_.assign(1, static_cast<char>(type));
  for (std::string_view part : {hints.region, hints.scheme, hints.sub_account}) {
    // With its length in front, so that no two different questions look alike.
    key_.push_back(static_cast<char>(part.size()));
    key_.append(part);
  }
  key_.append(raw);
  if (auto found = younger_.find(key_); found != younger_.end()) return found->second;
  auto found = older_.find(key_);
  identifiers::Normalised normalised =
      found != older_.end() ? found->second : identifiers::Normalise(type, raw, hints);
  Remember(normalised);
  return normalised;
}

void NormaliseCache::Remember(const identifiers::Normalised& normalised) {
  if (younger_.size() >= kGenerationMax) {
    older_ = std::move(younger_);
    younger_ = {};
  }
  younger_.emplace(key_, normalised);
}

}  // namespace ringfence::intake

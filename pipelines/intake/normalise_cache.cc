#include "pipelines/intake/normalise_cache.h"

#include <utility>

namespace ringfence::intake {

using identifiers::Normalised;

std::optional<Normalised> TwoGenerations::Find(const std::string& question) {
  if (auto found = younger_.find(question); found != younger_.end()) return found->second;
  auto found = older_.find(question);
  if (found == older_.end()) return std::nullopt;
  Normalised answer = std::move(found->second);
  older_.erase(found);
  Remember(question, answer);
  return answer;
}

void TwoGenerations::Remember(const std::string& question, const Normalised& answer) {
  if (younger_.size() >= generation_max_) {
    older_ = std::move(younger_);
    younger_ = {};
  }
  younger_.emplace(question, answer);
}

NormaliseCache::NormaliseCache(std::shared_ptr<NormaliseMemory> memory)
    : memory_(memory ? std::move(memory) : std::make_shared<TwoGenerations>(kGenerationMax)) {}

Normalised NormaliseCache::Normalise(v1::IdentifierType type, std::string_view raw,
                                     const identifiers::Hints& hints) {
  const size_t bytes = raw.size() + hints.scheme.size() + hints.sub_account.size();
  if (bytes > kValueBytesMax) return identifiers::Normalise(type, raw, hints);
  question_.assign(1, static_cast<char>(type));
  for (std::string_view part : {hints.region, hints.scheme, hints.sub_account}) {
    // With its length in front, so that no two different questions look alike.
    question_.push_back(static_cast<char>(part.size()));
    question_.append(part);
  }
  question_.append(identifiers::ShortestSpelling(type, raw));
  if (std::optional<Normalised> known = memory_->Find(question_)) return *std::move(known);
  Normalised normalised = identifiers::Normalise(type, raw, hints);
  memory_->Remember(question_, normalised);
  return normalised;
}

}  // namespace ringfence::intake
